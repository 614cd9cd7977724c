"""Works reports: what was read, what a load would do, what it did."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Date, Numeric, select

from portal.core.access import Actor, require
from portal.core.db import db, one_or_not_found
from portal.core.usecases import query
from portal.projects.models import ImportBatch, ImportRow, Project
from portal.projects.works_report.examine import plain

Changes = dict[str, tuple[Any, Any]]


class Planned(NamedTuple):
    """One row with what loading it does: create, update, same or left_out; `kept` are fields an officer has edited."""

    row: ImportRow
    action: str
    changes: Changes
    kept: Mapping[str, Any]
    project: Project | None


class Plan(NamedTuple):
    """A report laid beside the register."""

    batch: ImportBatch
    rows: Sequence[Planned]
    counts: Mapping[str, int]


@query
def list_batches(actor: Actor) -> Sequence[ImportBatch]:
    """Reports read so far, the latest first."""
    require(actor, "projects.import")
    order = (ImportBatch.created_at.desc(), ImportBatch.id)
    return db.session.scalars(select(ImportBatch).order_by(*order).limit(50)).all()


@query
def get_batch(actor: Actor, batch_id: UUID) -> ImportBatch:
    """One report; only for those who may load it."""
    require(actor, "projects.import")
    return one_or_not_found(select(ImportBatch).where(ImportBatch.id == batch_id))


@query
def get_plan(actor: Actor, batch_id: UUID) -> Plan:
    """Row by row what a load would do now, or what it did."""
    batch = get_batch(actor, batch_id)
    return _plan(batch)


@query
def list_rows(actor: Actor, batch_id: UUID) -> tuple[Sequence[Planned], str]:
    """The same rows for machines."""
    return get_plan(actor, batch_id).rows, ""


def _plan(batch: ImportBatch, *, lock: bool = False) -> Plan:
    found = select(ImportRow).where(ImportRow.batch_id == batch.id).order_by(ImportRow.source_row)
    rows = db.session.scalars(found).all()
    known = _known(rows, lock=lock)
    planned = [_compared(batch, row, known.get(row.key)) for row in rows]
    names = ("create", "update", "same", "left_out")
    return Plan(batch, planned, {name: sum(1 for one in planned if one.action == name) for name in names})


def _known(rows: Iterable[ImportRow], *, lock: bool) -> dict[str, Project]:
    keys = [row.key for row in rows if not row.refused]
    found = select(Project).where(Project.import_key.in_(keys), Project.removed.is_(False))
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    return {project.import_key: project for project in db.session.scalars(found)}


def _compared(batch: ImportBatch, row: ImportRow, project: Project | None) -> Planned:
    if batch.state != "dry_run":
        return Planned(row, row.action, {}, {}, project)
    if row.refused:
        return Planned(row, "left_out", {}, {}, None)
    if project is None:
        return Planned(row, "create", {}, {}, None)
    changes, kept = _changes(project, row.parsed)
    return Planned(row, "update" if changes else "same", changes, kept, project)


def _changes(project: Project, parsed: Mapping[str, Any]) -> tuple[Changes, dict[str, Any]]:
    """What the report changed since it was last loaded; where an officer edited meanwhile, the officer's word stays."""
    changes: Changes = {}
    kept: dict[str, Any] = {}
    for name, new in parsed.items():
        current = plain(getattr(project, name))
        last = project.imported.get(name, current if current in (None, "", []) else _UNSEEN)
        if _same(last, new) or _same(current, new):
            continue
        if _same(current, last):
            changes[name] = (getattr(project, name), _typed(name, new))
        else:
            kept[name] = new
    return changes, kept


_UNSEEN = object()


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or (one in (None, "", []) and other in (None, "", [])))


def _typed(name: str, value: Any) -> Any:
    """A value of a parsed row as the column takes it."""
    kind = Project.__table__.c[name].type
    if value is None or not isinstance(value, str):
        return value
    if isinstance(kind, Numeric):
        return Decimal(value)
    return dt.date.fromisoformat(value) if isinstance(kind, Date) else value
