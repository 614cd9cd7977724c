"""Reading workbooks on their way into an estimate, and what was found in them."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from portal.boq_estimates.models import ImportBatch, ImportIssue
from portal.boq_estimates.queries.estimates import _place
from portal.core.access import Actor, scoped
from portal.core.db import db, now, one_or_not_found
from portal.core.errors import NotFound
from portal.core.i18n import _
from portal.core.usecases import query
from portal.projects.queries import get_project

OPEN = ("uploaded", "parsed", "validated")
LOST_AFTER = dt.timedelta(seconds=90)


@query
def list_imports(actor: Actor, project_id: UUID) -> Sequence[ImportBatch]:
    """The latest workbooks of a project, newest first."""
    get_project(actor, project_id)
    wanted = select(ImportBatch).where(ImportBatch.project_id == project_id)
    return db.session.scalars(wanted.order_by(ImportBatch.created_at.desc(), ImportBatch.id).limit(20)).all()


@query
def page_imports(actor: Actor, project_id: UUID) -> tuple[Sequence[ImportBatch], str]:
    """The same as the one page they always fit on."""
    return list_imports(actor, project_id), ""


@query
def get_import(actor: Actor, batch_id: UUID) -> ImportBatch:
    """One workbook on its way. Raises NotFound."""
    return one_or_not_found(scoped(select(ImportBatch).where(ImportBatch.id == batch_id), ImportBatch, actor))


@query
def list_issues(
    actor: Actor, batch_id: UUID, *, severity: str = "", after: str = "", size: int = 100
) -> tuple[Sequence[ImportIssue], str]:
    """What was found in a workbook, in the order of its rows, a page at a time."""
    get_import(actor, batch_id)
    wanted = select(ImportIssue).where(ImportIssue.batch_id == batch_id).order_by(ImportIssue.position)
    if severity:
        wanted = wanted.where(ImportIssue.severity == severity)
    if after:
        wanted = wanted.where(ImportIssue.position > _place(after))
    size = max(1, min(size, 500))
    rows = db.session.scalars(wanted.limit(size + 1)).all()
    return (rows, "") if len(rows) <= size else (rows[:size], str(rows[size - 1].position))


@query
def find_twin(actor: Actor, batch_id: UUID) -> ImportBatch | None:
    """An earlier import of the very same file that is in the project's estimate; None if there is none."""
    batch = get_import(actor, batch_id)
    wanted = select(ImportBatch).where(
        ImportBatch.project_id == batch.project_id,
        ImportBatch.file_sha256 == batch.file_sha256,
        ImportBatch.status == "committed",
        ImportBatch.id != batch.id,
    )
    return db.session.scalars(wanted.order_by(ImportBatch.created_at.desc())).first()


class Waiting(NamedTuple):
    """A workbook nobody is reading, with the number of its mapping and of the tries so far."""

    id: UUID
    attempt: int
    tries: int


@query
def list_waiting_imports(actor: Actor) -> Sequence[Waiting]:
    """Workbooks that wait to be read for a while, or whose reader's lease ran out."""
    free = or_(
        and_(ImportBatch.lease_until.is_(None), ImportBatch.created_at < now() - LOST_AFTER),
        ImportBatch.lease_until < now(),
    )
    wanted = scoped(select(ImportBatch).where(ImportBatch.status == "uploaded", free), ImportBatch, actor)
    columns = ImportBatch.id, ImportBatch.attempt, ImportBatch.tries
    return [Waiting(*row) for row in db.session.execute(wanted.with_only_columns(*columns))]


@query
def count_due_imports(actor: Actor) -> int:
    """Workbooks that nobody took over in time."""
    due = ImportBatch.status.in_(OPEN), ImportBatch.expires_at < now()
    wanted = select(func.count()).select_from(ImportBatch).where(*due)
    return int(db.session.scalar(scoped(wanted, ImportBatch, actor)) or 0)


@query
def get_issues_file(actor: Actor, batch_id: UUID) -> tuple[str, str]:
    """Content hash and name of the workbook with the Issues column. Raises NotFound when nothing was found wrong."""
    batch = get_import(actor, batch_id)
    if batch.issues_sha256 is None:
        raise NotFound(_("Nothing was found wrong with this workbook."))
    return batch.issues_sha256, f"{batch.filename.rpartition('.')[0] or 'workbook'}-issues.xlsx"
