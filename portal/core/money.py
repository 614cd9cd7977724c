"""Amounts: decimal only, halves rounded up, Indian grouping (last three digits, then pairs), words in two languages."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from portal.core.errors import Invalid
from portal.core.i18n import _

PAISA, RUPEE = Decimal("0.01"), Decimal(1)
LAKH, CRORE = Decimal(10) ** 5, Decimal(10) ** 7
LARGEST = Decimal(10) ** 15  # a thousand lakh crore: more than any estimate, less than any column holds
MINUS = "−"
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_READ = Context(prec=28, rounding=ROUND_HALF_UP)


def rounded(value: Decimal, places: int) -> Decimal:
    """To that many decimal places, halves away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), context=_EXACT)


def round2(value: Decimal) -> Decimal:
    """To the paisa, halves away from zero."""
    return rounded(value, 2)


def round0(value: Decimal) -> Decimal:
    """To the rupee, halves away from zero."""
    return rounded(value, 0)


def group(digits: str) -> str:
    """12345678 as 1,23,45,678."""
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return ",".join([*pairs, tail])


def plain_number(value: Decimal, places: int) -> str:
    """A quantity or rate with Indian grouping and a fixed number of decimals."""
    fixed = rounded(value, places)
    whole, _dot, part = f"{abs(fixed):f}".partition(".")
    return (MINUS if fixed < 0 else "") + group(whole) + (f".{part}" if part else "")


def figure(value: Decimal) -> str:
    """A quantity or percentage with Indian grouping and no more decimals than it has."""
    exponent = value.normalize().as_tuple().exponent
    return plain_number(value, -exponent if isinstance(exponent, int) and exponent < 0 else 0)


def rupees(value: Decimal) -> str:
    """1,23,45,678.50"""
    return plain_number(value, 2)


def rupees0(value: Decimal) -> str:
    """1,23,45,679: whole rupees."""
    return plain_number(value, 0)


def crore_lakh(value: Decimal) -> str:
    """₹1.23 Cr from one crore, ₹1.23 L from one lakh, ₹99,999.50 below; the unit is chosen after rounding."""
    size, sign = abs(value), MINUS if round2(value) < 0 else ""
    if round2(size / LAKH) >= 100:
        return f"{sign}₹{plain_number(size / CRORE, 2)} Cr"
    if round2(size) >= LAKH:
        return f"{sign}₹{plain_number(size / LAKH, 2)} L"
    return f"{sign}₹{rupees(size)}"


_EN = [
    "",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
    "Thirteen",
    "Fourteen",
    "Fifteen",
    "Sixteen",
    "Seventeen",
    "Eighteen",
    "Nineteen",
]
_EN_TENS = ["", "", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"]
_TE = [
    "",
    "ఒకటి",
    "రెండు",
    "మూడు",
    "నాలుగు",
    "ఐదు",
    "ఆరు",
    "ఏడు",
    "ఎనిమిది",
    "తొమ్మిది",
    "పది",
    "పదకొండు",
    "పన్నెండు",
    "పదమూడు",
    "పద్నాలుగు",
    "పదిహేను",
    "పదహారు",
    "పదిహేడు",
    "పద్దెనిమిది",
    "పందొమ్మిది",
]
_TE_TENS = ["", "", "ఇరవై", "ముప్పై", "నలభై", "యాభై", "అరవై", "డెబ్బై", "ఎనభై", "తొంభై"]
_TE_UNITS = {7: ("కోటి", "కోట్ల"), 5: ("లక్ష", "లక్షల"), 3: ("వెయ్యి", "వేల")}
_EN_UNITS = {7: "Crore", 5: "Lakh", 3: "Thousand"}


def in_words(value: Decimal, language: str = "en") -> str:
    """Rupees Twelve Crore Thirty Four Lakh … and Paise Fifty only; the same in Telugu for "te"."""
    fixed = round2(value)
    whole, paise = divmod(int(abs(fixed) * 100), 100)
    if language == "te":
        return ("మైనస్ " if fixed < 0 else "") + _telugu_amount(whole, paise)
    if whole or not paise:
        said = f"Rupees {_english(whole) or 'Zero'}" + (f" and Paise {_english(paise)}" if paise else "")
    else:
        said = f"Paise {_english(paise)}"
    return ("Minus " if fixed < 0 else "") + f"{said} only"


def _english(number: int) -> str:
    for power, name in _EN_UNITS.items():
        if number >= 10**power:
            return _joined(_english(number // 10**power), name, _english(number % 10**power))
    if number >= 100:
        return _joined(_EN[number // 100], "Hundred", _english(number % 100))
    return _EN[number] if number < 20 else _joined(_EN_TENS[number // 10], _EN[number % 10])


def _telugu_amount(whole: int, paise: int) -> str:
    coins = "ఒక పైసా" if paise == 1 else f"{_telugu_count(paise)} పైసలు"
    if whole == 0 and paise:
        return f"{coins} మాత్రమే"
    notes = "ఒక రూపాయి" if whole == 1 else f"{_telugu_count(whole) or 'సున్నా'} {'రూపాయల' if paise else 'రూపాయలు'}"
    return _joined(notes, coins if paise else "", "మాత్రమే")


def _telugu_count(number: int) -> str:
    """A number before the noun it counts: the final one of a compound is ఒక్క there."""
    said = _telugu(number)
    return said.removesuffix("ఒకటి") + "ఒక్క" if number > 1 and said.endswith("ఒకటి") else said


def _telugu(number: int) -> str:
    for power, (one, many) in _TE_UNITS.items():
        if number >= 10**power:
            count = number // 10**power
            single = one if power == 3 else f"ఒక {one}"
            head = single if count == 1 else f"{_telugu_count(count)} {many}"
            return _joined(head, _telugu(number % 10**power))
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        head = ("నూట" if rest else "వంద") if hundreds == 1 else f"{_TE[hundreds]} వందల"
        return _joined(head, _telugu(rest))
    return _TE[number] if number < 20 else _joined(_TE_TENS[number // 10], _TE[number % 10])


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)


_MARKS = re.compile(r"^(?:₹|rs\b\.?|inr\b|rupees\b)\s*|\s*(?:/[-=]|only\.?)$", re.IGNORECASE)
_PLAIN = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,4})?", re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}(?:(?:,\d{2,3})*,\d{3})(?:\.\d*)?|\d{1,3}(?:(?: \d{2,3})* \d{3})(?:\.\d*)?")
_SCALE = re.compile(r"\s*(crores?|cr|lakhs?|lacs?)\.?(?:\s+only\.?)?\s*$", re.IGNORECASE)
_FRACTION = re.compile(r"(?:(\d{1,9}) )?(\d{1,9}) ?/ ?(\d{1,9})")
_DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "\u2044": "/"})


def parse_number(text: "str | Decimal | int") -> Decimal:
    """The number an officer wrote: 1,23,456.50 · Rs. 500/- · 45- · (45) · 3 1/2 · ౧౨౩. Raises Invalid, saying why."""
    if isinstance(text, str):
        return _within(_signed(_tidy(text), text))
    return _within(Decimal(text))


def parse_amount(text: str) -> Decimal:
    """Rupees as an officer wrote them, alone or with their unit behind: 4.5 crore, Rs. 82 lakh. Raises Invalid."""
    unit = _SCALE.search(text)
    if unit is None:
        return parse_number(text)
    return _within(parse_number(text[: unit.start()]) * (LAKH if unit[1].lower().startswith("la") else CRORE))


def _tidy(text: str) -> str:
    """Digits of any script as 0-9, any space as one space, currency words taken off."""
    folded = "".join(str(unicodedata.decimal(sign, sign)) for sign in text).translate(_DASHES)
    bare = " ".join(folded.split())
    while (stripped := _MARKS.sub("", bare).strip()) != bare:
        bare = stripped
    return bare


def _signed(bare: str, text: str) -> Decimal:
    if bare.startswith("(") and bare.endswith(")"):
        return -_unsigned(_MARKS.sub("", bare[1:-1].strip()), text)
    if bare.startswith("-"):
        return -_unsigned(_MARKS.sub("", bare[1:].strip()), text)
    if bare.endswith("-"):
        return -_unsigned(bare[:-1].strip(), text)
    return _unsigned(bare.removeprefix("+").strip(), text)


def _unsigned(bare: str, text: str) -> Decimal:
    if fraction := _FRACTION.fullmatch(bare):
        whole, above, below = (Decimal(part or 0) for part in fraction.groups())
        if not below:
            raise Invalid(_("“%(text)s” divides by zero.", text=text[:40]))
        return whole + _READ.divide(above, below)
    if _GROUPED.fullmatch(bare):
        bare = bare.replace(",", "").replace(" ", "")
    if not _PLAIN.fullmatch(bare):
        raise Invalid(_("“%(text)s” is not a number.", text=text[:40]))
    return Decimal(bare)


def _within(value: Decimal) -> Decimal:
    try:
        fits = value.is_finite() and abs(value) < LARGEST
    except InvalidOperation:
        fits = False
    if not fits:
        raise Invalid(_("This number is too large, or no number at all."))
    return value + 0  # minus zero is zero
