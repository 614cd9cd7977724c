"""The words of the register, and what an officer asks of it, as it stands in the address of the portfolio."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from portal.core.i18n import _


class WorkType(StrEnum):
    """What kind of work it is; the DPR's template follows from it."""

    LAYOUT = "layout"
    ROAD = "road"
    FLYOVER = "flyover"
    BUILDING = "building"
    PARK = "park"
    WATER = "water"
    SEWERAGE = "sewerage"
    FENCING = "fencing"
    MAINTENANCE = "maintenance"
    OTHER = "other"


WORK_TYPES = {
    WorkType.LAYOUT: _("Layout"),
    WorkType.ROAD: _("Road"),
    WorkType.FLYOVER: _("Flyover or skywalk"),
    WorkType.BUILDING: _("Building"),
    WorkType.PARK: _("Park or lake"),
    WorkType.WATER: _("Water supply"),
    WorkType.SEWERAGE: _("Sewerage"),
    WorkType.FENCING: _("Fencing"),
    WorkType.MAINTENANCE: _("Operation and maintenance"),
    WorkType.OTHER: _("Other"),
}
AUTHORITIES = {"govt": _("Government"), "mc": _("Metropolitan Commissioner"), "": _("Not stated")}
REACHED = {
    "before_tender": _("Before tender"),
    "tendered": _("Tendered"),
    "contracted": _("Contract"),
    "grounded": _("Grounded"),
}
FACETS = ("division", "circle", "district", "type", "year", "authority", "value", "reached", "report")
VALUES = {"u5": (None, 5), "5_50": (5, 50), "50_500": (50, 500), "o500": (500, None)}  # crore, upper ends inclusive
REPORT = ("flagged", "kept_out", "clean")
CLOSED: dict[str, tuple[str, ...]] = {  # what a filter may be whatever the register holds; "none" is not stated
    "type": tuple(WORK_TYPES),
    "authority": ("govt", "mc", "none"),
    "value": (*VALUES, "none"),
    "reached": tuple(REACHED),
    "report": REPORT,
}
TEXT_SORTS = ("code", "name", "division", "type", "year", "authority", "status", "agency")
FIGURE_SORTS = (
    "as_date",
    "as",
    "amount",
    "estimate",
    "ecv",
    "contract",
    "percent",
    "reached",
    "done",
    "spent",
    "flags",
)
DEFAULT_SORT = ("-amount",)
COLUMNS = (*TEXT_SORTS[2:], *FIGURE_SORTS)
DEFAULT_COLUMNS = ("division", "type", "as_date", "amount", "contract", "reached", "status", "flags")
PAGE_SIZES = (25, 50, 100)
MOST_SORTS = 3


@dataclass(frozen=True)
class View:
    """One look at the portfolio; everything about it fits into a link."""

    q: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: tuple[str, ...] = DEFAULT_SORT
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    size: int = 50
    after: str = ""
    before: str = ""
    dropped: tuple[str, ...] = ()

    def args(self, **changes: Any) -> dict[str, Any]:
        """The parameters of the address, changed as asked; what is the default is left out."""
        own: dict[str, Any] = {name: list(values) for name, values in self.chosen.items() if values}
        own |= {"q": self.q, "sort": ",".join(self.sort), "size": self.size, "cols": ",".join(self.columns)}
        own |= {"after": self.after, "before": self.before} | changes
        usual = {"sort": ",".join(DEFAULT_SORT), "size": 50, "cols": ",".join(DEFAULT_COLUMNS)}
        return {name: value for name, value in own.items() if value and value != usual.get(name)}

    def afresh(self, **changes: Any) -> dict[str, Any]:
        """The same from the first page on."""
        return self.args(**{"after": "", "before": ""} | changes)

    def pick(self, facet: str, value: str) -> dict[str, Any]:
        """Choose one more value of a filter, or take it back."""
        now = self.chosen.get(facet, ())
        then = [one for one in now if one != value] if value in now else [*now, value]
        return self.afresh(**{facet: then})

    def ordered(self, key: str) -> dict[str, Any]:
        """A click on a heading: first in order, the former orders behind it; a second click turns it round."""
        first = "-" if key in FIGURE_SORTS else ""
        if self.sort and self.sort[0].removeprefix("-") == key:
            first = "" if self.sort[0].startswith("-") else "-"
        rest = [one for one in self.sort if one.removeprefix("-") != key]
        return self.afresh(sort=",".join([first + key, *rest][:MOST_SORTS]))

    def without(self, unknown: Mapping[str, Iterable[str]]) -> "View":
        """The view with some chosen values dropped; it remembers them for the notice."""
        gone = {(name, value) for name, values in unknown.items() for value in values}
        kept = {name: tuple(v for v in values if (name, v) not in gone) for name, values in self.chosen.items()}
        return replace(self, chosen=kept, dropped=(*self.dropped, *sorted(value for _name, value in gone)))

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the portfolio."""
        return bool(self.q) or any(self.chosen.values())


def read_view(given: Mapping[str, Iterable[str]]) -> View:
    """A view from the parameters of an address; what makes no sense is dropped and remembered, never an error."""
    one = {name: next(iter(values), "") for name, values in given.items()}
    dropped: list[str] = []
    chosen = {name: tuple(dict.fromkeys(v for v in given.get(name, ()) if v)) for name in FACETS}
    for name, known in CLOSED.items():
        dropped += [value for value in chosen[name] if value not in known]
        chosen[name] = tuple(value for value in chosen[name] if value in known)
    sort = _known(one.get("sort", ""), (*TEXT_SORTS, *FIGURE_SORTS), dropped)
    columns = _known(",".join(given.get("col", ())) or one.get("cols", ""), COLUMNS, dropped)
    size = one.get("size", "")
    return View(
        q=one.get("q", "").replace("\0", "").strip()[:200],
        chosen={name: values for name, values in chosen.items() if values},
        sort=tuple({key.removeprefix("-"): key for key in reversed(sort)}.values())[::-1][:MOST_SORTS] or DEFAULT_SORT,
        columns=tuple(name for name in COLUMNS if name in columns) or DEFAULT_COLUMNS,
        size=int(size) if size in map(str, PAGE_SIZES) else 50,
        after=one.get("after", ""),
        before=one.get("before", ""),
        dropped=tuple(dropped),
    )


def _known(text: str, known: Iterable[str], dropped: list[str]) -> list[str]:
    names = [name for name in text.split(",") if name]
    dropped += [name for name in names if name.removeprefix("-") not in known]
    return [name for name in names if name.removeprefix("-") in known]
