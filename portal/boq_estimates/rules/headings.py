"""Headings and totals of a bill: rows of text without figures make sections, rows that say "total" are compared."""

import re
from collections import Counter
from dataclasses import dataclass

from portal.boq_estimates.rules.layout import folded

DEPTH = 4
TITLE = 200
LOOSE, LOOSE_TITLE = "0", "Items of work"  # where items go that stand before any heading
_TOTAL = re.compile(
    r"(?:grand |sub |net )?total\b.*|subtotal\b.*|.*\b(?:sub total|grand total)|total|say(?: rs)?|"
    r"(?:carried|brought) (?:over|forward)\b.*|[cb] [of]"
)
_BILL = re.compile(r"(?:bill|part|section|schedule|volume|chapter)\b", re.IGNORECASE)
_ROMAN = re.compile(r"[IVX]{1,5}|[A-Z]")
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,5}")
_LETTER = re.compile(r"\(?([a-z]{1,4})\)?")


@dataclass(frozen=True)
class Section:
    """One section of the bill; `preamble` is the full text of a heading too long for a title."""

    code: str
    title: str
    parent: str | None
    depth: int
    row: int
    preamble: str = ""


def is_total(*texts: str) -> bool:
    """Whether a row without unit and quantity only repeats a sum."""
    return any(bool(_TOTAL.fullmatch(folded(text))) for text in texts if text)


def is_cumulative(text: str) -> bool:
    """Carried and brought forward, grand total and say speak of everything so far."""
    words = folded(text)
    return words.startswith(("grand", "say", "carried", "brought", "c ", "b ", "net"))


def _bare(code: str) -> str:
    return code.strip().rstrip(".):").strip()


def is_letter(item_no: str) -> bool:
    """(a), b), iii: a number that only means something below the row above."""
    return bool(_LETTER.fullmatch(_bare(item_no).lstrip("(") or "-")) and not item_no[:1].isdigit()


def _rank(code: str, title: str) -> int:
    """The smaller, the higher up: bill, roman or capital letter, 1, 1.1, 1.1.1, no code, small letter."""
    bare = _bare(code)
    if _BILL.match(bare) or (not bare and _BILL.match(title)):
        return 0
    if _ROMAN.fullmatch(bare):
        return 1
    if _DOTTED.fullmatch(bare):
        return 2 + bare.count(".")
    return 10 if bare and is_letter(bare) else 9


class Outline:
    """The sections met so far, from the top of the sheet down; the last one is where items go."""

    def __init__(self) -> None:
        self.sections: dict[str, Section] = {}
        self._open: list[tuple[int, Section]] = []
        self._numbers: Counter[str] = Counter()

    @property
    def current(self) -> Section | None:
        """The section that items now belong to."""
        return self._open[-1][1] if self._open else None

    def heading(self, row: int, code: str, title: str) -> Section:
        """A row of text without unit and figures opens a section below the nearest one of a higher kind."""
        rank = _rank(code, title)
        while self._open and (self._open[-1][0] >= rank or len(self._open) >= DEPTH):
            self._open.pop()
        parent = self.current
        return self._add(rank, row, self._code(_bare(code), parent), title or code, parent)

    def ensure(self, row: int, code: str) -> Section:
        """The section an item names in its own column; made when the sheet has no heading for it."""
        found = self.sections.get(code)
        if found is None:
            self._open = []
            return self._add(1, row, self._code(_bare(code), None), LOOSE_TITLE if code == LOOSE else code, None)
        chain: list[Section] = [found]
        while chain[0].parent:
            chain.insert(0, self.sections[chain[0].parent])
        self._open = [(place, section) for place, section in enumerate(chain)]
        return found

    def _add(self, rank: int, row: int, code: str, title: str, parent: Section | None) -> Section:
        words = " ".join(title.split())
        short = words if len(words) <= TITLE else words[: TITLE - 1].rstrip() + "…"
        depth = parent.depth + 1 if parent else 1
        made = Section(code, short, parent.code if parent else None, depth, row, words if short != words else "")
        self.sections[code] = made
        self._open.append((rank, made))
        return made

    def _code(self, wanted: str, parent: Section | None) -> str:
        """Unique in the estimate: a code that comes again, or none at all, is named after the section above it."""
        above = f"{parent.code}/" if parent else ""
        code = wanted if wanted and wanted not in self.sections and not is_letter(wanted) else above + (wanted or "1")
        stem = f"{code}-" if wanted else above
        while code in self.sections:
            self._numbers[stem] += 1
            code = f"{stem}{self._numbers[stem] + 1}"
        return code
