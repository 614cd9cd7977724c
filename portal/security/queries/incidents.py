"""Reading alerts and incidents: lists with filters, and everything about one incident."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import func, select

from portal.accounts.models import Officer
from portal.accounts.queries.factors import _factors_of
from portal.core import events
from portal.core.access import ROLES, Actor, decide
from portal.core.audit import AuditRecord
from portal.core.db import db, one_or_not_found
from portal.core.keyset import Key, Window, window
from portal.core.usecases import query
from portal.security.models import Incident, SecurityAlert
from portal.security.rules.catalogue import END, LOCK, RESET, RULES, SEVERITIES, STATES

SIZE = 50
HANDLE = "security.handle"
KNOWN: Mapping[str, Mapping[str, Any]] = {
    "state": STATES,
    "severity": SEVERITIES,
    "rule": {name: rule.title for name, rule in RULES.items()},
}


@dataclass(frozen=True)
class Ask:
    """What a list of alerts or incidents is asked for; it stands in the address of the page."""

    state: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    mine: str = ""
    after: str = ""
    before: str = ""

    def args(self, **changed: Any) -> dict[str, Any]:
        """The parameters of an address that asks for this."""
        return {name: value for name, value in vars(replace(self, **changed)).items() if value}

    def pick(self, name: str, value: str) -> dict[str, Any]:
        """The first page with one value of a filter taken, or given back when it was taken."""
        chosen = getattr(self, name)
        rest = tuple(one for one in chosen if one != value)
        return self.args(**{name: rest if value in chosen else (*chosen, value), "after": "", "before": ""})


class Found(NamedTuple):
    """One page of a list, newest first, and what each state would find."""

    ask: Ask
    rows: Sequence[Any]
    page: Window
    states: Mapping[str, int]


class Dossier(NamedTuple):
    """One incident with all that is known; `officer` is None for who has no account, `acts` what can be done now."""

    incident: Incident
    officer: Officer | None
    acts: Sequence[str]
    records: Sequence[Any]
    timeline: Sequence[events.StoredEvent]
    handlers: Sequence[Officer]


def _ask_of(given: Mapping[str, Sequence[str]]) -> Ask:
    """What an address asks for; what the lists do not know is left out."""
    first = {name: values[0] for name, values in given.items() if values}
    many = {
        name: tuple(one for one in dict.fromkeys(given.get(name, ())) if one in known) for name, known in KNOWN.items()
    }
    mine = "1" if first.get("mine") else ""
    return Ask(**many, mine=mine, after=first.get("after", ""), before=first.get("before", ""))


@query
def find_incidents(actor: Actor, ask: Ask) -> Found:
    """One page of incidents, and the counts beside the states."""
    page = _incidents(actor, ask, SIZE)
    counted = select(Incident.state, func.count()).group_by(Incident.state)
    states = {state: count for state, count in db.session.execute(counted)}  # noqa: C416 - typed
    return Found(ask, [row[0] for row in page.rows], page, states)


@query
def list_incidents(
    actor: Actor, *, state: Sequence[str] = (), severity: Sequence[str] = (), after: str = "", size: int = SIZE
) -> tuple[Sequence[Incident], str]:
    """Incidents, newest first."""
    ask = _ask_of({"state": state, "severity": severity, "after": [after]})
    page = _incidents(actor, ask, min(max(size, 1), 200))
    return [row[0] for row in page.rows], page.next


@query
def get_incident(actor: Actor, incident_id: uuid.UUID) -> Incident:
    """One incident. Raises NotFound."""
    return one_or_not_found(select(Incident).where(Incident.id == incident_id))


@query
def get_incident_dossier(actor: Actor, incident_id: uuid.UUID) -> Dossier:
    """One incident, the records behind its alerts, and what happened."""
    incident = get_incident(actor, incident_id)
    positions = [position for alert in incident.alerts[:5] for position in alert.records]
    officer = db.session.get(Officer, incident.officer_id) if incident.officer_id else None
    return Dossier(
        incident,
        officer,
        _acts(actor, officer) if officer else [],
        _records(positions, 30),
        events.timeline(stream_id=incident_id, limit=50),
        [one for one in _handlers() if one.id != incident.officer_id],
    )


@query
def find_alerts(actor: Actor, ask: Ask) -> Found:
    """One page of alerts."""
    page = _alerts(ask, SIZE)
    return Found(ask, [row[0] for row in page.rows], page, {})


@query
def list_alerts(
    actor: Actor,
    *,
    state: Sequence[str] = (),
    severity: Sequence[str] = (),
    rule: Sequence[str] = (),
    after: str = "",
    size: int = SIZE,
) -> tuple[Sequence[SecurityAlert], str]:
    """Alerts, newest first; the state is that of their incident."""
    asked = {"state": state, "severity": severity, "rule": rule, "after": [after]}
    page = _alerts(_ask_of(asked), min(max(size, 1), 200))
    return [row[0] for row in page.rows], page.next


@query
def get_alert(actor: Actor, alert_id: uuid.UUID) -> SecurityAlert:
    """One alert. Raises NotFound."""
    return one_or_not_found(select(SecurityAlert).where(SecurityAlert.id == alert_id))


@query
def list_alert_records(actor: Actor, alert_id: uuid.UUID) -> tuple[Sequence[Any], str]:
    """The records of the trail behind an alert, newest first: who, what, from where; what was changed is not told."""
    return _records(get_alert(actor, alert_id).records, 200), ""


@query
def list_incident_events(actor: Actor, incident_id: uuid.UUID) -> tuple[Sequence[events.StoredEvent], str]:
    """What happened to an incident: the latest hundred facts, newest first."""
    get_incident(actor, incident_id)
    return events.timeline(stream_id=incident_id, limit=100), ""


def _acts(actor: Actor, officer: Officer) -> list[str]:
    """What would not be refused: nobody is locked twice, and only a factor that is there is reset."""
    locks = [LOCK] if officer.may_sign_in else []
    resets = [RESET] if actor.can("accounts.secure") and _factors_of(officer.id) else []
    return [END, *locks, *resets]


def _incidents(actor: Actor, ask: Ask, size: int) -> Window:
    listed: Any = select(Incident, Incident.opened_at.label("opened_at"), Incident.id.label("id"))
    for name in ("state", "severity"):
        if chosen := getattr(ask, name):
            listed = listed.where(getattr(Incident, name).in_(chosen))
    if ask.mine:
        listed = listed.where(Incident.owner_id == actor.id)
    keys = [Key("opened_at", Incident.opened_at, down=True)]
    return window(listed, keys, Key("id", Incident.id), after=ask.after, before=ask.before, size=size)


def _alerts(ask: Ask, size: int) -> Window:
    listed: Any = select(SecurityAlert, SecurityAlert.at.label("at"), SecurityAlert.id.label("id"))
    for name in ("severity", "rule"):
        if chosen := getattr(ask, name):
            listed = listed.where(getattr(SecurityAlert, name).in_(chosen))
    if ask.state:
        listed = listed.where(SecurityAlert.incident.has(Incident.state.in_(ask.state)))
    keys = [Key("at", SecurityAlert.at, down=True)]
    return window(listed, keys, Key("id", SecurityAlert.id), after=ask.after, before=ask.before, size=size)


def _records(positions: Sequence[int], most: int) -> Sequence[Any]:
    """Records by position, newest first, without what they changed."""
    names = ("id", "position", "at", "act", "outcome", "why", "actor_id", "actor_name", "role", "address", "device")
    columns = [getattr(AuditRecord, name) for name in names]
    found = select(*columns).where(AuditRecord.position.in_(positions))
    return db.session.execute(found.order_by(AuditRecord.position.desc()).limit(most)).all()


def _handlers() -> Sequence[Officer]:
    """Active officers who may handle incidents, by name."""
    roles = [role for role in ROLES if decide(Actor(uuid.UUID(int=0), role), HANDLE).allowed]
    found = select(Officer).where(Officer.active, Officer.locked_at.is_(None), Officer.role.in_(roles))
    return db.session.scalars(found.order_by(Officer.name)).all()
