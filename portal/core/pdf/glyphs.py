"""Which characters the shipped fonts can print; of the others a reader sees a box."""

import unicodedata
from functools import cache

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from portal.core.pdf.typeset import FONTS

UNSEEN = {"\t", "\n", "\r", *map(chr, range(0xFE00, 0xFE10))}  # laid out or passed over, never drawn


@cache
def _drawn() -> frozenset[int]:
    """What the regular fonts hold; the bold and italic ones hold the same."""
    found: set[int] = set()
    for path in FONTS.glob("*-Regular.ttf"):
        with TTFont(path, lazy=True) as font:
            found |= font.getBestCmap().keys()
    return frozenset(found)


def _has(sign: str) -> bool:
    parts = unicodedata.normalize("NFD", sign)
    unseen = sign in UNSEEN or unicodedata.category(sign) == "Cf"
    return unseen or ord(sign) in _drawn() or all(ord(part) in _drawn() for part in parts)


def missing(words: str) -> list[str]:
    """The characters that would print as boxes, each once, by code point."""
    return sorted(sign for sign in set(unicodedata.normalize("NFC", words)) if not _has(sign))
