"""Columns are known by the words of their heading, never by their place."""

import re
from typing import NamedTuple

from portal.core.cells import Row, Sheet, Value
from portal.core.errors import Invalid
from portal.core.i18n import _

HEADING_ROWS = 30
ENOUGH = 6  # named columns before a row is taken for the heading
HEADINGS: dict[str, str] = {
    "division": r"^(name of )?(the )?division\b",
    "work": r"\bname of (the )?work\b",
    "name": r"\bname of (the )?project\b|^project name\b",
    "financial_year": r"\bfinancial year\b",
    "grounding": r"\bgrounded\b|\bhand ?over\b",
    "work_type": r"\btype of (the )?work\b",
    "as_file": r"^as file\b",
    "as_authority": r"^as (given |accorded )?(to|by)\b",
    "as_revised": r"^revised as\b|^as revised\b",
    "as_details": r"^as details\b",
    "as_date": r"^as date\b|^date of as\b",
    "ts": r"^ts\b|^technical sanction\b",
    "estimate": r"^estimated? (amount|cost|value)\b",
    "tender_notice": r"^tender notice\b|^nit\b",
    "ecv": r"^ecv\b",
    "period": r"^period of completion\b",
    "quoted": r"\btcv\b|^quoted\b",
    "agency": r"^name of (the )?agency\b|^agency\b",
    "loa": r"^loa\b",
    "agreement_date": r"^agreement date\b|^date of agreement\b",
    "agreement": r"^agreement( no)?\b",
    "deviations": r"^deviations?\b",
    "extensions": r"^eots?\b|^extensions?\b",
    "status": r"^(present )?status\b",
    "spent_net": r"^expenditure\b.*\bexcluding\b",
    "spent_gross": r"^expenditure\b.*\bincluding\b",
}
UNUSED = r"^s(l|r)? ?no\b|^tenders? submission|^evaluation\b|^recall\b|^notices? of\b|^workslip\b"
NEEDED = {"division": _("Division No"), "work": _("Name of the work")}
CRORE, LAKH = r"\bcrs?\b|\bcrores?\b", r"\blakhs?\b"


class Columns(NamedTuple):
    """Where the heading stands, which column holds what, the unit each names, and headings nobody knows."""

    heading_row: int
    places: dict[str, int]
    titles: dict[str, str]
    units: dict[str, str]
    unknown: list[str]


def find_columns(sheets: list[Sheet]) -> tuple[Sheet, Columns]:
    """The first sheet with a recognisable heading among its first rows. Raises Invalid, naming what is missing."""
    best: Columns | None = None
    for sheet in sheets:
        for row in sheet.rows[:HEADING_ROWS]:
            found = _read_heading(row)
            if NEEDED.keys() <= found.places.keys() and len(found.places) >= ENOUGH:
                return sheet, found
            if best is None or len(found.places) > len(best.places):
                best = found
    missing = [str(title) for name, title in NEEDED.items() if not best or name not in best.places]
    if missing:
        names = ", ".join(f"“{title}”" for title in missing)
        raise Invalid(
            _(
                "This is no works report: no row with headings was found in which %(names)s stands. "
                "Keep the heading row of the report and upload it again.",
                names=names,
            ),
            "file",
        )
    raise Invalid(
        _("Too few of the report's headings were recognised. Keep its heading row as it is and upload it again."),
        "file",
    )


def _read_heading(row: Row) -> Columns:
    places: dict[str, int] = {}
    titles: dict[str, str] = {}
    units: dict[str, str] = {}
    unknown: list[str] = []
    for place, value in enumerate(row.cells):
        if not isinstance(value, str) or not (plain := plain_words(value)):
            continue
        name = next((field for field, words in HEADINGS.items() if re.search(words, plain)), "")
        if name and name not in places:
            places[name], titles[name] = place, " ".join(value.split())
            units[name] = "lakh" if re.search(LAKH, plain) and not re.search(CRORE, plain) else "crore"
        elif not re.search(UNUSED, plain):
            unknown.append(" ".join(value.split())[:80])
    return Columns(row.number, places, titles, units, unknown)


def plain_words(value: Value) -> str:
    """Letters and digits in lower case, one space between words."""
    return re.sub(r"[^a-z0-9]+", " ", str(value).lower()).strip()
