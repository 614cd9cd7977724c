"""Finding the table in a sheet: the row of headings, and which column holds what, guessed from the usual words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from portal.core.cells import Row, Sheet, Value
from portal.core.i18n import _
from portal.core.money import CRORE, LAKH
from portal.core.sheets import shown

HEADER_ROWS = 30
# In the order of their claim: where a sheet has both "item no" and "sl no", the item number is the former.
ALIASES: dict[str, tuple[str, ...]] = {
    "item_no": (
        "item no",
        "item number",
        "sl no",
        "s no",
        "sno",
        "slno",
        "sr no",
        "serial no",
        "no",
        "item code",
        "code",
    ),
    "description": (
        "description of item",
        "description of items",
        "description of work",
        "description of the item",
        "item description",
        "description",
        "particulars",
        "particulars of item",
        "name of work",
        "item of work",
        "item",
    ),
    "unit": ("unit", "units", "uom", "per", "unit of measurement"),
    "quantity": ("qty", "quantity", "est qty", "estimated quantity", "total quantity", "total qty", "boq qty"),
    "rate": ("rate", "unit rate", "rate rs", "basic rate", "rate per unit", "estimate rate"),
    "amount": ("amount", "total", "cost", "total amount", "total cost", "value"),
    "section_code": ("section", "section code", "section no", "bill no", "part", "chapter", "chapter code"),
    "book_item_code": (
        "book item code",
        "ssr code",
        "ssr item no",
        "dsr code",
        "dsr item no",
        "data code",
        "spec code",
        "item code",
        "code",
        "ssr no",
    ),
    "drawing_ref": ("drawing ref", "drawing no", "drawing", "drg no", "drg ref", "drawing reference", "drawing refs"),
}
LABELS = {
    "item_no": _("Item number"),
    "description": _("Description"),
    "unit": _("Unit"),
    "quantity": _("Quantity"),
    "rate": _("Rate"),
    "amount": _("Amount"),
    "section_code": _("Section"),
    "book_item_code": _("Item code of the rate book"),
    "drawing_ref": _("Drawing"),
}
REQUIRED = ("item_no", "description", "unit")
_CURRENCY = re.compile(r"\b(?:in|rs|inr|rupees|lakhs?|lacs?|crores?|cr)\b|₹")
_LAKH = re.compile(r"\b(?:in|rs|₹)?\s*(?:lakhs?|lacs?)\b")
_CRORE = re.compile(r"\b(?:crores?|cr)\b")


@dataclass(frozen=True)
class Layout:
    """Where the table is: the sheet, the number of its header row, and the column (from 0) of each field."""

    sheet: str
    header_row: int
    columns: dict[str, int]
    amount_scale: Decimal = field(default=Decimal(1))

    def problems(self) -> list[str]:
        """The fields without which no row can be read: number, description and unit."""
        return [name for name in REQUIRED if name not in self.columns]


def folded(value: Value) -> str:
    """A heading as it is compared: lower case, no punctuation, single spaces."""
    return " ".join(re.sub(r"[^\w₹]+|_", " ", shown(value).lower()).split())


def _plain(heading: str) -> str:
    return " ".join(_CURRENCY.sub(" ", heading).split())


def guess_columns(row: Row) -> dict[str, int]:
    """The fields whose usual words stand in this row; each column and each field once."""
    headings = [
        (column, (heading := folded(value), _plain(heading)))
        for column, value in enumerate(row.cells)
        if isinstance(value, str)
    ]
    found: dict[str, int] = {}
    for name, words in ALIASES.items():
        for word in words:
            free = [column for column, spellings in headings if column not in found.values() and word in spellings]
            if free:
                found[name] = free[0]
                break
    return found


def names_description(value: Value) -> bool:
    """Whether a cell is the heading of the description column: what tells a repeated header from an item."""
    return isinstance(value, str) and len(value) < 60 and folded(value) in ALIASES["description"]


def guess_layout(sheets: Sequence[Sheet]) -> Layout | None:
    """The row with most usual headings among the first 30 of any visible sheet; None when no row qualifies."""
    best: Layout | None = None
    for sheet in sheets:
        for row in () if sheet.hidden else (row for row in sheet.rows if row.number <= HEADER_ROWS):
            columns = guess_columns(row)
            if "description" not in columns or not columns.keys() & {"unit", "quantity"}:
                continue
            if best is None or len(columns) > len(best.columns):
                best = layout_of(sheet, row.number, columns)
    return best


def layout_of(sheet: Sheet, header_row: int, columns: Mapping[str, int]) -> Layout:
    """A layout as guessed or as mapped by hand; the head of the amount column may say lakh or crore."""
    head = next((row for row in sheet.rows if row.number == header_row), None)
    words = folded(head.at(columns["amount"])) if head and "amount" in columns else ""
    scale = LAKH if _LAKH.search(words) else CRORE if _CRORE.search(words) else Decimal(1)
    return Layout(sheet.name, header_row, dict(columns), scale)
