"""Reading a workbook: taken up with a lease, looked at in a sandbox while no transaction is open, then kept."""

import datetime as dt
import json
import tempfile
import uuid
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from flask_babel import force_locale
from sqlalchemy import delete, insert, or_, update

from portal.boq_estimates.events import ImportChecked, ImportFailed
from portal.boq_estimates.models import ImportBatch, ImportIssue
from portal.boq_estimates.queries import get_import
from portal.boq_estimates.rules.examine import ASK, ISSUES
from portal.core import sandbox, storage
from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.errors import Invalid
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command

EXAMINE = "portal.boq_estimates.rules.examine:examine"
LEASE = dt.timedelta(minutes=4)  # longer than the queue lets a job run, so two never read at once
TRIES = 3
NOTHING_NAMED: Mapping[str, Any] = {"sheet": "", "header_row": None, "columns": {}}


class Task(NamedTuple):
    """One try to read a workbook: whose it is, and all the reader has to know."""

    batch_id: UUID
    attempt: int
    tries: int
    sha256: str
    filename: str
    named: Mapping[str, Any]


class Found(NamedTuple):
    """What the sandbox said, and the content hash of the rows with their issues."""

    facts: dict[str, Any]
    issues_sha256: str | None = None


@command()
def take_up_import(actor: Actor, batch_id: UUID) -> Task | None:
    """Hold a waiting workbook for the length of the lease; None when it is read already, or held by another.

    Tries are counted here: what only waits in the queue is never given up. The lease is no change of the record, so its
    version stays.
    """
    free = or_(ImportBatch.lease_until.is_(None), ImportBatch.lease_until < now())
    held = (
        update(ImportBatch)
        .where(ImportBatch.id == batch_id, ImportBatch.status == "uploaded", free)
        .values(lease_until=now() + LEASE, tries=ImportBatch.tries + 1)
        .returning(ImportBatch.id)
    )
    if db.session.scalar(held.execution_options(synchronize_session=False)) is None:
        return None
    batch = get_import(actor, batch_id)
    db.session.refresh(batch)
    if batch.tries > TRIES:
        with force_locale("en"):
            _fail(actor, batch, str(_("It could not be read in three tries.")))
        return None
    named = {"sheet": batch.sheet, "header_row": batch.header_row, "columns": batch.mapping}
    return Task(batch.id, batch.attempt, batch.tries, batch.file_sha256, batch.filename, named)


@command()
def keep_import(actor: Actor, task: Task, found: Found) -> ImportBatch:
    """Keep what was read, unless the workbook was mapped anew, given up or taken up by another meanwhile."""
    batch = get_import(actor, task.batch_id)
    db.session.refresh(batch)
    if (batch.status, batch.attempt, batch.tries) != ("uploaded", task.attempt, task.tries):
        return batch
    batch.lease_until = None
    if "refused" in found.facts:
        with force_locale("en"):
            _fail(actor, batch, str(_refusal(found)))
    else:
        _keep(actor, batch, found)
    return batch


class Reader:
    """Reads one workbook from beginning to end; a crash leaves it to the lease and the next reader."""

    def __init__(self, actor: Actor, batch_id: UUID) -> None:
        self.actor, self.batch_id = actor, batch_id

    def run(self) -> None:
        """Take it up, look, keep; what another reader holds is left alone."""
        task = take_up_import(self.actor, self.batch_id)
        if task is not None:
            with storage.opened(task.sha256) as path:
                found = _examined(path, task.filename, task.named)
            keep_import(self.actor, task, found)


def _examined(path: Path, filename: str, named: Mapping[str, Any] = NOTHING_NAMED) -> Found:
    """Opened in a process of its own; only plain facts and a workbook of our own making come back."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ASK).write_text(json.dumps({"path": str(path.absolute()), "filename": filename, **named}))
        facts = sandbox.look(EXAMINE, folder)
        return Found(facts, storage.put(folder / ISSUES) if (folder / ISSUES).is_file() else None)


def _refusal(found: Found) -> Any:
    if found.facts["refused"] == "damaged":
        return _("The file is damaged, or unpacks to far more than a bill holds. Save it again and upload that.")
    return found.facts["refused"]


def _must_be_taken(found: Found) -> None:
    if "refused" in found.facts:
        raise Invalid(_refusal(found), "file")


def _fail(actor: Actor, batch: ImportBatch, reason: str) -> None:
    batch.status, batch.failure, batch.bill = "rejected", reason, None
    record(ImportFailed(batch_id=batch.id, filename=batch.filename, reason=reason), batch, actor)


def _keep(actor: Actor, batch: ImportBatch, found: Found) -> None:
    facts = found.facts
    for name in ("sheets", "sheet", "header_row", "mapping", "sample", "bill"):
        setattr(batch, name, facts[name])
    for name, count in facts["counts"].items():
        setattr(batch, name, count)
    batch.works_total = Decimal(facts["counts"]["works_total"])
    batch.status = "parsed" if facts["bill"] is None else "validated"
    batch.issues_sha256 = found.issues_sha256
    db.session.execute(delete(ImportIssue).where(ImportIssue.batch_id == batch.id))
    rows = [
        {"id": uuid.uuid4(), "batch_id": batch.id, "position": position, **issue}
        for position, issue in enumerate(facts["issues"], 1)
    ]
    if rows:
        db.session.execute(insert(ImportIssue.__table__), rows)  # type: ignore[arg-type]
    told = ImportChecked(
        batch_id=batch.id,
        filename=batch.filename,
        items=batch.items_count,
        errors=batch.rows_error,
        status=batch.status,
    )
    record(told, batch, actor)
