"""Personal data is shown to those who need it: policy.toml [personal] names the fields, and the roles that see them.

Texts that go to a log are searched for what identifies a person or opens a door: e-mail addresses, Indian mobile
numbers, Aadhaar and PAN, tokens, keys and passwords. Money, chainages, orders and estimate numbers are left alone: a
number with a currency sign, separators or a fraction is no telephone, and twelve digits in a row are an Aadhaar number
only with its check digit (Verhoeff; UIDAI).
"""

import logging
import re
from collections.abc import Callable
from typing import Any

from flask import Flask

from portal.core.access import POLICY, Actor

DOTS = "•••"
_START, _END = r"(?<![\w₹.,/@+-])", r"(?![\w@]|[.,/-]\d)"
_MONEY = r"(?<!₹ )(?<!Rs )(?<!Rs\. )(?<!INR )"
_SECRET = re.compile(
    r"(?i)\b((?:password|passwd|secret|(?:access_|refresh_|id_)?token|api[_-]?key|client_secret|otp)"
    r"[\"']?\s*[=:]\s*[\"']?)(?!None\b|null\b)[^\s\"',;&)}]+"
)
_BEARER = re.compile(r"(?i)\b(Bearer|Basic)\s+[\w.~+/=-]{8,}")
_TOKEN = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.?[\w-]*")
_KEY = re.compile(r"\bhk_(\w{4,16}?)_[\w-]{8,}")
_MAIL = re.compile(r"(?<![\w.+-])([\w+-])[\w.+-]*@([\w-]+(?:\.[\w-]+)+)")
_CODED = re.compile(r"\b(\w)[\w.+-]*%40([\w-]+(?:\.[\w-]+)+)")
_PAN = re.compile(r"(?<![A-Z0-9/-])[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z](?![A-Z0-9/-])")
_AADHAAR = re.compile(_START + _MONEY + r"[2-9]\d{3}([ -]?)\d{4}\1(\d{4})" + _END)
_MOBILE = re.compile(
    r"(?:(?<![\w₹.,/@-])(?:\+91|0091)[ -]?[6-9](?:[ -]?\d){7}"
    rf"|{_START}{_MONEY}(?:0|91)?[6-9]\d{{7}}"
    r"|(?i:(?<=mobile )|(?<=phone )|(?<=ph\. )|(?<=mob\. ))[6-9]\d{4}[ -]\d{3})(\d{2})" + _END
)
_TIMES = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_MOVED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def checks(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (Verhoeff 1969, the dihedral group of order ten)."""
    sum_ = 0
    for place, digit in enumerate(reversed(digits)):
        moved = int(digit)
        for _ in range(place % 8):
            moved = _MOVED[moved]
        sum_ = _TIMES[sum_][moved]
    return sum_ == 0


def _aadhaar(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return f"XXXX XXXX {found[2]}" if found[1] or checks(digits) else found[0]


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_BEARER, rf"\1 {DOTS}"),
    (_TOKEN, DOTS),
    (_KEY, rf"hk_\1_{DOTS}"),
    (_SECRET, rf"\1{DOTS}"),
    (_MAIL, rf"\1{DOTS}@\2"),
    (_CODED, rf"\1{DOTS}%40\2"),
    (_PAN, "XXXXXXXXXX"),
    (_AADHAAR, _aadhaar),
    (_MOBILE, r"XXXXXXXX\1"),
)


def masked(text: str) -> str:
    """A text without what identifies a person or opens a door, readable otherwise."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def personal(value: str | None, name: str, actor: Actor | None) -> str:
    """A field of a person as this officer may see it: plainly with the need that the policy names, hinted at without.

    >>> personal("10.4.2.17", "address", None)
    '10.4.•••'
    """
    text = value or ""
    if not text or name not in POLICY["personal"]["fields"]:
        return text
    if actor is not None and (actor.role in POLICY["personal"]["readers"] or actor.role == "system"):
        return text
    return _HINTS[name](text) if name in _HINTS else DOTS


def needed(value: Any, actor: Actor) -> Any:
    """Texts among which personal data may stand, such as what a record was before: plainly for the same need."""
    if actor.role in POLICY["personal"]["readers"] or actor.role == "system":
        return value
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {name: _hinted(name, needed(inner, actor), actor) for name, inner in value.items()}
    return [needed(inner, actor) for inner in value] if isinstance(value, list | tuple) else value


def _hinted(name: str, value: Any, actor: Actor) -> Any:
    if name not in POLICY["personal"]["fields"]:
        return value
    one = value if isinstance(value, list) else [value]
    hints = [personal(text, name, actor) if isinstance(text, str) else text for text in one]
    return hints if isinstance(value, list) else hints[0]


def _mail(text: str) -> str:
    name, at, domain = text.partition("@")
    return f"{name[:1]}{DOTS}{at}{domain}"


def _network(text: str) -> str:
    """The first half of an IPv4 address, the first two groups of an IPv6 one."""
    mark = ":" if ":" in text else "."
    return mark.join([*text.split(mark)[:2], DOTS])


_HINTS: dict[str, Callable[[str], str]] = {
    "email": _mail,
    "phone": lambda text: f"{DOTS}{text[-2:]}",
    "address": _network,
}


class Masking(logging.Filter):
    """Masks the finished line of a record and its traceback, whoever logged it."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        clean = masked(said)
        if clean != said:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = masked(record.exc_text)
        return True


_masking = Masking()


def init_app(_app: Flask) -> None:
    """Every line of this process is masked, at the handlers that are there and at the one Python falls back to."""
    named = [logging.getLogger(name) for name in ("gunicorn.error", "gunicorn.access", "werkzeug")]
    found = [handler for logger in (logging.getLogger(), *named) for handler in logger.handlers]
    for handler in (*found, logging.lastResort):
        if handler is not None and _masking not in handler.filters:
            handler.addFilter(_masking)
