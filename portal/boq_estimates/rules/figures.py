"""Reading single cells of a bill: text, figures with their usual disguises, printed amounts in lakh or crore."""

import datetime as dt
import re
from decimal import Decimal
from typing import NamedTuple

from portal.core.cells import CellError, Value
from portal.core.errors import Invalid
from portal.core.money import CRORE, LAKH, parse_number, rounded
from portal.core.sheets import shown

NOTHING = frozenset({"", "-", "--", "–", "—", "_", "nil", "na", "n/a", "n.a."})
_LEADING = re.compile(r"\s*([-−]?(?:₹|rs\.?)?\s*[\d][\d, ./]*\d|[-−]?\d)\s*(?!e[+-]?\d)([(]|[^\W\d_]).*", re.IGNORECASE)
_SCALED = re.compile(r"(.*\d)\s*(lakhs?|lacs?|l|crores?|cr)\.?\s*(?:/-)?", re.IGNORECASE)
_NOISE = 8


class Figure(NamedTuple):
    """A number, or what kept it from being one; `trailing` says that words stood behind it."""

    number: Decimal | None
    fault: str = ""
    trailing: bool = False


def text_of(value: Value) -> str:
    """A cell as one line of text; a number as it is shown, so that item 1 is "1"."""
    if isinstance(value, Decimal):
        value = value.normalize() if value == value.to_integral_value() else value
    return " ".join(shown(value).split())


def is_blank(value: Value) -> bool:
    """Nothing, or a sign that officers write for nothing."""
    return value is None or (isinstance(value, str) and " ".join(value.split()).lower() in NOTHING)


def figure_of(value: Value) -> Figure:
    """A quantity or rate: a number, a text that is one, or a number with words behind it."""
    if value is None or is_blank(value):
        return Figure(None)
    if isinstance(value, CellError):
        return Figure(None, "cell_error")
    if isinstance(value, bool | dt.date):
        return Figure(None, "not_a_number")
    try:
        return Figure(_without_noise(parse_number(value)))
    except Invalid:
        leading = _LEADING.fullmatch(value) if isinstance(value, str) else None
        if leading is None:
            return Figure(None, "not_a_number")
    try:
        return Figure(parse_number(leading[1]), trailing=True)
    except Invalid:
        return Figure(None, "not_a_number")


def printed_amount(value: Value, scale: Decimal) -> tuple[Figure, Decimal]:
    """An amount as printed, in rupees, and how far rounding alone may take it from the true one (at least ₹1)."""
    own = _SCALED.fullmatch(value.strip()) if isinstance(value, str) else None
    if own:
        value, scale = own[1], CRORE if own[2].lower().startswith("c") else LAKH
    figure = figure_of(value)
    if figure.number is None:
        return figure, Decimal(1)
    exponent = figure.number.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    slack = scale.scaleb(-places) / 2 if scale > 1 else Decimal(1)
    return figure._replace(number=figure.number * scale), max(slack, Decimal(1))


def _without_noise(number: Decimal) -> Decimal:
    """131.34000000000003 is 131.34 to whoever looks at it: what binary arithmetic left behind is dropped."""
    clean = rounded(number, _NOISE)
    return clean.normalize() if abs(number - clean) < Decimal("1e-9") and -12 < clean.adjusted() < 15 else number


def has_more_decimals(number: Decimal, places: int) -> bool:
    """Whether rounding to that many places would change it."""
    return rounded(number, places) != number
