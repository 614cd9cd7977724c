"""What officers write into cells: amounts, dates, percentages, authorities; each read, or said to be unreadable."""

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from portal.core.cells import CellError, Value
from portal.core.errors import Invalid
from portal.core.money import CRORE, LAKH, parse_number, round2
from portal.core.sheets import shown

LARGEST = Decimal(10) ** 13  # ten lakh crore: more is a slip of the pen, and no column holds it
LARGEST_PERCENT = Decimal(99_999)
NOTHING = re.compile(r"[-–—_.\s]*|nil|n/?a|none", re.IGNORECASE)
DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "\u00a0": " "})
NUMBER = r"\d[\d,]*(?:\.\d+)?"
UNIT = r"crores?\b|crs?\b|lakhs?\b|lacs?\b|lakh\b"
MONEY = re.compile(rf"(?P<mark>(?:rs|inr)\b\.?|₹)?\s*(?P<number>{NUMBER})\s*(?P<unit>{UNIT})?", re.IGNORECASE)
ONE = rf"(?:(?:rs|inr)\b\.?|₹)?\s*{NUMBER}\s*(?:{UNIT})?\s*(?:/-)?"
ADDED = re.compile(rf"{ONE}(?:\s*\+\s*{ONE})+", re.IGNORECASE)
PERCENT = re.compile(r"(?P<sign>\(?\s*[-+]\s*\)?)?\s*(?P<number>\d+(?:\.\d+)?)\s*%")
SIGNED = re.compile(r"\(\s*(?P<sign>[-+])\s*\)\s*(?P<number>\d+(?:\.\d+)?)")
DATE = re.compile(r"(?<!\d)(\d{1,2})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{4}|\d{2})(?!\d)")
YEAR_SPAN = re.compile(r"(?<!\d)(20\d{2})\s*[-/]\s*(\d{2}|20\d{2})(?!\d)")


class Amount(NamedTuple):
    """Rupees, or a figure held for a person with what it likely is, or the doubt that no amount can be taken."""

    rupees: Decimal | None
    held: Decimal | None = None
    doubt: str = ""
    parts: tuple[Decimal, ...] = ()


UNREADABLE = Amount(None, doubt="unreadable_amount")
TOO_LARGE = Amount(None, doubt="too_large")


def text_of(value: Value) -> str:
    """One line of text; what officers write for nothing is nothing."""
    text = " ".join(shown(value).replace("\u00a0", " ").split())
    return "" if NOTHING.fullmatch(text) else text


def blank(value: Value) -> bool:
    """A dash, an underscore, NIL and a space are absent, never zero."""
    return value is None or (isinstance(value, str) and not text_of(value))


def to_rupees(number: Decimal, unit: str, column_unit: str) -> Amount:
    """A unit beside it decides; else from a lakh it is rupees, below a thousand the column's unit, between held."""
    if number > LARGEST:
        return TOO_LARGE
    if not unit and 1000 <= number < LAKH:
        return Amount(None, held=round2(number * LAKH))
    unit = unit.lower() or ("" if number >= LAKH else column_unit)
    rupees = number * (1 if not unit else LAKH if unit.startswith("la") else CRORE)
    return TOO_LARGE if rupees > LARGEST else Amount(round2(rupees))


def read_amount(value: Value, column_unit: str = "crore") -> Amount:
    """The amount of a cell that holds one; more words than a unit or a tax remark, or more figures, are a doubt."""
    if blank(value):
        return Amount(None)
    if isinstance(value, Decimal):
        return UNREADABLE if value < 0 else to_rupees(value, "", column_unit)
    if not isinstance(value, str) or _wordy(value):
        return UNREADABLE
    text = _joined_digits(_current(value))
    if added := _added(text, column_unit):
        return Amount(None, doubt="several_amounts", parts=added)
    found = MONEY.search(text)
    number = _number(found["number"]) if found else None
    if found is None or number is None:
        return _unread(value)
    read = to_rupees(number, found["unit"] or "", column_unit)
    rest = PERCENT.sub(" ", text[: found.start()] + " " + text[found.end() :])
    return UNREADABLE if read.rupees is not None and re.search(r"\d", rest) else read


def _current(text: str) -> str:
    """What was there before a revision does not count."""
    return re.sub(r"\(\s*revised from.*?\)", "", text, flags=re.IGNORECASE)


def _added(text: str, column_unit: str = "") -> tuple[Decimal, ...]:
    """Figures with a plus between them, in rupees: "2.50 + 1.75 crore". One without a unit has that of the next."""
    chain = ADDED.search(text)
    amounts: list[Decimal] = []
    unit = ""
    for found in reversed(list(MONEY.finditer(chain[0]) if chain else ())):
        number, unit = _number(found["number"]), found["unit"] or unit
        read = to_rupees(number, unit, column_unit) if number is not None and (unit or column_unit) else UNREADABLE
        if read.rupees is None:
            return ()
        amounts.insert(0, read.rupees)
    return tuple(amounts)


def _unread(text: str) -> Amount:
    """Digits beyond all measure are an amount too, only none that is taken."""
    return TOO_LARGE if re.search(r"\d{16}", text.replace(",", "")) else UNREADABLE


def _joined_digits(text: str) -> str:
    """ "31, 95,703.00/-" is one number: a space after a comma between digits means nothing."""
    return re.sub(r"(?<=\d,)\s+(?=\d)", "", text.translate(DASHES))


def _number(digits: str) -> Decimal | None:
    try:
        return parse_number(digits.replace(",", ""))
    except Invalid:
        return None


def _wordy(text: str) -> bool:
    """Words that are neither a unit nor a remark on tax say that the cell is no amount."""
    known = rf"(?<![a-z])(?:rs|inr|rupees|only|incl\w*|excl\w*|gst|tax(?:es)?|of|and|with|all|revised|{UNIT})(?![a-z])"
    rest = re.sub(known, " ", re.sub(r"\(.*?\)", " ", text), flags=re.IGNORECASE)
    return bool(re.search(r"[A-Za-z]{2,}|-\s*\d", rest))


def amounts_with_unit(text: str) -> list[Amount]:
    """Amounts inside a sentence count only with their unit, or added to one that has it."""
    kept = _joined_digits(_current(text))
    added = _added(kept)
    if added:
        kept = ADDED.sub(" ", kept, count=1)
    pairs = ((_number(found["number"]), found["unit"]) for found in MONEY.finditer(kept))
    read = [_unread(kept) if number is None else to_rupees(number, unit, "crore") for number, unit in pairs if unit]
    return [*map(Amount, added), *(one for one in read if one.rupees or one.doubt)]


def read_quoted(value: Value) -> tuple[Amount, Decimal | None]:
    """Tender value and percent, in either order; "(-)" is minus, and a bare signed number beside a value a percent."""
    if not isinstance(value, str):
        return read_amount(value), None
    text = _joined_digits(value)
    found = PERCENT.search(text) or SIGNED.search(text)
    percent = None
    if found:
        percent = round2(Decimal(found["number"][:20])) * (-1 if "-" in (found["sign"] or "") else 1)
        text = text[: found.start()] + " " + text[found.end() :]
    return read_amount(re.sub(r"[&@]", " ", text)), percent


def read_dates(value: Value) -> list[dt.date]:
    """All dates of a cell, in its order: DD.MM.YYYY, DD/MM/YYYY, DD-MM-YYYY, with whatever words around."""
    if isinstance(value, dt.datetime):
        return [value.date()]
    if isinstance(value, dt.date):
        return [value]
    return list(_dates(value.translate(DASHES))) if isinstance(value, str) else []


def _dates(text: str) -> Iterator[dt.date]:
    for day, _sign, month, year in DATE.findall(text):
        try:
            yield dt.date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
        except ValueError:
            continue


def years_in(text: str) -> list[str]:
    """Financial years written in a number such as HMDA/DEV/CE/20/2023-24."""
    return [f"{first}-{last[-2:]}" for first, last in YEAR_SPAN.findall(text.translate(DASHES))]


def read_authority(value: Value) -> str:
    """MC is the Metropolitan Commissioner, Govt. the Government; anything else is not stated."""
    text = text_of(value).lower()
    if re.search(r"\bgov", text):
        return "govt"
    return "mc" if re.search(r"\bm\.? ?c\b|metropolitan commissioner", text) else ""


def read_progress(value: Value) -> tuple[str, Decimal | None]:
    """Status as words, "75% completed" or a fraction: 0.83 is 83 %."""
    if isinstance(value, Decimal):
        percent = value * 100 if 0 < value <= 1 else value
        return ("", round2(percent)) if 0 <= percent <= 100 else (shown(value), None)
    text = text_of(value)
    found = PERCENT.search(text)
    percent = Decimal(found["number"]) if found else Decimal(101)
    return text, percent if percent <= 100 else None


__all__ = [
    "Amount",
    "CellError",
    "amounts_with_unit",
    "blank",
    "read_amount",
    "read_authority",
    "read_dates",
    "read_progress",
    "read_quoted",
    "text_of",
    "to_rupees",
    "years_in",
]
