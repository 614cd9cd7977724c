"""Loading a works report: read it, look at it, commit it whole, take it back whole."""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select, text

from portal.core import sandbox, storage
from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.errors import Invalid, RuleBroken
from portal.core.events import StoredEvent, record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.projects.commands.codes import REGISTER_LOCK, _Numbering
from portal.projects.commands.register import _change, _recount
from portal.projects.events import ImportCommitted, ImportUndone, ProjectCreated, ProjectRemoved
from portal.projects.models import DqFlag, ImportBatch, ImportRow, Project
from portal.projects.queries.imports import Plan, Planned, _plan, _typed, get_batch
from portal.projects.works_report.examine import plain

MAX_BYTES = 25 << 20
EXAMINE = "portal.projects.works_report.examine:examine"


class Upload(Protocol):
    """A file as it arrives."""

    filename: str | None

    def read(self, size: int = -1, /) -> bytes: ...


@command("import")
def stage_works_report(actor: Actor, file: Upload, _values: dict[str, Any] | None = None) -> ImportBatch:
    """Read a works report for a dry run. A report read before, or loaded already, is found again, not read twice.

    Raises Invalid with words for the officer; then nothing is stored. A form that holds the file alone adds nothing.
    """
    name = PurePath((file.filename or "report").replace("\\", "/")).name[:200]
    found: dict[str, Any] = {}

    def inspect(path: Path) -> None:
        found.update(_examined(path, name))
        if "refused" in found:
            raise Invalid(_refusal(found["refused"]), "file")

    stored = storage.intake(file, limit=MAX_BYTES, inspect=inspect)
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": REGISTER_LOCK})
    known = select(ImportBatch).where(ImportBatch.sha256 == stored.sha256, ImportBatch.state != "undone")
    if batch := db.session.scalar(known):
        return batch
    return _keep(actor, name, stored, found)


def _examined(path: Path, name: str) -> dict[str, Any]:
    """Opened in a sandbox, under its own ending, for the ending is part of what is checked."""
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / ("report" + (PurePath(name).suffix.lower()[:8] or ".none"))
        link.symlink_to(path.absolute())
        return sandbox.look(EXAMINE, link)


def _refusal(why: str) -> Any:
    if why == "damaged":
        return _("The file is damaged, or unpacks to far more than a report holds. Save it again and upload that.")
    return why


def _keep(actor: Actor, name: str, stored: storage.Stored, found: Mapping[str, Any]) -> ImportBatch:
    rows = found["rows"]
    batch = ImportBatch(
        filename=name,
        sha256=stored.sha256,
        bytes=stored.bytes,
        rows=len(rows),
        accepted=found["totals"]["works"],
        columns=found["columns"],
        totals={**found["totals"], "sheet": found["sheet"], "unknown": found["unknown"]},
        officer_id=actor.id,
        officer_name=actor.name,
    )
    db.session.add(batch)
    db.session.flush()
    made = [ImportRow(batch_id=batch.id, **row) for row in rows]
    db.session.add_all(made)
    return batch


@command("import")
def commit_works_report(actor: Actor, batch_id: UUID) -> ImportBatch:
    """Load the report in one go: new works are created, changed ones updated, the rest left alone."""
    numbering = _Numbering()
    batch = get_batch(actor, batch_id)
    db.session.refresh(batch, with_for_update=True)
    plan = _plan(batch, lock=True)
    batch.commit(now())
    touched = [project.id for one in plan.rows if (project := _load(actor, batch, one, numbering))]
    batch.result = dict(plan.counts)
    _note_versions(plan)
    _recount(touched)
    record(_committed(batch, plan), batch, actor)
    return batch


def _committed(batch: ImportBatch, plan: Plan) -> ImportCommitted:
    return ImportCommitted(
        batch=str(batch.id),
        filename=batch.filename,
        rows=batch.accepted,
        created=plan.counts["create"],
        updated=plan.counts["update"],
        same=plan.counts["same"],
    )


def _load(actor: Actor, batch: ImportBatch, planned: Planned, numbering: _Numbering) -> Project | None:
    row = planned.row
    row.action = planned.action
    if planned.action == "left_out":
        return None
    project = planned.project or _created(actor, batch, row, numbering)
    row.project_id = project.id
    if planned.action == "update":
        row.before = {name: plain(old) for name, (old, _new) in planned.changes.items()}
        row.before |= {"imported": project.imported}
        project.imported = row.parsed
        _change(project, {name: new for name, (_old, new) in planned.changes.items()}, actor, batch.filename)
    if planned.action != "same":
        _renew_flags(batch, project, row.flags)
    _flag_kept(batch, project, planned.kept)
    return project


def _created(actor: Actor, batch: ImportBatch, row: ImportRow, numbering: _Numbering) -> Project:
    project = Project(**{name: _typed(name, value) for name, value in row.parsed.items()}, import_key=row.key)
    project.imported = row.parsed
    project.code = numbering.next(project)
    db.session.add(project)
    after = {name: value for name, value in row.parsed.items() if value}
    record(ProjectCreated(code=project.code, name=project.name, source=batch.filename, after=after), project, actor)
    return project


def _flags_of(project: Project) -> list[DqFlag]:
    return list(db.session.scalars(select(DqFlag).where(DqFlag.project_id == project.id)))


def _renew_flags(batch: ImportBatch, project: Project, flags: Iterable[Mapping[str, str]]) -> None:
    """Doubts the report still gives stay as they were settled; those it no longer gives are closed."""
    before = _flags_of(project)
    now_given = {(flag["field"], flag["code"], flag["found"]) for flag in flags}
    for flag in before:
        if flag.state == "open" and (flag.field, flag.code, flag.found) not in now_given:
            flag.settle("corrected", str(_("The report no longer says so.")), batch.officer_id, now())
    db.session.flush()
    known = {(flag.field, flag.code, flag.found) for flag in before}
    fresh = [flag for flag in flags if (flag["field"], flag["code"], flag["found"]) not in known]
    db.session.add_all(DqFlag(project_id=project.id, batch_id=batch.id, **flag) for flag in fresh)


def _flag_kept(batch: ImportBatch, project: Project, kept: Mapping[str, Any]) -> None:
    known = {(flag.field, flag.code) for flag in _flags_of(project) if flag.state == "open"} if kept else set()
    for name, value in kept.items():
        if (name, "edited") not in known:
            said = str(value)[:200]
            flag = DqFlag(project_id=project.id, batch_id=batch.id, field=name, code="edited", found=said)
            flag.suggested = said
            db.session.add(flag)


def _note_versions(plan: Plan) -> None:
    """Remember each project's version as loaded: a later edit stands in the way of undoing."""
    db.session.flush()
    ids = [one.row.project_id for one in plan.rows if one.row.project_id]
    found = db.session.execute(select(Project.id, Project.version).where(Project.id.in_(ids)))
    versions: dict[UUID, int] = {project_id: version for project_id, version in found}  # noqa: C416 - typed
    for one in plan.rows:
        if one.row.project_id:
            one.row.project_version = versions[one.row.project_id]


@command("import")
def undo_works_report(actor: Actor, batch_id: UUID) -> ImportBatch:
    """Take a load back whole. Raises RuleBroken once anybody has worked on one of its projects."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": REGISTER_LOCK})
    batch = get_batch(actor, batch_id)
    db.session.refresh(batch, with_for_update=True)
    batch.undo(now())
    loaded = select(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.action.in_(("create", "update")))
    rows = {row.project_id: row for row in db.session.scalars(loaded) if row.project_id}
    projects = db.session.scalars(select(Project).where(Project.id.in_(rows)).with_for_update()).all()
    _refuse_worked_on(batch, projects, rows)
    for project in projects:
        _take_back(actor, batch, project, rows[project.id])
    record(ImportUndone(batch=str(batch.id), filename=batch.filename, rows=len(projects)), batch, actor)
    return batch


def _refuse_worked_on(batch: ImportBatch, projects: Iterable[Project], rows: Mapping[Any, ImportRow]) -> None:
    loaded = select(StoredEvent.position).where(
        StoredEvent.stream_id == batch.id, StoredEvent.topic == ImportCommitted.topic
    )
    since = db.session.scalar(loaded.order_by(StoredEvent.position.desc()).limit(1)) or 0
    later = select(StoredEvent.project_id).where(StoredEvent.project_id.in_(rows), StoredEvent.position > since)
    busy = set(db.session.scalars(later))
    edited = [p.code for p in projects if p.version != rows[p.id].project_version or p.id in busy]
    if edited:
        listed = ", ".join(sorted(edited)[:5]) + (" …" if len(edited) > 5 else "")
        raise RuleBroken(_("Work has begun on %(codes)s, so this load can no longer be undone.", codes=listed))


def _take_back(actor: Actor, batch: ImportBatch, project: Project, row: ImportRow) -> None:
    if row.action == "create":
        project.removed, project.import_key = True, ""
        record(ProjectRemoved(code=project.code), project, actor)
    else:
        project.imported = row.before["imported"]
        before = {name: _typed(name, value) for name, value in row.before.items() if name != "imported"}
        _change(project, before, actor, str(_("undone: %(name)s", name=batch.filename)))
    for flag in _flags_of(project):
        if flag.batch_id == batch.id and flag.state == "open":
            flag.settle("corrected", str(_("The load was undone.")), actor.id, now())
    _recount([project.id])
