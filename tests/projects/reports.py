"""A made-up works report that shows every oddity of the real ones, and the means to bend it."""

import io
from datetime import datetime

from openpyxl import Workbook

from portal.projects.models import Project

HEADINGS = {
    "serial": "S. No",
    "division": "Division No",
    "name": "Name of the project",
    "year": "AS Financial Year",
    "grounded": "Work grounded/hand over date ",
    "type": "Type of work (Layouts/Roads/parks/lakes/O&M/Heritage/others)",
    "work": "Name of the work",
    "file": "AS file No",
    "authority": "AS to MC or Govt",
    "as": "AS Details (GO No./Note file No,  Dept & Amount) (Rs. in Crs)",
    "as_date": "AS date",
    "revised": "Revised AS details (if any)",
    "ts": "TS Part (A+B) Details, RTS Details (if any)",
    "estimate": "Estimate amount (Rs. in Crs)",
    "notice": "Tender Notice details (No & date)",
    "ecv": "ECV (Rs. in Crs)",
    "period": "Period of completion",
    "quoted": "Quoted TCV & TP % (Rs. in Crs)",
    "agency": "Name of the agency",
    "loa": "LOA No & Date",
    "agreement": "Agreement No ",
    "agreed": "Agreement date",
    "status": "Status of the work",
    "gross": "Expenditure incurred so far (including taxes) (Rs. in Crs)",
    "net": "Expenditure incurred so far (excluding taxes) (Rs. in Crs)",
}
GROUNDED = {"grounded": "15.12.2023", "agreement": "AUTH/CE/07/2023-24", "agreed": "14.12.2023"}
WORKS = {
    4: {
        "division": "VI",
        "name": "Lakshmipur layout",
        "type": "Layout",
        "work": "Layout at Lakshmipur (V), Kandipet (M)",
    }
    | {"ts": 102.0, "estimate": 50.0, "ecv": 55.29, "quoted": "55.24 Cr & (-)0.10%", "as_date": "13.07.2022"}
    | {"year": "2022-23", "authority": "Govt", "agreement": "AUTH/CE/37/2022-23", "agreed": "15.12.2022", "loa": "-"},
    5: {"name": "Rampur layout", "type": "Layout", "work": "Layout at Rampur (V)", "estimate": 52.0},
    6: {"division": "II", "name": "Canal road", "type": "Road work", "work": "Widening of the canal road, R.R. Dist"}
    | {"estimate": "Rs.28.00", "ecv": "14,02,20,832.00", "quoted": "13,87,06,447.01", "as_date": "Dt 12-12-2022"}
    | {"authority": "MC", "status": "Work in progress", "gross": 2.95, "net": "NIL"},
    7: {"name": "Canal road", "type": "Development", "work": "4 lane flyover over the canal road", "ts": "3.95 Cr"}
    | {
        "as_date": "29.10.2023,\n13.03.2024",
        "status": 0.83,
        "estimate": "_",
        "revised": "Rs.8.42 Cr(Revised from Rs.3.30Cr)",
    },
    8: {
        "name": "Pump house",
        "type": "Sump cum pump House",
        "work": "Sump at the cantonment",
        "estimate": "9,04,00,000",
    }
    | {"ecv": "6,36,96,137.00", "quoted": "4.07 Cr(-) 26.10 %", "status": "75% completed", "agency": "M/s =SUM(A1)"},
    9: {
        "name": "Fence",
        "type": "layout",
        "work": "Providing chain link fencing at Sy.No. 20 & 28",
        "estimate": "Rs.43,50,000/-Including GST",
    }
    | {"as_date": datetime(2024, 3, 14), "year": "2024-25", "grounded": "LOA dt:05.06.2025"},
    12: {"division": "III", "name": "Lake", "type": "", "work": "Development of the eco park", "as_date": "27.07.2024"}
    | {"grounded": "29.03.2024", "estimate": 9.7},
    13: {"name": "Fountain", "type": "O&M", "work": "Fountain with upkeep for 3 years", "as_date": "25.04.2025"}
    | {"agreement": "AUTH/CE/04/2024-25", "agreed": "24.06.2024", "estimate": 2.31},
    14: {"name": "Hostel", "type": "Building work", "work": "Hostel for 200 students", "as_date": "16.05.2022"}
    | {"as": "GO Rt No. 583 dt:27.08.2022\n18.75 cr", "agreement": "AUTH/CE/20/2023-24", "agreed": "16.09.2024"},
    15: {"name": "Trunk sewer", "type": "UGD", "work": "Trunk sewer along the lake", "estimate": "about sixty"},
    16: {"division": "IV", "work": "Large layout of the south", "ts": "Rs 525.00 Crores", "ecv": "Rs17.52 Crores"}
    | {"agreement": "Rs. 36890.00", "agreed": "Dt.12-06-2024", "gross": "12182.00\n (Incl. Taxes)"},
    17: {"work": "Painting of the offices", "type": "Painting", "ecv": "Rs.31,95,703.00/-(excluding GST)"}
    | {"agreement": "Rs. 31, 95,703.00", "agreed": "Dated 05–06–2025"},
    18: {
        "work": "Road to the orbit gate",
        "agreement": "LOA issued Agreement to be concluded",
        "ecv": "Rs. 6,22,62,874.00/-",
    },
    19: {"work": "Bypass road without figures", "authority": "the Board"},
    20: {"name": "Nameless", "estimate": 1.0},
    21: {"division": "VI", "work": " layout at  LAKSHMIPUR(V), Kandipet (M)."},
    23: {"division": "III"},
}
MERGED = {"ts": (4, 5), "ecv": (4, 5), "quoted": (4, 5), "agreement": (4, 5), "agreed": (4, 5), "as_date": (4, 5)}


def book(works=WORKS, order=tuple(HEADINGS), change=None):
    """The report as an openpyxl workbook, its columns in the given order."""
    made = Workbook()
    sheet = made.active
    place = {name: number for number, name in enumerate(order, 1)}
    for name, number in place.items():
        sheet.cell(1, number, HEADINGS[name])
    filled = ((row, name, value) for row, cells in works.items() for name, value in cells.items() if name in place)
    for row, name, value in filled:
        cell = sheet.cell(row, place[name], value)
        if isinstance(value, str):
            cell.data_type = "s"
    for name, (first, last) in MERGED.items() if 5 in works else ():
        if name in place:
            sheet.merge_cells(start_row=first, end_row=last, start_column=place[name], end_column=place[name])
    if change:
        change(sheet, place)
    return made


def content(**kwargs):
    """The bytes of the report."""
    out = io.BytesIO()
    book(**kwargs).save(out)
    return out.getvalue()


class Upload(io.BytesIO):
    """A file as it arrives."""

    def __init__(self, data, filename="works.xlsx"):
        super().__init__(data)
        self.filename = filename


def changed(row, **cells):
    """The report with other words in some cells of a row."""
    return content(works=WORKS | {row: WORKS[row] | cells})


def by_name(session, name):
    """A work of the register by the name of its project."""
    return session.query(Project).filter_by(name=name, removed=False).one()
