"""A workbook comes in, is read and checked away from the browser, and waits for an officer to take it over."""

import datetime as dt
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any, Protocol
from uuid import UUID

from flask_babel import force_locale
from sqlalchemy import delete, insert, select

from portal.boq_estimates.commands.versions import commit_import
from portal.boq_estimates.events import ImportChecked, ImportFailed, ImportRequested
from portal.boq_estimates.models import ImportBatch, ImportIssue
from portal.boq_estimates.queries import get_import
from portal.boq_estimates.queries.estimates import _detailed_estimate
from portal.boq_estimates.queries.imports import LOST_AFTER
from portal.boq_estimates.rules.bill import ERROR, WARNING, Bill, column_letter, read_bill
from portal.boq_estimates.rules.issues import help_text
from portal.boq_estimates.rules.layout import Layout, guess_columns, guess_layout, layout_of
from portal.boq_estimates.rules.stored import bill_as_json
from portal.core import storage
from portal.core.access import Actor
from portal.core.cells import Sheet, Workbook
from portal.core.db import db, now
from portal.core.errors import Invalid
from portal.core.events import record
from portal.core.i18n import _
from portal.core.sheets import MAX_BYTES, read_workbook, refuse_at_sight, shown, write_xlsx
from portal.core.usecases import command
from portal.projects.queries import get_project

KEEP_DAYS, SAMPLE_ROWS, SAMPLE_COLUMNS, SAMPLE_TEXT = 7, 20, 30, 80
TRIES, GAP = 3, 1000


class Upload(Protocol):
    """A file as it arrives."""

    filename: str | None

    def read(self, size: int = -1, /) -> bytes: ...


@command()
def request_import(actor: Actor, project_id: UUID, file: Upload, values: dict[str, Any]) -> ImportBatch:
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
    batch.status, batch.attempt = "uploaded", batch.attempt + 1
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
def check_import(actor: Actor, batch_id: UUID) -> ImportBatch:
    """Read the workbook, find the table, check every row. A file that cannot be read is marked so, with the reason."""
    batch = get_import(actor, batch_id)
    if batch.status != "uploaded":
        return batch
    try:
        book = read_workbook(storage.path(batch.file_sha256), batch.filename)
        _check(actor, batch, book)
    except Invalid as refusal:
        with force_locale("en"):
            _fail(actor, batch, str(refusal))
    return batch


@command()
def reject_import(actor: Actor, batch_id: UUID) -> ImportBatch:
    """Give up a workbook that is not in the estimate."""
    batch = get_import(actor, batch_id)
    batch.must_be_open()
    _fail(actor, batch, str(_("given up by %(who)s", who=actor.name or actor.role)))
    return batch


@command()
def tend_imports(actor: Actor) -> int:
    """Have lost workbooks read again, give up after three tries, and let those run out that nobody took over."""
    late = ImportBatch.status == "uploaded", ImportBatch.created_at < now() - LOST_AFTER
    lost = db.session.scalars(select(ImportBatch).where(*late).with_for_update(skip_locked=True)).all()
    for batch in lost:
        if (batch.updated_at or batch.created_at) > now() - LOST_AFTER:
            continue
        batch.attempt += 1
        if batch.attempt > TRIES:
            _fail(actor, batch, str(_("It could not be read in three tries.")))
        else:
            _ask_to_read(actor, batch)
    due = ImportBatch.status.in_(("uploaded", "parsed", "validated")), ImportBatch.expires_at < now()
    old = db.session.scalars(select(ImportBatch).where(*due).with_for_update(skip_locked=True)).all()
    for batch in old:
        batch.status, batch.bill = "expired", None
    return len(lost) + len(old)


@command()
def import_boq_file(
    actor: Actor, project_id: UUID, path: Path, *, dry_run: bool = False, again: bool = False
) -> ImportBatch:
    """The whole way at once, for the command line: read, check, and take over unless it is a dry run or has errors.

    Raises Invalid for a file without a table that can be read, and for one that is in the estimate already unless
    `again`; nothing is stored then.
    """
    with path.open("rb") as stream:
        batch = _take_in(actor, project_id, _Named(stream, path.name))
    db.session.flush()
    _check(actor, batch, read_workbook(path, path.name))
    db.session.flush()
    if batch.status != "validated":
        raise Invalid(_("No table with item number, description and unit was found in the first 30 rows of any sheet."))
    if batch.committable and not dry_run:
        commit_import(actor, batch.id, {"confirm": again})
    return batch


class _Named:
    """An open file with the name an officer gave it."""

    def __init__(self, stream: Any, filename: str) -> None:
        self.filename: str | None = filename
        self.stream = stream

    def read(self, size: int = -1, /) -> bytes:
        """A piece of the file."""
        return bytes(self.stream.read(size))


def _take_in(actor: Actor, project_id: UUID, file: Upload) -> ImportBatch:
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


def _fail(actor: Actor, batch: ImportBatch, reason: str) -> None:
    batch.status, batch.failure, batch.bill = "rejected", reason, None
    record(ImportFailed(batch_id=batch.id, filename=batch.filename, reason=reason), batch, actor)


def _check(actor: Actor, batch: ImportBatch, book: Workbook) -> None:
    batch.sheets = [{"name": s.name, "rows": len(s.rows), "hidden": s.hidden} for s in book.sheets if s.rows]
    layout = _layout(batch, book.sheets)
    sheet = next((s for s in book.sheets if layout and s.name == layout.sheet), _first(book.sheets))
    batch.sheet, batch.header_row = sheet.name, layout.header_row if layout else sheet.rows[0].number
    batch.mapping = layout.columns if layout else {}
    batch.sample = _sample(sheet, batch.header_row)
    if layout is None or layout.problems():
        batch.status = "parsed"
        bill = Bill()
    else:
        batch.status = "validated"
        bill = read_bill(sheet, layout)
        _store_issues(batch, layout, bill)
        batch.bill = bill_as_json(bill)
        batch.issues_sha256 = _issues_file(batch, sheet, bill)
    _store_counts(batch, bill)
    fact = ImportChecked(
        batch_id=batch.id, filename=batch.filename, items=len(bill.items), errors=batch.rows_error, status=batch.status
    )
    record(fact, batch, actor)


def _first(sheets: Sequence[Sheet]) -> Sheet:
    filled = [sheet for sheet in sheets if sheet.rows]
    return next((sheet for sheet in filled if not sheet.hidden), filled[0])


def _layout(batch: ImportBatch, sheets: Sequence[Sheet]) -> Layout | None:
    """As mapped by the officer; columns guessed in the row they pointed at; or everything guessed."""
    chosen = next((sheet for sheet in sheets if batch.header_row and sheet.name == batch.sheet and sheet.rows), None)
    if chosen is None or batch.header_row is None:
        return guess_layout(sheets)
    if batch.mapping:
        return layout_of(chosen, batch.header_row, batch.mapping)
    row = next((row for row in chosen.rows if row.number == batch.header_row), None)
    return layout_of(chosen, batch.header_row, guess_columns(row)) if row else None


def _sample(sheet: Sheet, header_row: int) -> list[list[str]]:
    """The header row and the 20 rows below it, each with its number, as texts of bearable length."""
    rows = [row for row in sheet.rows if row.number >= header_row][: SAMPLE_ROWS + 1]
    width = min(max((len(row.cells) for row in rows), default=0), SAMPLE_COLUMNS)
    return [[str(row.number), *(shown(row.at(place))[:SAMPLE_TEXT] for place in range(width))] for row in rows]


def _store_counts(batch: ImportBatch, bill: Bill) -> None:
    batch.rows_total, batch.rows_hidden = bill.rows, bill.hidden
    batch.rows_error, batch.rows_warning = bill.rows_with(ERROR), bill.rows_with(WARNING)
    batch.rows_ok = bill.rows - len({issue.row for issue in bill.issues})
    batch.sections_count, batch.items_count, batch.works_total = len(bill.sections), len(bill.items), bill.works


def _store_issues(batch: ImportBatch, layout: Layout, bill: Bill) -> None:
    db.session.execute(delete(ImportIssue).where(ImportIssue.batch_id == batch.id))
    rows = [
        {
            "id": uuid.uuid4(),
            "batch_id": batch.id,
            "position": position,
            "row_no": issue.row,
            "column": column_letter(layout, issue.field),
            "field": issue.field,
            "severity": issue.severity,
            "code": issue.code,
            "value": issue.value,
            "details": dict(issue.details),
        }
        for position, issue in enumerate(bill.issues, 1)
    ]
    if rows:
        db.session.execute(insert(ImportIssue.__table__), rows)  # type: ignore[arg-type]


def _issues_file(batch: ImportBatch, sheet: Sheet, bill: Bill) -> str | None:
    """The officer's own cells with a column Issues behind them, kept for download; None without issues."""
    if not bill.issues:
        return None
    with tempfile.TemporaryDirectory() as folder, force_locale("en"):
        path = Path(folder) / "issues.xlsx"
        width = sheet.width
        write_xlsx(path, [(sheet.name, [18] * width + [80], batch.header_row or 0, _with_issues(sheet, bill, batch))])
        return storage.put(path)


def _with_issues(sheet: Sheet, bill: Bill, batch: ImportBatch) -> Iterator[list[Any]]:
    said: dict[int, list[str]] = {}
    for issue in bill.issues:
        said.setdefault(issue.row, []).append(
            f"{issue.severity}: {issue.field}: {help_text(issue.code, issue.details)}"
        )
    width, at = sheet.width, 1
    for row in sheet.rows:
        for _blank in range(min(row.number - at, GAP)):
            yield []
        words = "Issues" if row.number == batch.header_row else "\n".join(said.get(row.number, ()))
        yield [*row.cells, *[None] * (width - len(row.cells)), words or None]
        at = row.number + 1
