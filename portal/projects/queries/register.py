"""One project, what happened to it, what is doubtful about it, who serves it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, or_, select

from portal.accounts.models import Officer
from portal.accounts.queries import Work
from portal.core import events
from portal.core.access import POLICY, About, Actor, scoped
from portal.core.calendar import today
from portal.core.db import db, one_or_not_found
from portal.core.registry import supplies
from portal.core.usecases import query
from portal.projects.models import ConsultantAssignment, DqFlag, Project

OUTSIDE = POLICY["assigned"]["roles"]  # let in project by project


@query
def get_project(actor: Actor, project_id: UUID) -> Project:
    """A project the actor may not know of does not exist for them; nor does one whose load was undone."""
    found = select(Project).where(Project.id == project_id, Project.removed.is_(False))
    return one_or_not_found(scoped(found, Project, actor))


@query
def timeline(actor: Actor, project_id: UUID, *, limit: int = 20) -> Sequence[events.StoredEvent]:
    """What happened to the project in any module, newest first."""
    get_project(actor, project_id)
    return events.timeline(project_id=project_id, limit=limit)


@query
def list_events(actor: Actor, project_id: UUID, *, size: int = 100) -> tuple[Sequence[events.StoredEvent], str]:
    """The same for machines: the latest of them, newest first."""
    return timeline(actor, project_id, limit=min(max(size, 1), 500)), ""


@query
def list_shared(actor: Actor, project_id: UUID) -> Sequence[Project]:
    """The other projects under the same sanction or contract, in the order of the report."""
    project = get_project(actor, project_id)
    if not project.shared_group:
        return []
    found = select(Project).where(Project.shared_group == project.shared_group, Project.id != project_id)
    return db.session.scalars(
        scoped(found.where(Project.removed.is_(False)), Project, actor).order_by(Project.code)
    ).all()


@query
def list_sharing(actor: Actor, project_id: UUID) -> tuple[Sequence[Project], str]:
    """The same for machines."""
    return list_shared(actor, project_id), ""


@query
def list_flags(actor: Actor, project_id: UUID) -> Sequence[DqFlag]:
    """Doubtful values: open ones first, then the settled, newest first."""
    get_project(actor, project_id)
    found = scoped(select(DqFlag), DqFlag, actor).where(DqFlag.project_id == project_id)
    order = (DqFlag.state != "open", DqFlag.created_at.desc(), DqFlag.field, DqFlag.id)
    return db.session.scalars(found.order_by(*order)).all()


@query
def list_doubts(actor: Actor, project_id: UUID) -> tuple[Sequence[DqFlag], str]:
    """The same for machines."""
    return list_flags(actor, project_id), ""


@query
def get_flag(actor: Actor, flag_id: UUID) -> DqFlag:
    """One doubtful value."""
    return one_or_not_found(scoped(select(DqFlag).where(DqFlag.id == flag_id), DqFlag, actor))


@query
def list_assignments(actor: Actor, project_id: UUID) -> Sequence[ConsultantAssignment]:
    """Consultants of the project, the latest first."""
    get_project(actor, project_id)
    found = scoped(select(ConsultantAssignment), ConsultantAssignment, actor)
    found = found.where(ConsultantAssignment.project_id == project_id)
    order = (ConsultantAssignment.from_date.desc(), ConsultantAssignment.id)
    return db.session.scalars(found.order_by(*order)).all()


@query
def list_access(actor: Actor, project_id: UUID) -> tuple[Sequence[ConsultantAssignment], str]:
    """The same for machines."""
    return list_assignments(actor, project_id), ""


@query
def get_assignment(actor: Actor, assignment_id: UUID) -> ConsultantAssignment:
    """One consultant's assignment."""
    found = select(ConsultantAssignment).where(ConsultantAssignment.id == assignment_id)
    return one_or_not_found(scoped(found, ConsultantAssignment, actor))


def _consultant(username: str) -> Officer | None:
    """An active consultant by user name."""
    found = select(Officer).where(
        Officer.username == username.strip().lower(), Officer.active, Officer.role.in_(OUTSIDE)
    )
    return db.session.scalar(found)


def _consultants() -> dict[str, str]:
    """Active consultants: user name and name."""
    found = select(Officer).where(Officer.active, Officer.role.in_(OUTSIDE)).order_by(Officer.name)
    return {officer.username: officer.name for officer in db.session.scalars(found)}


@supplies("project.places")
def _places(project_ids: Iterable[UUID]) -> list[About]:
    """Circle and division of projects, also of those being made in this transaction."""
    found = select(Project.id, Project.circle, Project.division).where(Project.id.in_(project_ids))
    rows = db.session.execute(found)
    return [About(project=key, circle=circle, division=division) for key, circle, division in rows]


@supplies("officer.work")
def _work_of(officer_id: UUID) -> list[Work]:
    """The projects a consultant is assigned to, today or later, for the administrator's desk."""
    found = (
        select(ConsultantAssignment, Project)
        .join(Project, Project.id == ConsultantAssignment.project_id)
        .where(
            ConsultantAssignment.officer_id == officer_id,
            ConsultantAssignment.released.is_(False),
            or_(ConsultantAssignment.to_date.is_(None), ConsultantAssignment.to_date >= today()),
            Project.removed.is_(False),
        )
        .order_by(ConsultantAssignment.from_date, ConsultantAssignment.id)
    )
    rows = db.session.execute(found)
    return [Work(project.id, f"{project.code} {project.name}", one.from_date, one.to_date) for one, project in rows]


@supplies("record.called")
def _ids_of_code(code: str) -> list[UUID]:
    """The project of this number, for who searches the audit trail by it."""
    return list(db.session.scalars(select(Project.id).where(func.lower(Project.code) == code.strip().lower())))


@supplies("places.known")
def _known_places() -> tuple[frozenset[str], frozenset[str]]:
    """The circles and divisions that projects lie in."""
    found = db.session.execute(select(Project.circle, Project.division).where(Project.removed.is_(False)).distinct())
    pairs = found.all()
    return frozenset(one for one, _other in pairs if one), frozenset(other for _one, other in pairs if other)


@supplies("actor.projects")
def _assigned_projects(officer_id: UUID) -> frozenset[UUID]:
    """The projects a consultant reaches today."""
    day = today()
    found = select(ConsultantAssignment.project_id).where(
        ConsultantAssignment.officer_id == officer_id,
        ConsultantAssignment.released.is_(False),
        ConsultantAssignment.from_date <= day,
        or_(ConsultantAssignment.to_date.is_(None), ConsultantAssignment.to_date >= day),
    )
    return frozenset(db.session.scalars(found))
