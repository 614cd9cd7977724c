"""Makes the sample files of this folder: a works report, a BOQ, two drawings, a letter and a certificate. All made up.

Run from the project's root: .venv/bin/python docs/sample/make.py
"""

import datetime as dt
from pathlib import Path

import openpyxl
import typst
from openpyxl.styles import Alignment, Font

HERE = Path(__file__).parent
BOLD = Font(bold=True)

REPORT_HEAD = [
    "S. No", "Division No", "Name of the project", "AS Financial Year", "Work grounded/hand over date",
    "Type of work", "Name of the work", "AS file No", "AS to MC or Govt", "AS Details: GO/note file, dept, amount",
    "AS date", "Revised AS", "TS Part (A+B), RTS", "Estimate amount (in Crores)", "Tender Notice",
    "ECV (in Crores)", "Period of completion", "Quoted TCV and TP %", "Agency", "LOA No and Date", "Agreement No",
    "Agreement date", "Status", "Expenditure incl. taxes",
]  # fmt: skip
REPORT = [
    [1, "I", "Kompally", "2025-26", "", "Road", "Kompally link road from 0+000 to 2+450", "1127/E/2025", "MC",
     "Note file 1127, Rs. 41.20 Cr", "13.07.2025", "", "", 41.2],
    [2, "I", "Medchal", "2024-25", "", "Sump cum pump House", "Sump and pump house at Medchal layout", "88/E/2024",
     "Govt", "G.O.Ms.No. 12, Rs. 9.40 Crores", "02/09/2024", "", "", "9.40"],
    [3, "", "Shamirpet", "2024-25", "12.01.2025", "Park", "Development of lake park at Shamirpet", "91/E/2024", "MC",
     "Rs.3,85,00,000/-", "Dt 21.10.2024", "-", "3.85", 3.85, "NIT 14", 3.62, "9 months", "3.51 Cr (-) 3.04 %",
     "M/s Example Constructions", "LOA 31, 05.12.2024", "17/2024-25", "20.12.2024", 0.45, "1.20"],
    [4, "II", "Budvel", "2025-26", "", "Layout Development", "Roads and drains in the Budvel layout, phase 2",
     "140/E/2025", "Govt", "G.O.Rt.No. 77", "05-06-2025", "", "", "120.5", "", "", "", "", "", "", "", "", "", ""],
    [5, "", "Budvel", "2025-26", "", "Fencing", "Fencing of the reserved plots at Budvel", "141/E/2025", "MC", "",
     "19.06.2025", "", "", "1240"],
    [6, "", "Kokapet", "2023-24", "01.02.2024", "O&M", "Operation of the treatment plant at Kokapet", "60/E/2023",
     "MC", "Rs 2.10 Cr", "04.03.2024", "", "", 2.1, "", 2.05, "12 months", "", "M/s Example Services", "", "9/2023-24",
     "10.02.2024", "75% completed", "NIL"],
]  # fmt: skip

BOQ_HEAD = ["Sl. No.", "Description of item", "Unit", "Qty", "Rate (Rs.)", "Amount (Rs.)", "Drawing No."]
BOQ: list[tuple[str, list[tuple[str, str, str, float, float, str]]]] = [
    ("1 Earthwork and sub-base", [
        ("1.1", "Excavation in ordinary soil for the road bed and drains, with lead up to 50 m and disposal of surplus earth", "cum", 9840, 142.5, "RD-TCS-01"),
        ("1.2", "Embankment with approved material from borrow areas, in layers, compacted to 97 % of modified Proctor density", "cum", 15300, 318.75, "RD-TCS-01"),
        ("1.3", "Granular sub-base of graded material, grading I, laid and compacted in layers of 150 mm", "cum", 5880, 1980.4, "RD-TCS-01"),
        ("1.4", "Wet mix macadam, laid by paver in layers of 125 mm and compacted", "cum", 4900, 2365.2, "RD-TCS-01"),
    ]),
    ("2 Pavement", [
        ("2.1", "Plain cement concrete M10, 100 mm, below the pavement", "cum", 1410, 4612.7, "RD-TCS-01"),
        ("2.2", "Cement concrete pavement M30, 200 mm, with joints, curing and texturing", "cum", 2690, 6985.9, "RD-TCS-01"),
        ("2.3", "Dense bituminous macadam, grading II, 50 mm", "cum", 1225, 9840.0, "RD-TCS-02"),
        ("2.4", "Bituminous concrete, grading II, 40 mm, with VG-40", "cum", 980, 11265.5, "RD-TCS-02"),
        ("2.5", "Tack coat with emulsion RS-1 at 0.25 kg per sqm", "sqm", 49000, 14.3, "RD-TCS-02"),
    ]),
    ("3 Drains and culverts", [
        ("3.1", "Reinforced cement concrete M25 in side drains, walls and bed 125 mm", "cum", 1440, 7245.3, "RD-DRN-01"),
        ("3.2", "Thermo-mechanically treated steel Fe 500D, cut, bent and placed", "t", 115.2, 74850.0, "RD-DRN-01"),
        ("3.3", "Precast cover slabs 600 x 450 x 75 mm, M25, placed on the drains", "nos", 8160, 412.0, "RD-DRN-01"),
        ("3.4", "Box culvert 2 x 2 m, RCC M30, with return walls and apron at chainage 1+250", "rm", 18, 68500.0, "RD-CUL-01"),
    ]),
    ("4 Traffic, lighting and safety", [
        ("4.1", "Traffic diversion during construction: barricades, signs, flagmen, lighting", "LS", 1, 650000.0, ""),
        ("4.2", "Hot applied thermoplastic road marking, 2.5 mm, with glass beads", "sqm", 2210, 685.0, "RD-SGN-01"),
        ("4.3", "Street light poles, 9 m, with 90 W LED luminaire, cable and earthing", "nos", 98, 38400.0, "EL-LT-01"),
        ("4.4", "Retro-reflective sign boards, as per IRC:67", "nos", 36, 7450.0, "RD-SGN-01"),
    ]),
]  # fmt: skip


def works_report() -> None:
    """One sheet, one row a work, with the habits of such reports: blank division, mixed amounts, several date styles."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(REPORT_HEAD)
    for cell in sheet[1]:
        cell.font, cell.alignment = BOLD, Alignment(wrap_text=True, vertical="top")
    for row in REPORT:
        sheet.append(row)
    sheet.column_dimensions["G"].width = 48
    sheet.freeze_panes = "B2"
    book.save(HERE / "works-report.xlsx")


def boq() -> None:
    """Four bills with printed totals, as an engineer would send it."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "BOQ"
    sheet.append(["Name of work: Kompally link road from 0+000 to 2+450"])
    sheet.append(["Bill of quantities, SSR 2025-26"])
    sheet.append([])
    sheet.append(BOQ_HEAD)
    for title, items in BOQ:
        code, _space, name = title.partition(" ")
        sheet.append([code, name])
        first = sheet.max_row + 1
        for number, text, unit, quantity, rate, drawing in items:
            row = sheet.max_row + 1
            sheet.append([number, text, unit, quantity, rate, round(quantity * rate, 2), drawing])
            sheet.cell(row, 2).alignment = Alignment(wrap_text=True, vertical="top")
        amounts = [sheet.cell(row, 6).value for row in range(first, sheet.max_row + 1)]
        sheet.append(["", "Sub total", "", "", "", round(sum(amounts), 2)])
    total = sum(round(quantity * rate, 2) for _title, items in BOQ for *_text, quantity, rate, _drawing in items)
    sheet.append(["", "Grand total", "", "", "", round(total, 2)])
    for cell in sheet[4]:
        cell.font = BOLD
    sheet.column_dimensions["B"].width = 70
    sheet.freeze_panes = "C5"
    book.save(HERE / "boq.xlsx")


FRAME = """
#set page(width: {w}mm, height: {h}mm, margin: 12mm)
#set text(font: "Noto Sans", size: {size}pt)
#rect(width: 100%, height: 100%, stroke: 0.7mm, inset: 0pt)[{body}
#place(bottom + right, rect(width: {tw}mm, height: {th}mm, stroke: 0.35mm, inset: 2mm)[
  #text(size: 0.8em)[METROPOLITAN DEVELOPMENT AUTHORITY] \\
  #strong[{title}] \\ {number} #h(1fr) scale {scale} #h(1fr) {date}
])]
"""
SECTION = """
#place(top + left, dx: {x}mm, dy: {y}mm, {{
  let s = {s}
  set text(size: {fs}pt)
  place(line(start: (0mm, 0mm), end: (s * 160mm, 0mm), stroke: (dash: "dash-dotted", paint: gray)))
  place(dy: s * 2mm, polygon(stroke: 0.5mm, (s * 20mm, s * 2mm), (s * 80mm, 0mm), (s * 140mm, s * 2mm), (s * 140mm, s * 12mm), (s * 20mm, s * 12mm)))
  for i in range(3) {{ place(dy: s * (6mm + i * 3mm), line(start: (s * 20mm, 0mm), end: (s * 140mm, 0mm), stroke: 0.25mm)) }}
  place(dx: s * 6mm, dy: s * 4mm, rect(width: s * 10mm, height: s * 14mm, stroke: 0.5mm))
  place(dx: s * 144mm, dy: s * 4mm, rect(width: s * 10mm, height: s * 14mm, stroke: 0.5mm))
  place(dx: s * 52mm, dy: s * 15mm)[cement concrete M30, 200 mm, on PCC M10, 100 mm]
  place(dx: s * 52mm, dy: s * 20mm)[granular sub-base, 200 mm]
  place(dx: 0mm, dy: s * 20mm)[RCC drain]
  place(dx: s * 64mm, dy: s * -7mm)[5.50 m carriageway]
}})
"""


def drawing(name: str, w: int, h: int, title: str, number: str, scale: float) -> None:
    """A sheet with a typical cross section and a title block."""
    fs = 7 * scale
    body = SECTION.format(x=w * 0.12, y=h * 0.3, s=scale, fs=fs)
    text = FRAME.format(
        w=w, h=h, body=body, title=title, number=number, scale="1:50", date="10-11-2026",
        size=fs, tw=max(110, w * 0.28), th=max(24, h * 0.09),
    )  # fmt: skip
    (HERE / name).write_bytes(typst.compile(text.encode(), font_paths=[str(HERE.parents[1] / "static" / "fonts")]))


LETTER = """
#set page(paper: "a4", margin: 25mm)
#set text(font: ("Noto Sans", "Noto Sans Telugu"), size: 11pt, lang: "en")
#align(center)[#text(size: 14pt, weight: "bold")[{office}] \\ {place}]
#line(length: 100%)
Letter No. {number} #h(1fr) Dated {date}

To \\ The Executive Engineer, Division I

*Sub:* {subject}

{body}

#v(2em)
#align(right)[Sd/- \\ {signed}]
"""


def letter(name: str, **words: str) -> None:
    """A letter or certificate; a .png is what a scanner would have made of it."""
    text = LETTER.format(**words).encode()
    fonts = [str(HERE.parents[1] / "static" / "fonts")]
    if name.endswith(".png"):
        (HERE / name).write_bytes(typst.compile(text, format="png", ppi=150, font_paths=fonts))
    else:
        (HERE / name).write_bytes(typst.compile(text, font_paths=fonts))


def main() -> None:
    """All of them."""
    works_report()
    boq()
    drawing("drawing-RD-TCS-01.pdf", 841, 594, "Typical cross section, 0+000 to 2+450", "RD-TCS-01 Rev B", 3.4)
    drawing("drawing-RD-DRN-01.pdf", 420, 297, "Side drain and cover slabs", "RD-DRN-01 Rev A", 1.8)
    letter(
        "noc-road-cutting.pdf", office="Municipal Corporation", place="Engineering wing, Circle 12", number="1182/RC/2026",
        date="02-11-2026", subject="No objection to road cutting for the Kompally link road, 0+000 to 2+450",
        body="There is no objection to the work, on condition that the crossing at chainage 1+250 is restored within "
        "seven days and that the drain is kept open during the monsoon.\n\nఈ పనికి అభ్యంతరం లేదు.",
        signed="Superintending Engineer",
    )  # fmt: skip
    letter(
        "certificate-ground-verification.png", office="Division I", place="Executive Engineer's office",
        number="77/DI/2026", date=dt.date(2026, 11, 12).strftime("%d-%m-%Y"), subject="Ground verification certificate",
        body="Certified that the alignment was walked on 11-11-2026 and that the survey agrees with the ground.",
        signed="Executive Engineer",
    )  # fmt: skip


if __name__ == "__main__":
    main()
