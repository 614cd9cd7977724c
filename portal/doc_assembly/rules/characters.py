"""Characters that would print as boxes, found before anything is typeset (rule C12)."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portal.core.pdf.glyphs import missing

MOST_NAMED = 12
Found = Mapping[str, Sequence[str]]


def boxes(printed: Sequence[tuple[str, Any]]) -> dict[str, list[str]]:
    """The characters no font has, by the section or paper they stand in; `printed` is its name and its values."""
    words: dict[str, set[str]] = {}
    for where, values in printed:
        words.setdefault(where, set()).update(sign for text in _texts(values) for sign in text)
    found = {where: missing("".join(signs)) for where, signs in words.items()}
    return {where: signs for where, signs in found.items() if signs}


def _texts(values: Any) -> Iterator[str]:
    if isinstance(values, str):
        yield unicodedata.normalize("NFC", values)
    elif isinstance(values, dict):
        for one in values.values():
            yield from _texts(one)
    elif isinstance(values, (list, tuple)):
        for one in values:
            yield from _texts(one)


def warnings(found: Found) -> Iterator[str]:
    """A line for each section, for the screen, where the character itself can be seen."""
    for where, signs in found.items():
        named = _named([f"{sign} (U+{ord(sign):04X})" for sign in signs])
        place = "its place" if len(signs) == 1 else "their place"
        yield f"{where}: no font of the report has {named}. A box stands in {place}."


def points(found: Found) -> list[list[str]]:
    """A row for each section, for the printed list of open points, where the name has to do."""
    return [
        [
            "C12",
            where,
            "no font has " + _named([f"U+{ord(sign):04X} {unicodedata.name(sign, '')}".strip() for sign in signs]),
        ]
        for where, signs in found.items()
    ]


def _named(signs: Sequence[str]) -> str:
    more = len(signs) - MOST_NAMED
    return ", ".join(signs[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
