"""The works report, row by row: what each says, and what an officer is to look at."""

import datetime as dt
import hashlib
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.core.cells import CellError, Row, Sheet, Value, Workbook
from portal.core.errors import Invalid
from portal.core.i18n import _
from portal.core.sheets import shown
from portal.projects.works_report import doubts, values
from portal.projects.works_report.columns import Columns, find_columns
from portal.projects.works_report.doubts import Flag
from portal.projects.works_report.places import read_places
from portal.projects.works_report.types import fold_type

MAX_WORKS = 2_000  # what is loaded within a request, in about three seconds
LONGEST_KEY = 600
AMOUNTS = {"ts": "ts_amount", "estimate": "estimate_amount", "ecv": "ecv"} | {
    "spent_gross": "spent_gross",
    "spent_net": "spent_net",
}
TEXTS = ("as_file", "as_details", "as_revised", "tender_notice", "agency", "loa", "period", "deviations", "extensions")
SANCTIONED = {"as_details": "as_amount", "as_revised": "as_revised_amount"}
SHARED = AMOUNTS | {"quoted": "contract_value"} | SANCTIONED
GROUPING = ("quoted", "agreement", "ecv", "ts", "as_details", "estimate", "as_revised")


@dataclass
class Work:
    """One row: fields by their names in the register, doubts, the cells as written; `refused` says why it stays out."""

    source_row: int
    key: str
    cells: dict[str, str]
    fields: dict[str, Any] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    refused: str = ""


@dataclass
class Report:
    """A whole works report as understood."""

    sheet: str
    columns: Columns
    works: list[Work]

    @property
    def accepted(self) -> list[Work]:
        """The rows that can be loaded."""
        return [work for work in self.works if not work.refused]


def read_report(book: Workbook) -> Report:
    """All works of the report. Raises Invalid when the file is no works report or holds no work."""
    sheet, columns = find_columns(book.sheets)
    reader = _Reader(sheet, columns)
    works = [work for row in sheet.rows if row.number > columns.heading_row and (work := reader.work(row))]
    if not any(not work.refused for work in works):
        raise Invalid(_("The headings are there, but no row below them names a work."), "file")
    if len(works) > MAX_WORKS:
        raise Invalid(_("The report holds more than %(count)s works. Split it by division.", count=MAX_WORKS), "file")
    return Report(sheet.name, columns, works)


def key_of(division: str, work: str) -> str:
    """Division and name of the work, without case, spaces and punctuation: the same work in every edition.

    A name longer than an index takes is told by its beginning and the hash of the whole.
    """
    folded = unicodedata.normalize("NFKC", work).casefold()
    letters = "".join(sign if unicodedata.category(sign)[0] in "LNM" else " " for sign in folded)
    key = f"{division.upper()}|{' '.join(letters.split())}"
    return key if len(key) <= LONGEST_KEY else f"{key[:LONGEST_KEY]} {hashlib.sha256(key.encode()).hexdigest()}"


class _Reader:
    """Reads rows in order: a blank division is the one above, a merged cell belongs to all its rows."""

    def __init__(self, sheet: Sheet, columns: Columns) -> None:
        self.columns, self.division = columns, ""
        self.rows = {row.number: row for row in sheet.rows}
        self.anchors = {
            (row, column - 1): (first, column - 1)
            for first, left, last, right in sheet.merged
            for row in range(first + 1, min(last, first + MAX_WORKS) + 1)
            for column in range(left, min(right, left + 1_000) + 1)
            if first > columns.heading_row and left == right
        }
        self.seen: dict[str, int] = {}

    def own(self, row: Row, name: str) -> Value:
        """The cell of this very row."""
        place = self.columns.places.get(name, -1)
        return row.at(place)

    def value(self, row: Row, name: str) -> Value:
        """The cell, or the one it is merged into."""
        anchor = self.anchor(row, name)
        return anchor.at(self.columns.places[name]) if anchor else self.own(row, name)

    def anchor(self, row: Row, name: str) -> Row | None:
        """The row that holds the value this row shares, if its cell is merged into one above."""
        place = self.anchors.get((row.number, self.columns.places.get(name, -1)))
        return self.rows.get(place[0]) if place else None

    def work(self, row: Row) -> Work | None:
        """What the row says; None for rows without any content of a work."""
        filled = [name for name in self.columns.places if not values.blank(self.value(row, name))]
        self.division = values.text_of(self.value(row, "division")) or self.division
        if not set(filled) - {"division"}:
            return None
        name = values.text_of(self.value(row, "work"))
        work = Work(row.number, key_of(self.division, name), self._cells(row))
        if not name:
            work.refused = "no_work"
        elif work.key in self.seen:
            work.refused = "duplicate"
        else:
            self.seen[work.key] = row.number
            self._read(row, name, work)
        return work

    def _cells(self, row: Row) -> dict[str, str]:
        cells = ((name, shown(self.own(row, name)).strip()) for name in self.columns.places)
        return {self.columns.titles[name]: text[:4000] for name, text in cells if text}

    def _read(self, row: Row, name: str, work: Work) -> None:
        said = work.fields
        said |= {target: values.text_of(self.value(row, target)) for target in TEXTS}
        said |= {"work": name, "division": self.division, **read_places(name)}
        said["name"] = values.text_of(self.value(row, "name")) or name[:120]
        said["financial_year"] = values.text_of(self.value(row, "financial_year"))
        said["type_as_written"] = values.text_of(self.value(row, "work_type"))
        said["work_type"] = fold_type(said["type_as_written"], name)
        said["as_authority"] = values.read_authority(self.value(row, "as_authority"))
        said["status"], said["percent_done"] = values.read_progress(self.value(row, "status"))
        self._sanction(row, work)
        self._contract(row, work)
        self._amounts(row, work)
        self._sharing(row, work)
        work.flags += doubts.about(said, values.text_of(self.value(row, "as_authority")))

    def _sanction(self, row: Row, work: Work) -> None:
        said, dates = work.fields, values.read_dates(self.value(row, "as_date"))
        said["as_date"] = min(dates, default=None)
        said["as_revisions"] = [day.isoformat() for day in sorted(set(dates))[1:]]
        self._unread_date(row, "as_date", "as_date", dates, work)
        for cell, target in SANCTIONED.items():
            said[target] = None if self.anchor(row, cell) else self._sanctioned(row, cell, target, work)

    def _sanctioned(self, row: Row, cell: str, target: str, work: Work) -> Any:
        value = self.value(row, cell)
        if not isinstance(value, str):
            return self._amount(row, cell, target, work)
        found = values.amounts_with_unit(value)
        if len(found) > 1 and not any(one.doubt for one in found):
            parts = tuple(one.rupees for one in found if one.rupees is not None)
            found = [values.Amount(None, doubt="several_amounts", parts=parts)]
        doubtful = next((one for one in found if one.doubt), None)
        return self._kept(doubtful or found[0], row, cell, work, target) if found else None

    def _contract(self, row: Row, work: Work) -> None:
        said = work.fields
        dates = values.read_dates(self.value(row, "agreement_date"))
        self._unread_date(row, "agreement_date", "agreement_date", dates, work)
        said["agreement_date"] = min(dates, default=None)
        grounded, note = values.read_dates(self.value(row, "grounding")), values.text_of(self.value(row, "grounding"))
        said["grounded_on"] = min(grounded, default=None)
        said["grounding_note"] = "" if len(note) <= 10 and grounded else note
        amount, written = values.read_quoted(self.value(row, "quoted"))
        said["contract_value"] = None if self.anchor(row, "quoted") else self._kept(amount, row, "quoted", work)
        said["tender_percent"] = None if self.anchor(row, "quoted") else self._percent(written, work)
        self._agreement(row, work)

    def _percent(self, written: Decimal | None, work: Work) -> Decimal | None:
        if written is None or abs(written) <= values.LARGEST_PERCENT:
            return written
        work.flags.append(Flag("tender_percent", "too_large", f"{written:f}"))
        return None

    def _agreement(self, row: Row, work: Work) -> None:
        """An amount under Agreement No is the contract value; a remark about the LOA belongs there."""
        said, text = work.fields, values.text_of(self.value(row, "agreement"))
        said["agreement_no"] = text
        if isinstance(self.own(row, "agreement"), Decimal) or doubts.AMOUNT_IN_WORDS.match(text):
            said["agreement_no"] = ""
            amount = values.read_amount(self.own(row, "agreement"))
            if said["contract_value"] is None and not self.anchor(row, "agreement"):
                said["contract_value"] = self._kept(amount, row, "agreement", work)
        elif "loa" in text.lower() and not any(sign.isdigit() for sign in text):
            said["agreement_no"], said["loa"] = "", said["loa"] or text

    def _amounts(self, row: Row, work: Work) -> None:
        for cell, target in AMOUNTS.items():
            work.fields[target] = None if self.anchor(row, cell) else self._amount(row, cell, target, work)
        ts = values.text_of(self.value(row, "ts"))
        work.fields["ts_details"] = ts if any(sign.isalpha() for sign in ts) else ""

    def _amount(self, row: Row, cell: str, target: str, work: Work) -> Any:
        unit = self.columns.units.get(cell, "crore")
        return self._kept(values.read_amount(self.value(row, cell), unit), row, cell, work, target)

    def _kept(self, amount: values.Amount, row: Row, cell: str, work: Work, target: str = "contract_value") -> Any:
        found = shown(self.value(row, cell)).strip()[:200]
        if amount.held is not None:
            work.flags.append(Flag(target, "held_amount", " ".join(found.split()), f"{amount.held:f}"))
        elif amount.parts:
            listed = " + ".join(f"{part:f}" for part in amount.parts)
            work.flags.append(Flag(target, amount.doubt, listed, f"{sum(amount.parts):f}"))
        elif amount.doubt:
            work.flags.append(Flag(target, amount.doubt, " ".join(found.split())))
        return amount.rupees

    def _sharing(self, row: Row, work: Work) -> None:
        """A merged amount belongs to the group and is counted once, at the first of its rows."""
        own = [target for cell, target in SHARED.items() if self._shares(row, cell)]
        work.fields["shared_fields"] = own
        anchors = [anchor for cell in GROUPING if (anchor := self.anchor(row, cell))]
        first = anchors[0] if anchors else self._leads(row)
        name = values.text_of(self.value(first, "work")) if first else ""
        work.fields["shared_group"] = key_of(self.division, name) if name else ""

    def _shares(self, row: Row, cell: str) -> bool:
        anchor = self.anchor(row, cell)
        return anchor is not None and not values.blank(anchor.at(self.columns.places[cell]))

    def _leads(self, row: Row) -> Row | None:
        """The row itself, where others are merged into its contract, sanction or amounts."""
        places = {self.columns.places.get(cell) for cell in GROUPING}
        return row if any(at == row.number and place in places for at, place in self.anchors.values()) else None

    def _unread_date(self, row: Row, cell: str, target: str, dates: list[dt.date], work: Work) -> None:
        text = values.text_of(self.value(row, cell))
        if text and not dates:
            work.flags.append(Flag(target, "unreadable_date", text[:200]))
        if isinstance(self.own(row, cell), CellError):
            work.flags.append(Flag(target, "cell_error", text))
