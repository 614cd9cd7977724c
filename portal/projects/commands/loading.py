"""What a load does to the register, and what undoing it does: works, doubts, facts, each in a few statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.events import Fact, record_all
from portal.core.i18n import _
from portal.projects.commands.codes import _Numbering
from portal.projects.commands.register import _changed, _recount
from portal.projects.events import ProjectCreated, ProjectRemoved
from portal.projects.models import DqFlag, ImportBatch, ImportRow, Project
from portal.projects.queries.imports import Plan, Planned, _typed
from portal.projects.works_report.examine import plain

NOT_FIELDS = ("imported", "closed")  # what a row remembers of before besides the fields it changed


def _load(actor: Actor, batch: ImportBatch, plan: Plan, numbering: _Numbering) -> None:
    """Create and update the works of a report, with their doubts and their facts."""
    with db.session.no_autoflush:
        loaded = [(one, fact) for one in plan.rows if (fact := _work(batch, one, numbering))]
        flags = _flags_of(one.project.id for one in plan.rows if one.project)
        for one in plan.rows:
            if one.row.project_id:
                _renew_flags(batch, one, flags[one.row.project_id])
    record_all([fact for _one, fact in loaded], actor)
    _recount([one.row.project_id for one in plan.rows if one.row.project_id])
    _note_versions(batch)


def _work(batch: ImportBatch, planned: Planned, numbering: _Numbering) -> Fact | None:
    """What happens to the work of one row, if anything does."""
    row, project = planned.row, planned.project
    row.action = planned.action
    if planned.action == "left_out":
        return None
    if project is None:
        project = _created(row, numbering)
        row.project_id = project.id
        after = {name: value for name, value in row.parsed.items() if value}
        return ProjectCreated(code=project.code, name=project.name, source=batch.filename, after=after), project
    row.project_id = project.id
    if planned.action == "same":
        return None
    row.before = {name: plain(old) for name, (old, _new) in planned.changes.items()} | {"imported": project.imported}
    project.imported = row.parsed
    return _changed(project, {name: new for name, (_old, new) in planned.changes.items()}, batch.filename), project


def _created(row: ImportRow, numbering: _Numbering) -> Project:
    project = Project(**{name: _typed(name, value) for name, value in row.parsed.items()}, import_key=row.key)
    project.imported = row.parsed
    project.code = numbering.next(project)
    db.session.add(project)
    return project


def _flags_of(project_ids: Iterable[UUID]) -> dict[UUID, list[DqFlag]]:
    flags: dict[UUID, list[DqFlag]] = defaultdict(list)
    for flag in db.session.scalars(select(DqFlag).where(DqFlag.project_id.in_(list(project_ids)))):
        flags[flag.project_id].append(flag)
    return flags


def _renew_flags(batch: ImportBatch, planned: Planned, before: Sequence[DqFlag]) -> None:
    """Doubts the report still gives stay as they were settled; those it no longer gives are closed."""
    row, said = planned.row, {name: str(value)[:200] for name, value in planned.kept.items()}
    given = [] if planned.action == "same" else [(f["field"], f["code"], f["found"], f["suggested"]) for f in row.flags]
    if planned.action == "update":
        still = {doubt[:3] for doubt in given} | {(name, "edited", text) for name, text in said.items()}
        gone = [flag for flag in before if flag.state == "open" and (flag.field, flag.code, flag.found) not in still]
        for flag in gone:
            flag.settle("corrected", str(_("The report no longer says so.")), batch.officer_id, now())
        row.before = row.before | {"closed": [str(flag.id) for flag in gone]}
    asked = {flag.field for flag in before if flag.code == "edited" and flag.state == "open"}
    known = {(flag.field, flag.code, flag.found) for flag in before}
    fresh = [doubt for doubt in given if doubt[:3] not in known]
    fresh += [(name, "edited", text, text) for name, text in said.items() if name not in asked]
    for field, code, found, suggested in fresh:
        flag = DqFlag(project_id=row.project_id, batch_id=batch.id, field=field, code=code, found=found)
        flag.suggested = suggested
        db.session.add(flag)


def _note_versions(batch: ImportBatch) -> None:
    """Remember each project's version as loaded: a later edit stands in the way of undoing."""
    loaded = update(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.project_id == Project.id)
    noted = loaded.values(project_version=Project.version)
    db.session.execute(noted.execution_options(synchronize_session=False))


def _take_back(actor: Actor, batch: ImportBatch, projects: Sequence[Project], rows: Mapping[Any, ImportRow]) -> None:
    """Created works leave the register, updated ones and the doubts that were closed are again what they were."""
    facts = [_taken_back(batch, project, rows[project.id]) for project in projects]
    touched = _reopen(actor, batch, {UUID(flag) for row in rows.values() for flag in row.before.get("closed", ())})
    record_all(facts, actor)
    _recount([*touched, *rows])


def _taken_back(batch: ImportBatch, project: Project, row: ImportRow) -> Fact:
    if row.action == "create":
        project.removed, project.import_key = True, ""
        return ProjectRemoved(code=project.code), project
    project.imported = row.before["imported"]
    before = {name: _typed(name, value) for name, value in row.before.items() if name not in NOT_FIELDS}
    return _changed(project, before, str(_("undone: %(name)s", name=batch.filename))), project


def _reopen(actor: Actor, batch: ImportBatch, closed: set[UUID]) -> set[UUID]:
    """The doubts a load brought are closed, whatever became of their works; those it closed are open. Answers whose."""
    found = db.session.scalars(select(DqFlag).where(or_(DqFlag.batch_id == batch.id, DqFlag.id.in_(closed)))).all()
    for flag in found:
        if flag.id in closed:
            flag.reopen()
        elif flag.state == "open":
            flag.settle("corrected", str(_("The load was undone.")), actor.id, now())
    return {flag.project_id for flag in found}
