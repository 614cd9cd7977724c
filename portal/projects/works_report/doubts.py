"""What makes a value doubtful: which doubts keep a work out of averages, and which are only said."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any, NamedTuple

from portal.core.calendar import financial_year
from portal.core.i18n import _
from portal.core.money import rounded
from portal.projects.works_report.values import LARGEST_PERCENT, read_dates, years_in

TOLERANCE = Decimal("0.2")  # points between the tender percent written and the one worked out
AMOUNT_IN_WORDS = re.compile(r"(?:rs|inr|₹)[\s.\d]", re.IGNORECASE)
YEAR = re.compile(r"20\d{2}-\d{2}")
LABELS = {
    "held_amount": _("Crore or lakh? The figure is held until an officer says; lakh is likely."),
    "unreadable_amount": _("No amount can be read here."),
    "too_large": _("More than any work costs, so it was not taken."),
    "several_amounts": _("Several amounts in one cell; none was taken. Their sum is suggested."),
    "unreadable_date": _("No date can be read here."),
    "cell_error": _("The formula of this cell failed in the spreadsheet."),
    "tender_percent": _("Not what ECV and contract value give; the worked-out percent was taken."),
    "grounded_before_as": _("Grounded before the administrative sanction: kept out of averages."),
    "agreement_before_as": _("Agreement before the administrative sanction: kept out of averages."),
    "agreement_year": _("The year in the agreement number is not the year of its date: kept out of averages."),
    "as_year": _("The financial year is not that of the sanction's date."),
    "as_several_dates": _("Several dates: the earliest was taken, the others as revisions."),
    "as_order_date": _("Not the date written beside the order."),
    "financial_year": _("Not a financial year such as 2024-25."),
    "authority": _("Neither Government nor Metropolitan Commissioner: taken as not stated."),
    "edited": _("Changed by an officer since the last load; the officer's value was kept."),
}
KEEP_OUT = frozenset({"grounded_before_as", "agreement_before_as", "agreement_year"})
WARNINGS = frozenset({"as_year", "as_several_dates", "as_order_date", "financial_year", "authority"})


class Flag(NamedTuple):
    """One doubt: the field of the register, the kind, what was found, what is suggested."""

    field: str
    code: str
    found: str
    suggested: str = ""


def about(said: dict[str, Any], authority: str) -> list[Flag]:
    """The doubts that show only when the values of a row are laid side by side."""
    return [*_tender(said), *_order_of_dates(said), *_sanction(said, authority)]


def _tender(said: dict[str, Any]) -> list[Flag]:
    ecv, value, written = said["ecv"], said["contract_value"], said["tender_percent"]
    if not ecv or value is None:
        return []
    exact = (value / ecv - 1) * 100
    said["tender_percent"] = worked_out = rounded(exact, 2) if abs(exact) <= LARGEST_PERCENT else None
    if written is None or abs(exact - written) <= TOLERANCE:
        return []
    return [Flag("tender_percent", "tender_percent", f"{written:f}", "" if worked_out is None else f"{worked_out:f}")]


def _order_of_dates(said: dict[str, Any]) -> list[Flag]:
    sanctioned, agreed, grounded = said["as_date"], said["agreement_date"], said["grounded_on"]
    flags = []
    if grounded and sanctioned and grounded < sanctioned:
        flags.append(Flag("grounded_on", "grounded_before_as", _day(grounded)))
    if agreed and sanctioned and agreed < sanctioned:
        flags.append(Flag("agreement_date", "agreement_before_as", _day(agreed)))
    years = years_in(said["agreement_no"])
    if agreed and years and financial_year(agreed) not in years:
        flags.append(Flag("agreement_date", "agreement_year", f"{said['agreement_no']}, {_day(agreed)}"))
    return flags


def _sanction(said: dict[str, Any], authority: str) -> list[Flag]:
    sanctioned, year, flags = said["as_date"], said["financial_year"], []
    if year and not YEAR.fullmatch(year):
        flags.append(Flag("financial_year", "financial_year", year))
    elif year and sanctioned and financial_year(sanctioned) != year:
        flags.append(Flag("financial_year", "as_year", f"{year}, {_day(sanctioned)}", financial_year(sanctioned)))
    if said["as_revisions"]:
        revised = [_day(dt.date.fromisoformat(day)) for day in said["as_revisions"]]
        flags.append(Flag("as_date", "as_several_dates", ", ".join([_day(sanctioned), *revised])))
    beside = read_dates(said["as_details"])
    if sanctioned and beside and sanctioned not in beside:
        flags.append(Flag("as_date", "as_order_date", _day(sanctioned), _day(beside[0])))
    if authority and not said["as_authority"]:
        flags.append(Flag("as_authority", "authority", authority[:200]))
    return flags


def _day(day: Any) -> str:
    return f"{day:%d-%m-%Y}"
