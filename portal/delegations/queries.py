"""Reading the register of instruments: the list, one of them, and those in force for an officer today."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import undefer

from portal.accounts.models import Officer
from portal.accounts.queries.desk import _known_places
from portal.core import events
from portal.core.access import Actor, Instrument
from portal.core.calendar import today
from portal.core.db import db, one_or_not_found
from portal.core.i18n import _
from portal.core.keyset import Key, Window, window
from portal.core.registry import supplies
from portal.core.usecases import query
from portal.delegations.models import DelegationInstrument
from portal.delegations.rules import LENT, LIVE, STATES, Fault, band_in_words, faults, overlap

S = TypeVar("S", bound=Select[Any])
WHOLE = undefer(DelegationInstrument.used_count)
SIZE = 50


@dataclass(frozen=True)
class Ask:
    """What the register is asked for; it stands in the address of the page."""

    q: str = ""
    state: tuple[str, ...] = ()
    after: str = ""
    before: str = ""

    def args(self, **changed: Any) -> dict[str, Any]:
        """The parameters of an address that asks for this."""
        return {name: value for name, value in vars(replace(self, **changed)).items() if value}

    def pick(self, value: str) -> dict[str, Any]:
        """The first page with one state taken, or given back when it was taken."""
        rest = tuple(one for one in self.state if one != value)
        return self.args(state=rest if value in self.state else (*self.state, value), after="", before="")


class Found(NamedTuple):
    """One page of the register, newest first, and what each state would find."""

    ask: Ask
    rows: Sequence[DelegationInstrument]
    page: Window
    states: Mapping[str, int]
    in_force: int
    to_review: int
    today: dt.date


class Dossier(NamedTuple):
    """One instrument with all that hinders it: `faults` before it is issued, `clashes` with others now in the way."""

    instrument: DelegationInstrument
    faults: Sequence[Fault]
    clashes: Sequence[tuple[DelegationInstrument, frozenset[str]]]
    strange_places: Sequence[str]
    timeline: Sequence[events.StoredEvent]
    today: dt.date


def _ask_of(given: Mapping[str, Sequence[str]]) -> Ask:
    """What an address asks for; what the register does not know is left out."""
    first = {name: values[0] for name, values in given.items() if values}
    states = tuple(one for one in dict.fromkeys(given.get("state", ())) if one in STATES)
    return Ask(first.get("q", "").strip()[:100], states, first.get("after", ""), first.get("before", ""))


@query
def find_instruments(actor: Actor, ask: Ask) -> Found:
    """One page of the register, and the counts beside its filters."""
    page = _page(actor, ask, SIZE)
    searched = _searched(_visible(select(DelegationInstrument.id), actor), ask.q).subquery()
    counted = select(DelegationInstrument.state, func.count()).join(searched, searched.c.id == DelegationInstrument.id)
    grouped = db.session.execute(counted.group_by(DelegationInstrument.state))
    states = {state: count for state, count in grouped}  # noqa: C416 - typed
    day, model = today(), DelegationInstrument
    lends = _count(model.state == "active", model.starts_on <= day, or_(model.ends_on.is_(None), model.ends_on >= day))
    to_review = _count(model.state.in_(LIVE), model.review_on <= day)
    return Found(ask, [row[0] for row in page.rows], page, states, lends, to_review, day)


@query
def list_instruments(
    actor: Actor, *, q: str = "", state: Sequence[str] = (), after: str = "", size: int = SIZE
) -> tuple[Sequence[DelegationInstrument], str]:
    """Instruments, newest first, found by state and by a part of number, officer or circle."""
    page = _page(actor, _ask_of({"q": [q], "state": state, "after": [after]}), min(max(size, 1), 200))
    return [row[0] for row in page.rows], page.next


@query
def get_instrument(actor: Actor, instrument_id: uuid.UUID) -> DelegationInstrument:
    """One instrument. A draft is seen by those who prepare and issue only."""
    found = select(DelegationInstrument).where(DelegationInstrument.id == instrument_id)
    return one_or_not_found(_visible(found, actor).options(WHOLE))


@query
def get_dossier(actor: Actor, instrument_id: uuid.UUID) -> Dossier:
    """One instrument, what happened to it, and what is in its way."""
    found = get_instrument(actor, instrument_id)
    hindered = faults(found.terms, today()) if found.state == "draft" else []
    waiting = found.state in ("draft", "standby")
    return Dossier(
        found,
        hindered,
        _clashes(found) if waiting else [],
        _strange(found.circles),
        events.timeline(stream_id=instrument_id, limit=30),
        today(),
    )


@query
def list_instrument_events(actor: Actor, instrument_id: uuid.UUID) -> tuple[Sequence[events.StoredEvent], str]:
    """What happened to an instrument: the latest hundred facts, newest first."""
    get_instrument(actor, instrument_id)
    return events.timeline(stream_id=instrument_id, limit=100), ""


@query
def count_due(actor: Actor) -> int:
    """How many instruments began or ended by the calendar without its having been told."""
    return _count(_due(today()))


def _count(*conditions: Any) -> int:
    return db.session.scalar(select(func.count(DelegationInstrument.id)).where(*conditions)) or 0


def _due(day: dt.date) -> Any:
    model = DelegationInstrument
    begun = and_(model.state == "active", model.began_on.is_(None), model.starts_on <= day)
    return or_(begun, and_(model.state.in_(LIVE), model.ends_on < day))


def _page(actor: Actor, ask: Ask, size: int) -> Window:
    model = DelegationInstrument
    listed: Any = select(model, model.created_at.label("created_at"), model.id.label("id"))
    found = _searched(_visible(listed, actor), ask.q)
    if ask.state:
        found = found.where(model.state.in_(ask.state))
    keys = [Key("created_at", model.created_at, down=True)]
    return window(found.options(WHOLE), keys, Key("id", model.id), after=ask.after, before=ask.before, size=size)


def _visible(found: S, actor: Actor) -> S:
    return found if actor.can("delegations.write") else found.where(DelegationInstrument.state != "draft")


def _searched(found: Select[Any], text: str) -> Select[Any]:
    model = DelegationInstrument
    for word in text.split():
        fields = (model.instrument_no, model.to_officer_name, func.array_to_string(model.circles, " "))
        found = found.where(or_(*(field.icontains(word, autoescape=True) for field in fields)))
    return found


def _strange(circles: Iterable[str]) -> Sequence[str]:
    """Circles in which no project of the register lies: there the instrument would lend nothing."""
    known, _divisions = _known_places()
    return [one for one in circles if one not in known] if known else []


def _clashes(mine: DelegationInstrument) -> list[tuple[DelegationInstrument, frozenset[str]]]:
    """Issued instruments to other officers that lend the same amounts in the same circles over the same days."""
    found = select(DelegationInstrument).where(
        DelegationInstrument.state == "active",
        DelegationInstrument.to_officer_id != mine.to_officer_id,
        or_(DelegationInstrument.ends_on.is_(None), DelegationInstrument.ends_on >= today()),
    )
    others = db.session.scalars(found.order_by(DelegationInstrument.instrument_no))
    return [(other, shared) for other in others if (shared := overlap(mine.reach, other.reach))]


def _clash_in_words(other: DelegationInstrument, circles: Iterable[str]) -> Any:
    """Which instrument is in the way, and what can be done about it."""
    return _(
        "%(number)s lends %(band)s in circle %(circles)s to %(name)s over the same days, and two officers are not lent "
        "the same power. Revoke it first, or take another band: it may begin one paisa above.",
        number=other.instrument_no,
        band=band_in_words(other.floor_rs, other.ceiling_rs),
        circles=", ".join(sorted(circles)),
        name=other.to_officer_name,
    )


def _receivers() -> Sequence[Officer]:
    """Active officers an instrument can be given to, by name."""
    found = select(Officer).where(Officer.active, Officer.locked_at.is_(None), Officer.role.in_(list(LENT["to"])))
    return db.session.scalars(found.order_by(Officer.name)).all()


@supplies("actor.instruments")
def _in_force(officer_id: uuid.UUID) -> list[Instrument]:
    """What an officer is lent today, by number."""
    found = select(DelegationInstrument).where(
        DelegationInstrument.to_officer_id == officer_id, DelegationInstrument.state == "active"
    )
    day = today()
    mine = db.session.scalars(found.order_by(DelegationInstrument.instrument_no)).all()
    return [one.lent for one in mine if one.in_force(day)]


@supplies("record.called")
def _ids_of_number(number: str) -> list[uuid.UUID]:
    """The instrument of this number, for who searches the audit trail by it."""
    found = select(DelegationInstrument.id).where(
        func.lower(DelegationInstrument.instrument_no) == number.strip().lower(), DelegationInstrument.state != "draft"
    )
    return list(db.session.scalars(found))
