"""A workbook comes in, is read and checked away from the browser, and waits for an officer to take it over."""

import datetime as dt
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID

from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from portal.boq_estimates.commands.reading import _examined, _fail, _keep, _must_be_taken
from portal.boq_estimates.commands.versions import commit_import
from portal.boq_estimates.events import ImportRequested
from portal.boq_estimates.models import ImportBatch
from portal.boq_estimates.queries import get_import
from portal.boq_estimates.queries.estimates import _detailed_estimate
from portal.boq_estimates.queries.imports import OPEN
from portal.core import storage
from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.errors import Invalid
from portal.core.events import record
from portal.core.i18n import _
from portal.core.sheets import MAX_BYTES, refuse_at_sight
from portal.core.usecases import command
from portal.projects.queries import get_project

KEEP_DAYS = 7


@command()
def request_import(actor: Actor, project_id: UUID, file: storage.Upload, values: dict[str, Any]) -> ImportBatch:
    """Keep the workbook and have it read; what is no workbook at all is refused at once. Raises Invalid."""
    batch = _take_in(actor, project_id, file)
    _ask_to_read(actor, batch)
    return batch


@command()
def map_import(actor: Actor, batch_id: UUID, values: dict[str, Any]) -> ImportBatch:
    """Say where the table is: sheet, header_row, columns; for another sheet or header row columns are guessed anew."""
    batch = get_import(actor, batch_id)
    batch.must_be_open()
    moved = (batch.sheet, batch.header_row) != (values["sheet"], values["header_row"])
    if values["sheet"] not in [sheet["name"] for sheet in batch.sheets]:
        raise Invalid(_("There is no such sheet."), "sheet")
    batch.sheet, batch.header_row = values["sheet"], values["header_row"]
    batch.mapping = {} if moved else _distinct(values["columns"])
    batch.status, batch.attempt, batch.tries, batch.lease_until = "uploaded", batch.attempt + 1, 0, None
    _ask_to_read(actor, batch)
    return batch


def _distinct(columns: dict[str, int]) -> dict[str, int]:
    seen: dict[int, str] = {}
    for name, column in columns.items():
        if column in seen:
            raise Invalid(_("One column cannot be two things."), name)
        seen[column] = name
    return columns


@command()
def reject_import(actor: Actor, batch_id: UUID) -> ImportBatch:
    """Give up a workbook that is not in the estimate."""
    batch = get_import(actor, batch_id)
    batch.must_be_open()
    _fail(actor, batch, str(_("given up by %(who)s", who=actor.name or actor.role)))
    return batch


@command()
def expire_imports(actor: Actor) -> int:
    """Let those run out that nobody took over in time."""
    due = ImportBatch.status.in_(OPEN), ImportBatch.expires_at < now()
    old = db.session.scalars(select(ImportBatch).where(*due).with_for_update(skip_locked=True)).all()
    for batch in old:
        batch.status, batch.bill = "expired", None
    return len(old)


@command()
def import_boq_file(
    actor: Actor, project_id: UUID, path: Path, *, dry_run: bool = False, again: bool = False
) -> ImportBatch:
    """The whole way at once, for the command line: read, check, and take over unless it is a dry run or has errors.

    Raises Invalid for a file without a table that can be read, and for one that is in the estimate already unless
    `again`; nothing is stored then. A dry run leaves nothing behind that waits to be taken over.
    """
    found = _examined(path, path.name)  # before the database is asked anything
    _must_be_taken(found)
    with path.open("rb") as stream:
        batch = _take_in(actor, project_id, FileStorage(stream, path.name))
    db.session.flush()
    _keep(actor, batch, found)
    db.session.flush()
    if batch.status != "validated":
        raise Invalid(_("No table with item number, description and unit was found in the first 30 rows of any sheet."))
    if dry_run:
        batch.status, batch.failure, batch.bill = "rejected", str(_("only looked at, in a dry run")), None
    elif batch.committable:
        commit_import(actor, batch.id, {"confirm": again})
    return batch


def _take_in(actor: Actor, project_id: UUID, file: storage.Upload) -> ImportBatch:
    get_project(actor, project_id)
    name = PurePath((file.filename or "").replace("\\", "/")).name[:200]
    stored = storage.intake(file, limit=MAX_BYTES, inspect=lambda path: refuse_at_sight(path, name))
    estimate = _detailed_estimate(project_id)
    batch = ImportBatch(
        project_id=project_id,
        estimate_id=estimate.id if estimate else None,
        filename=name,
        file_sha256=stored.sha256,
        file_bytes=stored.bytes,
        status="uploaded",
        attempt=1,
        rows_error=0,
        items_count=0,
        expires_at=now() + dt.timedelta(days=KEEP_DAYS),
    )
    db.session.add(batch)
    return batch


def _ask_to_read(actor: Actor, batch: ImportBatch) -> None:
    record(ImportRequested(batch_id=batch.id, filename=batch.filename, attempt=batch.attempt), batch, actor)
