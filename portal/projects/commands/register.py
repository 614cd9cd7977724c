"""Entering a project by hand, and correcting one."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.errors import RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.projects.commands.codes import _Numbering
from portal.projects.events import ProjectCreated, ProjectUpdated
from portal.projects.models import DqFlag, Project
from portal.projects.queries.register import get_project
from portal.projects.works_report.doubts import KEEP_OUT
from portal.projects.works_report.examine import plain
from portal.projects.works_report.parse import key_of


@command()
def create_project(actor: Actor, values: dict[str, Any]) -> Project:
    """Enter a project; without a number it gets the next of its kind and year."""
    project = Project(**values)
    numbering = _Numbering()
    project.import_key = key_of(project.division or "", project.work)
    twin = select(Project.code).where(Project.import_key == project.import_key)
    if code := db.session.scalar(twin):
        raise RuleBroken(_("%(code)s is this very work in this division already.", code=code), "work")
    if project.code:
        _refuse_taken(project.code)
    else:
        project.code = numbering.next(project)
    db.session.add(project)
    after = {name: plain(value) for name, value in values.items() if value}
    record(ProjectCreated(code=project.code, name=project.name, source="by hand", after=after), project, actor)
    return project


@command()
def edit_project(actor: Actor, project_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> Project:
    """Correct particulars. Raises Stale when someone saved since the officer opened the form."""
    project = _locked(actor, project_id)
    project.seen_as(seen)
    changed = {name: value for name, value in values.items() if getattr(project, name) != value}
    if changed.get("code", project.code) != project.code:
        _refuse_taken(changed["code"])
    if "code" in changed and not changed["code"]:
        raise RuleBroken(_("A project keeps its number; give it another, not none."), "code")
    if changed:
        _change(project, changed, actor, "by hand")
        _settle_edited(project, changed, actor)
    return project


def _locked(actor: Actor, project_id: UUID) -> Project:
    """The project, with other writers waiting until this command is through."""
    project = get_project(actor, project_id)
    db.session.refresh(project, with_for_update=True)
    return project


def _change(project: Project, changed: dict[str, Any], actor: Actor, source: str) -> None:
    """Set fields and record what they were and what they are."""
    record(_changed(project, changed, source), project, actor)


def _changed(project: Project, changed: dict[str, Any], source: str) -> ProjectUpdated:
    """Set fields; the fact of it is the caller's to record."""
    before = {name: plain(getattr(project, name)) for name in changed}
    for name, value in changed.items():
        setattr(project, name, value)
    after = {name: plain(value) for name, value in changed.items()}
    listed = ", ".join(name.replace("_", " ") for name in changed)
    return ProjectUpdated(code=project.code, changed=listed, source=source, before=before, after=after)


def _refuse_taken(code: str) -> None:
    if db.session.scalar(select(Project.id).where(Project.code == code)):
        raise RuleBroken(_("Another project has the number %(code)s.", code=code), "code")


def _settle_edited(project: Project, changed: dict[str, Any], actor: Actor) -> None:
    """Who corrects a doubtful field by hand has settled it."""
    found = select(DqFlag).where(
        DqFlag.project_id == project.id, DqFlag.state == "open", DqFlag.field.in_(list(changed))
    )
    for flag in db.session.scalars(found):
        flag.settle("corrected", "", actor.id, now())
    _recount([project.id])


def _recount(project_ids: list[UUID]) -> None:
    """Open doubts per project, for lists; no edit of the project itself, so its version stays."""
    db.session.flush()
    own = select(DqFlag.id).where(DqFlag.project_id == Project.id, DqFlag.state == "open")
    doubts = (
        select(func.count(DqFlag.id)).where(DqFlag.project_id == Project.id, DqFlag.state == "open").scalar_subquery()
    )
    kept_out = own.where(DqFlag.code.in_(sorted(KEEP_OUT))).exists()
    statement = update(Project).where(Project.id.in_(project_ids)).values(open_flags=doubts, kept_out=kept_out)
    db.session.execute(statement.execution_options(synchronize_session="fetch"))
