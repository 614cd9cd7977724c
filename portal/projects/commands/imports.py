"""Loading a works report: read it, look at it, commit it whole, take it back whole."""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any
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
from portal.projects.commands.loading import _load, _take_back
from portal.projects.events import ImportCommitted, ImportUndone
from portal.projects.models import ImportBatch, ImportRow, Project
from portal.projects.queries.imports import Plan, _plan, get_batch

MAX_BYTES = 25 << 20
EXAMINE = "portal.projects.works_report.examine:examine"


@command("import")
def stage_works_report(actor: Actor, file: storage.Upload, _values: dict[str, Any] | None = None) -> ImportBatch:
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
    batch.result = dict(plan.counts)
    _load(actor, batch, plan, numbering)
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
    _take_back(actor, batch, projects, rows)
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
