"""What can be wrong with a row of an imported bill: a code, how grave it is, and words that say how to mend it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from portal.core.i18n import _

ERROR, WARNING = "error", "warning"
WARNINGS = frozenset(
    {
        "amount_mismatch",
        "printed_total_mismatch",
        "rate_differs_from_book",
        "trailing_text",
        "unit_alias_used",
        "figure_missing",
        "column_missing",
        "zero_quantity",
    }
)
HELP: dict[str, Any] = {
    "missing_required": _("This cell is needed. Fill it, or delete the row if it is no item."),
    "missing_unit": _(
        "Figures without a unit. Fill it, or delete the row: taxes and provisions stand in the recapitulation."
    ),
    "unknown_unit": _("This unit is not known. Use one of cum, sqm, rm, km, nos, set, kg, t, ltr, ha, day, hr, LS."),
    "not_a_number": _("A number is expected here, written as 1,25,400.50 or 125400.50."),
    "too_large": _("The figure, or quantity × rate, is larger than any estimate. Check the unit and the decimals."),
    "negative_value": _("A quantity or rate is never negative: enter openings and deductions as deduct lines."),
    "duplicate_code": _(
        "This item number stands in row %(first)s already. As a number 1.10 becomes 1.1: format the column as text."
    ),
    "unknown_section": _("No section has this code. Add its heading row, or correct the code."),
    "too_short": _("At least %(limit)s characters say what the item is. Write it out."),
    "too_long": _("Longer than the %(limit)s characters that are taken. Shorten the text."),
    "too_many_decimals": _("More than %(limit)s decimals. Round it in the workbook, with ROUND(), and upload again."),
    "cell_error": _("The formula in this cell fails. Mend it in the workbook, then upload again."),
    "ls_quantity": _("The quantity of a lump sum is 1."),
    "amount_mismatch": _("Quantity × rate is %(expected)s. The portal's own figure is taken."),
    "printed_total_mismatch": _("The printed total is %(printed)s, but the rows sum to %(expected)s."),
    "trailing_text": _("Only the number %(read)s was taken from this cell."),
    "unit_alias_used": _("Read as %(unit)s; so written in this many rows: %(rows)s."),
    "figure_missing": _("The cell is blank and counts as 0."),
    "column_missing": _(
        "The table has no such column, so it counts as 0 in every row. Name the column if it is there."
    ),
    "zero_quantity": _("The quantity is 0, so the item costs nothing."),
}


class Issue(NamedTuple):
    """One finding: the row of the sheet, the field, the code, what stood there, and figures for the help text."""

    row: int
    field: str
    code: str
    value: str = ""
    details: Mapping[str, str] = {}

    @property
    def severity(self) -> str:
        """An error keeps the whole file out; a warning is for the officer to weigh."""
        return WARNING if self.code in WARNINGS else ERROR


def help_text(code: str, details: Mapping[str, Any]) -> str:
    """The sentence for an issue, in the reader's language."""
    return str(HELP[code]) % details if details else str(HELP[code])
