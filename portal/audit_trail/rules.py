"""What a search of the trail asks for, as it stands in an address: pure reading and writing, no database."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from portal.core.access import POLICY
from portal.core.audit.words import OUTCOMES, TITLES
from portal.core.errors import Invalid
from portal.core.i18n import _

KNOWN: Mapping[str, Mapping[str, Any]] = {
    "outcome": OUTCOMES,
    "role": TITLES,
    "module": dict.fromkeys(POLICY["modules"]),
}
TEXTS = ("q", "who", "act", "address", "instrument", "record", "request")
SIZES = (25, 50, 100)
LONGEST = 100


@dataclass(frozen=True)
class Ask:
    """`who` is an officer by id, name or user name; `record` an id, or the number of a project."""

    q: str = ""
    who: str = ""
    act: str = ""
    outcome: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    module: tuple[str, ...] = ()
    record: str = ""
    address: str = ""
    instrument: str = ""
    request: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    after: str = ""
    before: str = ""
    size: int = 50

    def args(self, **changed: Any) -> dict[str, Any]:
        """The parameters of an address that asks for this, without what goes without saying."""
        asked = replace(self, **changed)
        found = {one.name: getattr(asked, one.name) for one in fields(self) if getattr(asked, one.name) != one.default}
        return {name: f"{value:%d-%m-%Y}" if isinstance(value, dt.date) else value for name, value in found.items()}

    def afresh(self, **changed: Any) -> dict[str, Any]:
        """The same from the first page."""
        return self.args(**{"after": "", "before": ""} | changed)

    def pick(self, name: str, value: str) -> dict[str, Any]:
        """The same with one value of a filter taken, or given back when it was taken."""
        chosen = getattr(self, name)
        rest = tuple(one for one in chosen if one != value)
        return self.afresh(**{name: rest if value in chosen else (*chosen, value)})

    @property
    def filters(self) -> dict[str, Any]:
        """What narrows the search: without the place in the list and the length of a page."""
        return {name: value for name, value in self.afresh().items() if name != "size"}

    @property
    def words(self) -> str:
        """For the record of an export: what was asked for."""
        return "; ".join(f"{name}={_joined(value)}" for name, value in self.filters.items()) or "everything"


def _joined(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def read_ask(given: Mapping[str, Sequence[str]]) -> Ask:
    """What an address asks for. Raises Invalid for a date that is none, and for a value no filter has."""
    first = {name: values[0] for name, values in given.items() if values}
    size = first.get("size", "")
    filters: dict[str, Any] = {name: _clean(first.get(name, "")) for name in TEXTS}
    filters |= {name: _chosen(name, given.get(name, ())) for name in KNOWN}
    filters |= {name: _day(name, first.get(name, "")) for name in ("since", "until")}
    return Ask(
        **filters,
        after=first.get("after", ""),
        before=first.get("before", ""),
        size=int(size) if size in map(str, SIZES) else 50,
    )


def _clean(text: str) -> str:
    return "".join(sign for sign in text if sign >= " " and not "\ud800" <= sign <= "\udfff").strip()[:LONGEST]


def _chosen(name: str, values: Sequence[str]) -> tuple[str, ...]:
    for value in values:
        if value not in KNOWN[name]:
            raise Invalid(_("“%(value)s” is not known here.", value=value[:LONGEST]), name)
    return tuple(dict.fromkeys(values))


def _day(name: str, text: str) -> dt.date | None:
    if not text.strip():
        return None
    for shape in ("%d-%m-%Y", "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"):
        try:
            return dt.datetime.strptime(text.strip(), shape).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    raise Invalid(_("Not a date. Write it as 31-12-2026."), name)


def as_id(text: str) -> uuid.UUID | None:
    """A text that is an id."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
