"""The security page: figures of today beside the usual, records by kind, and who is signed in at this moment."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import and_, func, or_, select

from portal.accounts.models import OfficerSession
from portal.accounts.queries.officers import _ids_called, _names
from portal.accounts.queries.sessions import SessionRow, _described
from portal.core.access import SYSTEM, Actor
from portal.core.audit import AuditRecord
from portal.core.calendar import IST
from portal.core.db import db, now
from portal.core.keyset import Key, Window, window
from portal.core.usecases import query
from portal.security.models import EVERYBODY, Incident, SecurityAlert, WatchCount, WatchMark
from portal.security.queries.counts import _of_kind
from portal.security.queries.figures import _figures_of
from portal.security.rules.catalogue import ACTS, KINDS
from portal.security.rules.hours import is_day_off
from portal.security.rules.statistics import shown_number

WEEKS, SIZE, LATEST = 4, 50, 10
BEHIND = dt.timedelta(seconds=30)
NAMES = ("id", "position", "at", "act", "outcome", "why", "actor_id", "actor_name", "role", "door", "address", "device")
SHOWN = [getattr(AuditRecord, name) for name in NAMES]


class Today(NamedTuple):
    """One kind today: how many, how many are usual by this time of such a day, on how many days that rests."""

    kind: str
    number: int
    usual: str
    days: int
    hours: Sequence[int]


class Overview(NamedTuple):
    """The page as it stands; `unseen` is since when the watch has not looked, None while it keeps up."""

    figures: Mapping[str, Today]
    waiting: int
    mine: int
    alerts: Sequence[SecurityAlert]
    latest: Sequence[Any]
    sessions: Sequence[SessionRow]
    signed_in: int
    names: Mapping[uuid.UUID, str]
    unseen: dt.datetime | None


@dataclass(frozen=True)
class Ask:
    """Which records are asked for: a kind, an officer by name or user name, an address."""

    kind: str = "signed_in"
    who: str = ""
    address: str = ""
    after: str = ""
    before: str = ""

    def args(self, **changed: Any) -> dict[str, Any]:
        """The parameters of an address that asks for this."""
        return {name: value for name, value in vars(replace(self, **changed)).items() if value}

    def afresh(self, **changed: Any) -> dict[str, Any]:
        """The same from the first page."""
        return self.args(**{"after": "", "before": ""} | changed)


class Records(NamedTuple):
    """One page of records, newest first."""

    ask: Ask
    page: Window


class Sessions(NamedTuple):
    """One page of open sessions, the newest first."""

    rows: Sequence[SessionRow]
    names: Mapping[uuid.UUID, str]
    page: Window
    total: int
    who: str


def _ask_of(given: Mapping[str, Any]) -> Ask:
    """What an address asks for; a kind the page does not know is the first one."""
    text = {name: _clean(str(given.get(name, ""))) for name in ("who", "address", "after", "before")}
    kind = given.get("kind", "")
    return Ask(kind=kind if kind in KINDS else "signed_in", **text)


def _clean(text: str) -> str:
    return "".join(sign for sign in text if sign >= " " and not "\ud800" <= sign <= "\udfff").strip()[:300]


@query
def get_overview(actor: Actor) -> Overview:
    """Everything at a glance."""
    sessions = _page_of_sessions("", "", "", LATEST)
    rows = _described([row[0] for row in sessions.rows], actor.session)
    counted = select(func.count()).select_from(Incident).where(Incident.state == "open")
    mine = select(func.count()).select_from(Incident).where(Incident.state == "progress", Incident.owner_id == actor.id)
    open_ones = select(SecurityAlert).where(SecurityAlert.incident.has(Incident.state != "closed"))
    alerts = db.session.scalars(open_ones.order_by(SecurityAlert.at.desc()).limit(LATEST)).all()
    return Overview(
        _today(),
        db.session.scalar(counted) or 0,
        db.session.scalar(mine) or 0,
        alerts,
        _latest(),
        rows,
        _signed_in(""),
        _names(one.officer_id for one in rows),
        _unseen(),
    )


@query
def find_records(actor: Actor, ask: Ask) -> Records:
    """One page of records of a kind."""
    return Records(ask, _records(ask, SIZE))


@query
def list_records(
    actor: Actor, *, kind: str = "signed_in", who: str = "", address: str = "", after: str = "", size: int = SIZE
) -> tuple[Sequence[Any], str]:
    """Records of a kind, newest first: signed_in, failed, refused, stale, renewed, tampering, read."""
    page = _records(_ask_of({"kind": kind, "who": who, "address": address, "after": after}), min(max(size, 1), 200))
    return page.rows, page.next


@query
def find_sessions(actor: Actor, who: str = "", after: str = "", before: str = "") -> Sessions:
    """One page of open sessions, perhaps of one officer."""
    page = _page_of_sessions(who, after, before, SIZE)
    rows = _described([row[0] for row in page.rows], actor.session)
    return Sessions(rows, _names(one.officer_id for one in rows), page, _signed_in(who), who)


@query
def list_open_sessions(
    actor: Actor, *, who: str = "", after: str = "", size: int = SIZE
) -> tuple[Sequence[SessionRow], str]:
    """Open sessions, the newest first."""
    page = _page_of_sessions(_clean(who), after, "", min(max(size, 1), 200))
    return _described([row[0] for row in page.rows], actor.session), page.next


@query
def list_today(actor: Actor) -> tuple[Sequence[Today], str]:
    """Each kind today beside the usual."""
    return list(_today().values()), ""


def _records(ask: Ask, size: int) -> Window:
    found = select(*SHOWN).where(_of_kind(ask.kind))
    if ask.address:
        found = found.where(AuditRecord.address == ask.address)
    if ask.who:
        stranger = and_(AuditRecord.actor_id == SYSTEM.id, AuditRecord.actor_name == ask.who)
        found = found.where(or_(AuditRecord.actor_id.in_(_ids_called(ask.who)), stranger))
    order = Key("position", AuditRecord.position, down=True)
    return window(found, [], order, after=ask.after, before=ask.before, size=size)


def _latest() -> Sequence[Any]:
    """The latest of every kind together, each found by its own index."""
    order = AuditRecord.position.desc()
    rows = [
        row
        for kind in KINDS
        for row in db.session.execute(select(*SHOWN).where(_of_kind(kind)).order_by(order).limit(LATEST))
    ]
    return sorted(rows, key=lambda row: -row.position)[:LATEST]


def _open_sessions(who: str) -> Any:
    found = and_(OfficerSession.ended_at.is_(None), OfficerSession.expires_at > now())
    return and_(found, OfficerSession.officer_id.in_(_ids_called(who))) if who else found


def _signed_in(who: str) -> int:
    return db.session.scalar(select(func.count(OfficerSession.id)).where(_open_sessions(who))) or 0


def _page_of_sessions(who: str, after: str, before: str, size: int) -> Window:
    started, unique = OfficerSession.started_at, Key("id", OfficerSession.id)
    listed: Any = select(OfficerSession, started.label("started_at"), OfficerSession.id.label("id"))
    keys = [Key("started_at", started, down=True)]
    return window(listed.where(_open_sessions(who)), keys, unique, after=after, before=before, size=size)


def _today() -> Mapping[str, Today]:
    """By hour of the desks, beside the mean of days of the same kind (working or off) in four weeks."""
    here = now().astimezone(IST)
    day, figures = here.date(), _figures_of(here.date())
    since = day - dt.timedelta(weeks=WEEKS)
    found = select(WatchCount.kind, WatchCount.day, WatchCount.hour, WatchCount.count)
    rows = db.session.execute(found.where(WatchCount.officer_id == EVERYBODY, WatchCount.day >= since)).all()
    counts = {(kind, one, hour): number for kind, one, hour, number in rows}
    first = min((one for _kind, one, _hour in counts), default=day)
    alike = [first + dt.timedelta(days=number) for number in range((day - first).days)]
    alike = [one for one in alike if is_day_off(one, figures) == is_day_off(day, figures)]
    passed = here.minute / 60
    return {
        kind: _of_today(
            kind,
            [counts.get((kind, day, hour), 0) for hour in range(24)],
            [
                sum(counts.get((kind, one, hour), 0) for hour in range(here.hour))
                + passed * counts.get((kind, one, here.hour), 0)
                for one in alike
            ],
        )
        for kind in (ACTS, *KINDS)
    }


def _of_today(kind: str, hours: Sequence[int], usual: Sequence[float]) -> Today:
    mean = shown_number(sum(usual) / len(usual)) if usual else ""
    return Today(kind, sum(hours), mean, len(usual), hours)


def _unseen() -> dt.datetime | None:
    """Since when records wait for the watch, where it has fallen behind."""
    mark = db.session.scalar(select(WatchMark.position)) or 0
    waits = select(AuditRecord.at).where(AuditRecord.position > mark).order_by(AuditRecord.position).limit(1)
    at = db.session.scalar(waits)
    return at if at is not None and now() - at > BEHIND else None
