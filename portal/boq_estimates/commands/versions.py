"""From a checked workbook to a version of the estimate, and back while nobody has touched it."""

import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import undefer

from portal.boq_estimates.commands.calculation import _recalculate
from portal.boq_estimates.events import ImportCommitted, ImportUndone, VersionCreated
from portal.boq_estimates.models import BoqItem, BoqSection, Estimate, EstimateVersion, ImportBatch
from portal.boq_estimates.queries import find_twin, get_estimate, get_import, get_version
from portal.boq_estimates.queries.estimates import _detailed_estimate, _recap
from portal.boq_estimates.rules.amounts import section_totals, works_total
from portal.boq_estimates.rules.bill import Bill
from portal.boq_estimates.rules.stored import bill_from
from portal.core.access import Actor
from portal.core.calendar import financial_year, today
from portal.core.db import db
from portal.core.errors import Invalid, RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.projects.queries import get_project

NUMBERS_LOCK = 0x0B0E


@command()
def commit_import(actor: Actor, batch_id: UUID, values: dict[str, Any]) -> EstimateVersion:
    """Make a checked workbook the new version of the project's estimate, whole or not at all.

    Raises RuleBroken while there are errors, Invalid (confirm) when the same file is in the estimate already.
    """
    batch = get_import(actor, batch_id)
    batch.must_be_committable()
    twin = find_twin(actor, batch_id)
    if twin and not values.get("confirm"):
        raise Invalid(_("This very file is in the estimate already. Tick to take it once more."), "confirm")
    bill = _bill_of(batch)
    estimate = _detailed_estimate(batch.project_id) or _new_estimate(actor, batch.project_id)
    version = _add_version(actor, estimate, bill, batch.filename)
    batch.status, batch.version_id, batch.estimate_id, batch.bill = "committed", version.id, estimate.id, None
    fact = ImportCommitted(
        estimate_id=estimate.id,
        version=version.label,
        batch_id=batch.id,
        filename=batch.filename,
        file_sha256=batch.file_sha256,
        items=len(bill.items),
    )
    record(fact, batch, actor)
    return version


@command()
def undo_import(actor: Actor, batch_id: UUID) -> ImportBatch:
    """Take back a committed workbook; the version before it is current again. Raises RuleBroken once it was edited."""
    batch = get_import(actor, batch_id)
    if batch.status != "committed" or batch.version_id is None or batch.estimate_id is None:
        raise RuleBroken(_("Only a workbook that is in the estimate can be taken back."))
    estimate, version = get_estimate(actor, batch.estimate_id), get_version(actor, batch.version_id)
    if estimate.current_version_id != version.id:
        raise RuleBroken(_("A later version has been made since. Take that one back first."))
    version.withdraw()
    estimate.current_version_id = version.base_version_id
    if version.base_version_id:
        get_version(actor, version.base_version_id).status = "draft"
    batch.status = "undone"
    fact = ImportUndone(estimate_id=estimate.id, version=version.label, batch_id=batch.id, filename=batch.filename)
    record(fact, estimate, actor)
    return batch


def _bill_of(batch: ImportBatch) -> Bill:
    wanted = select(ImportBatch).where(ImportBatch.id == batch.id).options(undefer(ImportBatch.bill))
    stored = db.session.scalars(wanted.execution_options(populate_existing=True)).one().bill
    return bill_from(stored or {})


def _new_estimate(actor: Actor, project_id: UUID) -> Estimate:
    """The project's detailed estimate, numbered EST/financial year/five digits."""
    project = get_project(actor, project_id)
    year = financial_year(today())
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": NUMBERS_LOCK})
    used = db.session.scalar(select(func.max(Estimate.estimate_no)).where(Estimate.estimate_no.like(f"EST/{year}/%")))
    number = int(used.rpartition("/")[2]) + 1 if used else 1
    title = (project.work or project.name)[:200]
    estimate = Estimate(
        project_id=project_id, estimate_no=f"EST/{year}/{number:05d}", title=title, base_rate_year=year, kind="detailed"
    )
    db.session.add(estimate)
    db.session.flush()
    return estimate


def _add_version(actor: Actor, estimate: Estimate, bill: Bill, source: str) -> EstimateVersion:
    base = get_version(actor, estimate.current_version_id) if estimate.current_version_id else None
    latest = db.session.scalar(
        select(func.max(EstimateVersion.minor)).where(
            EstimateVersion.estimate_id == estimate.id, EstimateVersion.major == 0
        )
    )
    version = EstimateVersion(
        project_id=estimate.project_id,
        estimate_id=estimate.id,
        major=0,
        minor=(latest or 0) + 1,
        base_version_id=base.id if base else None,
        change_note=source,
        items_count=len(bill.items),
        works_total=Decimal(0),
        grand_total=Decimal(0),
        say_amount=Decimal(0),
    )
    db.session.add(version)
    estimate.current_version_id = version.id
    if base:
        base.status = "superseded"
    db.session.flush()
    _insert_rows(actor, version, bill, base)
    made = VersionCreated(
        estimate_id=estimate.id,
        estimate_no=estimate.estimate_no,
        version=version.label,
        items=len(bill.items),
        source=source,
    )
    record(made, estimate, actor)
    works = works_total(item.amount for item in bill.items)
    _recalculate(actor, estimate, version, works, kept=_recap(base) if base else ())
    return version


def _insert_rows(actor: Actor, version: EstimateVersion, bill: Bill, base: EstimateVersion | None) -> None:
    """Thousands of rows in a few statements."""
    ids = {section.code: uuid.uuid4() for section in bill.sections}
    common = {"project_id": version.project_id, "version_id": version.id, "version": 1, "created_by": actor.id}
    _bulk(BoqSection, [common | row for row in _section_rows(bill, ids)])
    _bulk(BoqItem, [common | row for row in _item_rows(bill, ids, _line_keys(base))])


def _section_rows(bill: Bill, ids: dict[str, UUID]) -> Iterator[dict[str, Any]]:
    parents = {section.code: section.parent for section in bill.sections}
    totals = section_totals(parents, ((item.section, item.amount) for item in bill.items))
    counts = section_totals(parents, ((item.section, Decimal(1)) for item in bill.items))
    for place, section in enumerate(bill.sections, 1):
        yield {
            "id": ids[section.code],
            "parent_id": ids[section.parent] if section.parent else None,
            "code": section.code,
            "title": section.title,
            "preamble": section.preamble,
            "sort_key": place,
            "depth": section.depth,
            "total": totals[section.code],
            "items_count": int(counts[section.code]),
        }


def _item_rows(bill: Bill, ids: dict[str, UUID], keys: dict[tuple[str, str], UUID]) -> Iterator[dict[str, Any]]:
    """A line that was in the base version keeps its key."""
    for place, item in enumerate(bill.items, 1):
        yield {
            "id": uuid.uuid4(),
            "section_id": ids[item.section],
            "line_key": keys.get((item.item_no, _words(item.description))) or uuid.uuid4(),
            "position": place,
            "item_no": item.item_no,
            "description": item.description,
            "unit_code": item.unit,
            "book_item_code": item.book_item_code,
            "output_qty": item.output_qty,
            "base_rate": item.rate,
            "rate": item.rate,
            "quantity": item.quantity,
            "amount": item.amount,
            "drawing_refs": [item.drawing_ref] if item.drawing_ref else [],
            "source_row": item.row,
        }


def _bulk(model: type[BoqSection] | type[BoqItem], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(model.__table__), rows)  # type: ignore[arg-type]


def _line_keys(base: EstimateVersion | None) -> dict[tuple[str, str], UUID]:
    if base is None:
        return {}
    wanted = select(BoqItem.item_no, BoqItem.description, BoqItem.line_key).where(BoqItem.version_id == base.id)
    return {(number, _words(description)): key for number, description, key in db.session.execute(wanted)}


def _words(description: str) -> str:
    return " ".join(description.lower().split())
