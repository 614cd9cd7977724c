"""Consultants: who is let in to a project, from when, until when."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.core.access import Actor
from portal.core.cards import forget
from portal.core.db import db
from portal.core.errors import Invalid, RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.projects.events import ConsultantAssigned, ConsultantReleased
from portal.projects.models import ConsultantAssignment
from portal.projects.queries.register import _consultant, get_assignment, get_project


@command("assign")
def assign_consultant(actor: Actor, project_id: UUID, values: dict[str, Any]) -> ConsultantAssignment:
    """Let a consultant in from one day to another; the last day may be left open."""
    project = get_project(actor, project_id)
    officer = _consultant(values["consultant"])
    if officer is None:
        raise Invalid(_("There is no consultant with this user name."), "consultant")
    if values["to_date"] and values["to_date"] < values["from_date"]:
        raise Invalid(_("The last day is before the first."), "to_date")
    _refuse_twice(project_id, officer.id)
    made = ConsultantAssignment(project_id=project.id, officer_id=officer.id, officer_name=officer.name)
    made.from_date, made.to_date, made.released = values["from_date"], values["to_date"], False
    db.session.add(made)
    until = f"{made.to_date:%d-%m-%Y}" if made.to_date else str(_("further notice"))
    fact = ConsultantAssigned(
        officer=officer.name, officer_id=str(officer.id), from_date=f"{made.from_date:%d-%m-%Y}", to_date=until
    )
    record(fact, made, actor)
    forget(officer.id)
    return made


def _refuse_twice(project_id: UUID, officer_id: UUID) -> None:
    found = select(ConsultantAssignment.id).where(
        ConsultantAssignment.project_id == project_id,
        ConsultantAssignment.officer_id == officer_id,
        ConsultantAssignment.released.is_(False),
        ConsultantAssignment.to_date.is_(None),
    )
    if db.session.scalar(found):
        raise RuleBroken(_("This consultant is assigned already, without a last day."), "consultant")


@command("assign")
def release_consultant(actor: Actor, assignment_id: UUID) -> ConsultantAssignment:
    """End an assignment at once."""
    assignment = get_assignment(actor, assignment_id)
    assignment.release()
    fact = ConsultantReleased(officer=assignment.officer_name, officer_id=str(assignment.officer_id))
    record(fact, assignment, actor)
    forget(assignment.officer_id)
    return assignment
