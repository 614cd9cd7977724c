"""Reading a bill of quantities row by row: sections, items, issues; nothing is guessed where an officer must decide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from openpyxl.utils import get_column_letter

from portal.boq_estimates.rules.amounts import amount_of, works_total
from portal.boq_estimates.rules.figures import figure_of, has_more_decimals, is_blank, printed_amount, text_of
from portal.boq_estimates.rules.headings import LOOSE, Outline, Section, is_cumulative, is_letter, is_total
from portal.boq_estimates.rules.issues import ERROR, WARNING, Issue
from portal.boq_estimates.rules.layout import Layout, guess_columns, names_description
from portal.boq_estimates.rules.units import ReadUnit, find_unit
from portal.core.cells import Row, Sheet, refused
from portal.core.i18n import _
from portal.core.money import rupees

MAX_ROWS = 20_000
ITEM_NO, DESCRIPTION, SHORTEST = 24, 4000, 3
QUANTITY_MAX, RATE_MAX, AMOUNT_MAX = Decimal(10) ** 10, Decimal(10) ** 10, Decimal(10) ** 11
ZERO = Decimal(0)


class Item(NamedTuple):
    """One priced line of the bill; the rate is for `output_qty` units."""

    row: int
    section: str
    item_no: str
    description: str
    unit: str
    output_qty: int
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    book_item_code: str
    drawing_ref: str


@dataclass
class Bill:
    """What was understood of a sheet."""

    sections: list[Section] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    rows: int = 0
    hidden: int = 0

    @property
    def works(self) -> Decimal:
        """W as the rows give it."""
        return works_total(item.amount for item in self.items)

    def count(self, severity: str) -> int:
        """How many issues are of that severity."""
        return sum(issue.severity == severity for issue in self.issues)

    def rows_with(self, severity: str) -> int:
        """How many rows have an issue of that severity."""
        return len({issue.row for issue in self.issues if issue.severity == severity})


def read_bill(sheet: Sheet, layout: Layout) -> Bill:
    """Every row below the header. Raises Invalid when there are more rows than an estimate may have."""
    rows = [row for row in sheet.rows if row.number > layout.header_row]
    if len(rows) > MAX_ROWS:
        raise refused(_("The sheet has more than %(count)s rows. Split the bill.", count=MAX_ROWS))
    return _Reading(layout).read(rows)


class _Reading:
    """The state of one pass: the outline, sums so far, numbers seen."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.bill, self.outline = layout, Bill(), Outline()
        self.all, self.since, self.sums = ZERO, ZERO, dict[str, Decimal]()
        self.seen: dict[str, int] = {}
        self.base, self.coded_headings = "", False
        self.aliases: dict[str, tuple[Issue, int]] = {}

    def read(self, rows: Iterable[Row]) -> Bill:
        """All rows, then what can only be said at the end."""
        for name in ("quantity", "rate"):
            if name not in self.layout.columns:
                self.bill.issues.append(Issue(self.layout.header_row, name, "column_missing"))
        for row in rows:
            self._row(row)
        for issue, count in self.aliases.values():
            self.bill.issues.append(issue._replace(details={**issue.details, "rows": str(count)}))
        self.bill.sections = list(self.outline.sections.values())
        if [section.code for section in self.bill.sections] == [LOOSE]:  # a bill without headings is one section
            self.bill.sections = [replace(self.bill.sections[0], code="1")]
            self.bill.items = [item._replace(section="1") for item in self.bill.items]
        self.bill.issues.sort(key=lambda issue: issue.row)
        return self.bill

    def _row(self, row: Row) -> None:
        values = {name: row.at(column) for name, column in self.layout.columns.items()}
        if all(is_blank(value) for value in values.values()) or self._repeats_header(row):
            return
        self.bill.rows += 1
        self.bill.hidden += row.hidden
        texts = {name: text_of(values.get(name)) for name in ("item_no", "description", "unit", "section_code")}
        figures = any(not is_blank(values.get(name)) for name in ("quantity", "rate", "amount"))
        priced = bool(texts["unit"]) or not (is_blank(values.get("quantity")) and is_blank(values.get("rate")))
        if not priced and is_total(texts["description"], texts["item_no"]):
            self._total(row, texts["description"] or texts["item_no"])
        elif not texts["unit"] and not figures:
            self._heading(row, texts)
        else:
            self._item(row, texts)

    def _repeats_header(self, row: Row) -> bool:
        """The head of the table again on the next page, or the numbers 1, 2, 3 … of its columns."""
        columns = self.layout.columns
        found = guess_columns(row) if names_description(row.at(columns["description"])) else {}
        if len(found) >= 3 and all(columns.get(name) == column for name, column in found.items()):
            return True
        figures = [text_of(row.at(column)).strip("()") for column in sorted(columns.values())]
        numbers = [int(text) for text in figures if text.isascii() and text.isdigit()]
        return len(numbers) == len(figures) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    def _heading(self, row: Row, texts: Mapping[str, str]) -> None:
        code = texts["section_code"] or texts["item_no"]
        if not texts["description"] and not texts["item_no"]:
            return
        self.coded_headings |= bool(texts["section_code"])
        made = self.outline.heading(row.number, code, texts["description"])
        self.base = made.code if code else self.base

    def _total(self, row: Row, text: str) -> None:
        """A printed total agrees with the section, with the rows since the last total, or with everything so far."""
        figure, slack = printed_amount(row.at(self.layout.columns.get("amount", -1)), self.layout.amount_scale)
        if figure.number is None:
            if figure.fault:
                self._issue(row, "amount", figure.fault)
            return
        likely = self.all if is_cumulative(text) or not self.since else self.since
        section = self.outline.current
        sums = {self.all, self.since, self.sums.get(section.code, ZERO) if section else ZERO}
        while section and section.parent:
            section = self.outline.sections[section.parent]
            sums.add(self.sums.get(section.code, ZERO))
        rounding = 1000 if text.lower().startswith("say") else slack
        if all(abs(figure.number - total) > rounding for total in sums):
            printed = rupees(figure.number)
            self._issue(row, "amount", "printed_total_mismatch", printed=printed, expected=rupees(likely))
        self.since = ZERO

    def _item(self, row: Row, texts: Mapping[str, str]) -> None:
        section = self._section(row, texts["section_code"])
        unit = self._unit(row, texts["unit"])
        quantity = self._quantity(row, unit)
        rate = self._figure(row, "rate", 2, RATE_MAX) or ZERO
        output = unit.per if unit else 1
        amount = amount_of(quantity, rate, output)
        if abs(amount) >= AMOUNT_MAX:
            self._issue(row, "quantity", "too_large")
            amount = ZERO
        self._compare(row, amount)
        self.all, self.since = self.all + amount, self.since + amount
        above: str | None = section
        while above:
            self.sums[above] = self.sums.get(above, ZERO) + amount
            above = self.outline.sections[above].parent
        self.bill.items.append(
            Item(
                row.number,
                section,
                self._number(row, texts["item_no"]),
                self._description(row, texts["description"]),
                unit.unit.code if unit else texts["unit"],
                output,
                quantity,
                rate,
                amount,
                text_of(row.at(self.layout.columns.get("book_item_code", -1)))[:40],
                text_of(row.at(self.layout.columns.get("drawing_ref", -1)))[:200],
            )
        )

    def _section(self, row: Row, code: str) -> str:
        if code and self.coded_headings and code not in self.outline.sections:
            self._issue(row, "section_code", "unknown_section")
        elif code:
            return self.outline.ensure(row.number, code).code
        current = self.outline.current or self.outline.ensure(row.number, LOOSE)
        return current.code

    def _number(self, row: Row, item_no: str) -> str:
        """(a) below 1.1 is item 1.1(a): a number is unique in the estimate."""
        if not item_no:
            self._issue(row, "item_no", "missing_required")
            return ""
        if is_letter(item_no) and self.base:
            item_no = f"{self.base}({item_no.strip('().')})"
        else:
            self.base = item_no
        if len(item_no) > ITEM_NO:
            self._issue(row, "item_no", "too_long", limit=str(ITEM_NO))
        first = self.seen.setdefault(item_no.lower(), row.number)
        if first != row.number:
            self._issue(row, "item_no", "duplicate_code", first=str(first))
        return item_no

    def _description(self, row: Row, description: str) -> str:
        if not description:
            self._issue(row, "description", "missing_required")
        elif len(description) < SHORTEST:
            self._issue(row, "description", "too_short", limit=str(SHORTEST))
        elif len(description) > DESCRIPTION:
            self._issue(row, "description", "too_long", limit=str(DESCRIPTION))
        return description

    def _unit(self, row: Row, text: str) -> ReadUnit | None:
        found = find_unit(text) if text else None
        if not text:
            self._issue(row, "unit", "missing_unit")
        elif found is None:
            self._issue(row, "unit", "unknown_unit")
        elif found.alias:
            issue = Issue(row.number, "unit", "unit_alias_used", text, {"unit": found.unit.code})
            known, count = self.aliases.get(text.lower(), (issue, 0))
            self.aliases[text.lower()] = (known, count + 1)
        return found

    def _quantity(self, row: Row, unit: ReadUnit | None) -> Decimal:
        """As many decimals as the unit allows; a lump sum is one, written or not."""
        lump = unit is not None and unit.unit.code == "LS"
        if lump and is_blank(row.at(self.layout.columns.get("quantity", -1))):
            return Decimal(1)
        quantity = self._figure(row, "quantity", unit.unit.qty_dp if unit else 4, QUANTITY_MAX)
        if lump and quantity not in (None, Decimal(1)):
            self._issue(row, "quantity", "ls_quantity")
        if quantity == 0:
            self._issue(row, "quantity", "zero_quantity")
        return quantity or ZERO

    def _figure(self, row: Row, name: str, places: int, limit: Decimal) -> Decimal | None:
        figure = figure_of(row.at(self.layout.columns.get(name, -1)))
        if figure.number is None:
            if name in self.layout.columns:
                self._issue(row, name, figure.fault or "figure_missing")
            return None
        number = figure.number
        if figure.trailing:
            self._issue(row, name, "trailing_text", read=f"{number:f}")
        if abs(number) >= limit:
            self._issue(row, name, "too_large")
            return None
        if number < 0:
            self._issue(row, name, "negative_value")
        if has_more_decimals(number, places):
            self._issue(row, name, "too_many_decimals", limit=str(places))
        return number

    def _compare(self, row: Row, amount: Decimal) -> None:
        figure, slack = printed_amount(row.at(self.layout.columns.get("amount", -1)), self.layout.amount_scale)
        if figure.fault:
            self._issue(row, "amount", figure.fault)
        elif figure.number is not None and abs(figure.number - amount) > slack:
            self._issue(row, "amount", "amount_mismatch", expected=rupees(amount))

    def _issue(self, row: Row, name: str, code: str, **details: str) -> None:
        value = text_of(row.at(self.layout.columns.get(name, -1)))[:200]
        self.bill.issues.append(Issue(row.number, name, code, value, details))


def column_letter(layout: Layout, name: str) -> str:
    """The column of a field as the spreadsheet program names it; nothing for a field the sheet does not have."""
    return get_column_letter(layout.columns[name] + 1) if name in layout.columns else ""


__all__ = ["ERROR", "WARNING", "Bill", "Item", "column_letter", "read_bill"]
