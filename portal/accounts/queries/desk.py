"""The administrator's desk: the list of officers with its filters, and everything about one of them."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Select, func, or_, select

from portal.accounts.models import Factor, Invitation, Officer, OfficerSession
from portal.accounts.queries.factors import _codes_left, _factors_of
from portal.accounts.queries.sessions import SessionRow, _described, _open_of
from portal.core import events
from portal.core.access import NO_ROLE, ROLES, Actor, Instrument
from portal.core.db import db, now, one_or_not_found
from portal.core.i18n import _
from portal.core.keyset import Key, Window, window
from portal.core.registry import supplied
from portal.core.usecases import query

STATES = {
    "active": _("active"),
    "invited": _("invited"),
    "waiting": _("waits for a role"),
    "locked": _("locked"),
    "disabled": _("disabled"),
}
TITLES = {**ROLES, NO_ROLE: _("No role yet")}
SORTS = ("name", "username", "role", "state", "last")
SIZES = (25, 50, 100)
MOST_EXPORTED = 10_000

LAST = (
    select(func.max(OfficerSession.started_at))
    .where(OfficerSession.officer_id == Officer.id)
    .correlate(Officer)
    .scalar_subquery()
)
COLUMNS: Mapping[str, Any] = {
    "name": Officer.name,
    "username": Officer.username,
    "role": Officer.role,
    "state": Officer.state,
    "last": LAST,
}


@dataclass(frozen=True)
class Ask:
    """What the list is asked for; it stands in the address of the page."""

    q: str = ""
    role: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    sort: str = "name"
    after: str = ""
    before: str = ""
    size: int = 50

    def args(self, **changed: Any) -> dict[str, Any]:
        """The parameters of an address that asks for this, without what goes without saying; a new filter starts on
        the first page."""
        asked = replace(self, **changed)
        return {name: value for name, value in vars(asked).items() if value and value != getattr(Ask(), name)}

    def afresh(self, **changed: Any) -> dict[str, Any]:
        """The same from the first page."""
        return self.args(**{"after": "", "before": ""} | changed)

    def pick(self, name: str, value: str) -> dict[str, Any]:
        """The same with one value of a filter taken, or given back when it was taken."""
        chosen = getattr(self, name)
        rest = tuple(one for one in chosen if one != value)
        return self.afresh(**{name: rest if value in chosen else (*chosen, value)})

    def ordered(self, key: str) -> dict[str, Any]:
        """The same in the order of a column; asked twice, the other way round."""
        return self.afresh(sort=f"-{key}" if self.sort == key else key)


class Found(NamedTuple):
    """One page of the list, and the counts beside its filters."""

    ask: Ask
    page: Window
    total: int
    everything: int
    roles: Mapping[str, int]
    states: Mapping[str, int]


class Work(NamedTuple):
    """What an officer is bound to in another module: a project assigned, with its last day if it has one."""

    project_id: uuid.UUID
    title: str
    starts: dt.date
    ends: dt.date | None


class Dossier(NamedTuple):
    """Everything the administrator sees about one officer."""

    officer: Officer
    last_sign_in: dt.datetime | None
    sessions: Sequence[SessionRow]
    factors: Sequence[Factor]
    codes: int
    link: Invitation | None
    work: Sequence[Work]
    instruments: Sequence[Instrument]
    strange_places: Sequence[str]
    timeline: Sequence[events.StoredEvent]

    @property
    def link_works(self) -> bool:
        """Whether a link was given out that may still be used."""
        return self.link is not None and self.link.expires_at > now()


def _ask_of(given: Mapping[str, Sequence[str]]) -> Ask:
    """What an address asks for; what the list does not know is left out."""
    first = {name: values[0] for name, values in given.items() if values}
    sort, size = first.get("sort", "name"), first.get("size", "")
    return Ask(
        q=first.get("q", "").strip()[:100],
        role=tuple(one for one in dict.fromkeys(given.get("role", ())) if one in TITLES),
        state=tuple(one for one in dict.fromkeys(given.get("state", ())) if one in STATES),
        sort=sort if sort.removeprefix("-") in SORTS else "name",
        after=first.get("after", ""),
        before=first.get("before", ""),
        size=int(size) if size in map(str, SIZES) else 50,
    )


@query
def find_officers(actor: Actor, ask: Ask) -> Found:
    """One page of the list, with what each filter would find."""
    searched = _searched(select(Officer.id), ask.q)
    states = _counts(_in_roles(searched, ask), Officer.state)
    roles = _counts(_in_states(searched, ask), Officer.role)
    everything = db.session.scalar(select(func.count(Officer.id))) or 0
    total = sum(count for state, count in states.items() if not ask.state or state in ask.state)
    return Found(ask, _page(ask), total, everything, roles, states)


@query
def list_officers(
    actor: Actor,
    *,
    q: str = "",
    role: Sequence[str] = (),
    state: Sequence[str] = (),
    sort: str = "name",
    after: str = "",
    size: int = 50,
) -> tuple[Sequence[Any], str]:
    """Officers by name, found by a part of user name, name, e-mail or telephone, by role and by state."""
    asked = _ask_of({"q": [q], "role": role, "state": state, "sort": [sort], "after": [after]})
    found = _page(replace(asked, size=min(max(size, 1), 500)))
    return found.rows, found.next


@query
def export_officers(actor: Actor, ask: Ask) -> Iterator[Any]:
    """Every officer the filters find, by user name."""
    return iter(db.session.execute(_filtered(ask).order_by(Officer.username).limit(MOST_EXPORTED)))


def _page(ask: Ask) -> Window:
    name = ask.sort.removeprefix("-")
    keys = [Key(name, COLUMNS[name], ask.sort.startswith("-"))]
    return window(_filtered(ask), keys, Key("id", Officer.id), after=ask.after, before=ask.before, size=ask.size)


def _filtered(ask: Ask) -> Select[Any]:
    listed: tuple[Any, ...] = (
        Officer.id,
        Officer.username,
        Officer.name,
        Officer.role,
        Officer.email,
        Officer.phone,
        Officer.circles,
    )
    more = (Officer.divisions, Officer.active, Officer.disabled_why, Officer.locked_why, Officer.version)
    found = select(*listed, *more, Officer.created_at, Officer.state.label("state"), LAST.label("last"))
    return _in_roles(_in_states(_searched(found, ask.q), ask), ask)


def _searched(found: Select[Any], text: str) -> Select[Any]:
    for word in text.split():
        fields = (Officer.username, Officer.name, Officer.email, Officer.phone)
        found = found.where(or_(*(field.icontains(word, autoescape=True) for field in fields)))
    return found


def _in_roles(found: Select[Any], ask: Ask) -> Select[Any]:
    return found.where(Officer.role.in_(ask.role)) if ask.role else found


def _in_states(found: Select[Any], ask: Ask) -> Select[Any]:
    return found.where(Officer.state.in_(ask.state)) if ask.state else found


def _counts(found: Select[Any], column: Any) -> dict[str, int]:
    ids = found.subquery()
    counted = select(column, func.count()).join(ids, ids.c.id == Officer.id).group_by(column)
    return {value: count for value, count in db.session.execute(counted)}  # noqa: C416 - typed


@query
def get_officer(actor: Actor, officer_id: uuid.UUID) -> Officer:
    """One officer."""
    return one_or_not_found(select(Officer).where(Officer.id == officer_id))


@query
def has_officer(actor: Actor, officer_id: uuid.UUID) -> bool:
    """Whether the account is still there: an invitation that was taken back leaves none."""
    return db.session.get(Officer, officer_id, populate_existing=True) is not None


@query
def list_officer_events(actor: Actor, officer_id: uuid.UUID) -> tuple[Sequence[events.StoredEvent], str]:
    """What happened to an account: the latest hundred facts, newest first."""
    get_officer(actor, officer_id)
    return events.timeline(stream_id=officer_id, limit=100), ""


@query
def get_dossier(actor: Actor, officer_id: uuid.UUID) -> Dossier:
    """Everything about one officer."""
    officer = get_officer(actor, officer_id)
    return Dossier(
        officer,
        db.session.scalar(select(func.max(OfficerSession.started_at)).where(OfficerSession.officer_id == officer_id)),
        _described(_open_of(officer_id), actor.session),
        _factors_of(officer_id),
        _codes_left(officer_id),
        _open_link(officer_id),
        _work(officer_id),
        [one for ask in supplied("actor.instruments") for one in ask(officer_id)],
        _strange(officer),
        events.timeline(stream_id=officer_id, limit=30),
    )


def _open_link(officer_id: uuid.UUID) -> Invitation | None:
    """The link that was given out and not used, also when it ran out: there is at most one."""
    found = select(Invitation).where(Invitation.officer_id == officer_id, Invitation.used_at.is_(None))
    return db.session.scalar(found)


def _work(officer_id: uuid.UUID) -> Sequence[Work]:
    """What other modules know the officer to be bound to today."""
    return [one for ask in supplied("officer.work") for one in ask(officer_id)]


def _strange(officer: Officer) -> Sequence[str]:
    """Circles and divisions of the officer in which no project of the register lies."""
    circles, divisions = _known_places()
    strange = [*(one for one in officer.circles if one not in circles)] if circles else []
    return strange + ([one for one in officer.divisions if one not in divisions] if divisions else [])


def _known_places() -> tuple[frozenset[str], frozenset[str]]:
    """The circles and divisions that the register of projects names."""
    known = [ask() for ask in supplied("places.known")]
    return frozenset().union(*(one[0] for one in known)), frozenset().union(*(one[1] for one in known))
