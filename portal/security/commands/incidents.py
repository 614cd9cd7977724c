"""What is done about an incident: taken, noted in, acted on, closed with a reason, opened again. Nothing is deleted."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.commands import reset_factors
from portal.accounts.commands.officers import _lock_officer
from portal.accounts.commands.sessions import _end_all
from portal.accounts.models import Officer
from portal.accounts.queries.officers import _by_username
from portal.core.access import Actor
from portal.core.db import db, now, one_or_not_found
from portal.core.errors import Invalid, RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.security.events import IncidentActed, IncidentAssigned, IncidentClosed, IncidentNoted, IncidentReopened
from portal.security.models import Incident, IncidentNote
from portal.security.queries.incidents import _handlers
from portal.security.rules.catalogue import ACTIONS, END, LOCK, REASONS, RESET

ENDED, LOCKED = _("ended over a security incident"), _("%(number)s: unusual sign-ins or acts are looked into")


@command("handle")
def take_incident(actor: Actor, incident_id: UUID, *, seen: int | None = None) -> Incident:
    """Handle it oneself."""
    incident = _held(actor, incident_id, seen)
    return _assign(actor, incident, actor.id, actor.name or actor.role)


@command("handle")
def assign_incident(actor: Actor, incident_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> Incident:
    """Give it to an officer who may handle incidents. Raises Invalid for anybody else."""
    incident = _held(actor, incident_id, seen)
    owner = _by_username(values["owner"])
    if owner is None or owner.id not in {one.id for one in _handlers()}:
        raise Invalid(_("There is no officer of this user name who may handle incidents."), "owner")
    return _assign(actor, incident, owner.id, owner.name)


@command("handle")
def note_incident(actor: Actor, incident_id: UUID, values: dict[str, Any]) -> IncidentNote:
    """Add what was found out."""
    incident = _held(actor, incident_id)
    said = {"text": values["text"], "by_id": actor.id, "by_name": actor.name or actor.role, "at": now()}
    note = IncidentNote(incident_id=incident.id, **said)
    db.session.add(note)
    record(IncidentNoted(number=incident.number), incident, actor)
    return note


@command("handle")
def carry_out(actor: Actor, incident_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> Incident:
    """End the officer's sessions, lock the account, or reset the second factor; whoever acts owns the incident.

    Resetting needs the right to manage accounts, and a fresh proof. Raises RuleBroken for an incident about nobody
    who has an account, and for the last administrator.
    """
    incident = _held(actor, incident_id, seen)
    incident.refuse_if_closed()
    officer = _officer_of(incident)
    if incident.owner_id is None:
        _assign(actor, incident, actor.id, actor.name or actor.role)
    _act(actor, values["action"], officer, incident)
    record(IncidentActed(action=str(ACTIONS[values["action"]]), officer=officer.name), incident, actor)
    return incident


@command("handle")
def close_incident(actor: Actor, incident_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> Incident:
    """Close it with a reason and with words."""
    incident = _held(actor, incident_id, seen)
    if values["reason"] not in REASONS:
        raise Invalid(_("Choose one of the reasons."), "reason")
    incident.close(actor, values["reason"], values["words"])
    closed = IncidentClosed(reason=str(REASONS[values["reason"]]), words=values["words"])
    record(closed, incident, actor)
    return incident


@command("handle")
def reopen_incident(actor: Actor, incident_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> Incident:
    """Open it again, with the reason. Raises RuleBroken where a newer incident about the same is open."""
    incident = _held(actor, incident_id, seen)
    newer = select(Incident.number).where(Incident.about == incident.about, Incident.state != "closed")
    if incident.state == "closed" and (number := db.session.scalar(newer)):
        raise RuleBroken(_("%(number)s about the same is open. Go on there.", number=number))
    incident.reopen()
    record(IncidentReopened(words=values["why"]), incident, actor)
    return incident


def _held(actor: Actor, incident_id: UUID, seen: int | None = None) -> Incident:
    """Within a command: the incident, which nobody else changes until it ends. Raises NotFound, NotPermitted, Stale."""
    found = select(Incident).where(Incident.id == incident_id)
    held = one_or_not_found(found.with_for_update(of=Incident).execution_options(populate_existing=True))
    held.refuse_to(actor)
    held.seen_as(seen)
    return held


def _assign(actor: Actor, incident: Incident, officer_id: UUID, name: str) -> Incident:
    if incident.owner_id != officer_id or incident.state != "progress":
        incident.assign(officer_id, name)
        record(IncidentAssigned(owner=name), incident, actor)
    return incident


def _officer_of(incident: Incident) -> Officer:
    officer = db.session.get(Officer, incident.officer_id) if incident.officer_id else None
    if officer is None:
        raise RuleBroken(_("Nobody of this name has an account, so there is nothing to end or to lock."))
    return officer


def _act(actor: Actor, action: str, officer: Officer, incident: Incident) -> None:
    if action == END:
        _end_all(officer, str(ENDED), actor)
    elif action == LOCK:
        _lock_officer(actor, officer.id, str(_(LOCKED, number=incident.number)))
    elif action == RESET:
        reset_factors(actor, officer.id)
    else:
        raise Invalid(_("There is no such act."), "action")
