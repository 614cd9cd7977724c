"""The inputs of a build, read from every module below in one consistent read."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.attachments.queries import list_attachments
from portal.boq_estimates.queries import find_estimate, get_current_estimate
from portal.core.access import Actor
from portal.core.db import consistent_read, db, now
from portal.core.show import dmy
from portal.core.usecases import query
from portal.doc_assembly.models import DprSection
from portal.doc_assembly.rules.frozen import Bill, Estimate, File, Frozen, Head, Inputs, Item, Origin, Text
from portal.projects.queries import get_project

PLAIN_FACTS = (
    "code",
    "name",
    "work",
    "division",
    "circle",
    "district",
    "mandal",
    "village",
    "survey_numbers",
    "financial_year",
    "period",
    "agency",
    "as_file",
    "as_details",
    "as_revised",
    "ts_details",
)
COUNTED = ("nos", "set")


@query
def freeze_inputs(actor: Actor, project_id: UUID) -> Frozen:
    """Project, sections, estimate and files as they stand at one instant, with the versions they were read at."""
    with consistent_read():
        project = get_project(actor, project_id)
        inputs = Inputs(
            project=_project(project),
            work_type=project.work_type,
            texts=[Text(row.code, row.text, row.text_te, row.revision) for row in _sections(project_id)],
            estimate=_estimate(actor, project_id),
            files=[_file(row) for row in list_attachments(actor, project_id)],
        )
        return Frozen(inputs, list_origins(actor, project_id), now().replace(microsecond=0))


@query
def list_origins(actor: Actor, project_id: UUID) -> list[Origin]:
    """The records a build would be made from, with their present versions."""
    project = get_project(actor, project_id)
    found = [Origin("projects", str(project.id), project.version, project.name)]
    estimate = find_estimate(actor, project_id)
    if estimate and estimate.current:
        title = f"{estimate.estimate.estimate_no}, {estimate.current.label}"
        found.append(Origin("boq_estimates", str(estimate.current.id), estimate.current.version, title))
    found += [Origin("doc_assembly", str(row.id), row.version, row.code) for row in _sections(project_id)]
    files = list_attachments(actor, project_id)
    return found + [Origin("attachments", str(row.id), row.version, row.title) for row in files]


def _sections(project_id: UUID) -> Sequence[DprSection]:
    found = select(DprSection).where(DprSection.project_id == project_id).order_by(DprSection.code)
    return db.session.scalars(found).all()


def _project(project: Any) -> dict[str, str]:
    facts = {name: str(getattr(project, name) or "") for name in PLAIN_FACTS}
    return facts | {
        "type": str(project.type_label),
        "as_authority": str(project.authority_label) if project.as_authority else "",
        "as_amount": "" if project.as_amount is None else str(project.as_amount),
        "as_date": dmy(project.as_date) if project.as_date else "",
        "as_revised_amount": "" if project.as_revised_amount is None else str(project.as_revised_amount),
    }


def _file(row: Any) -> File:
    dated = dmy(row.dated) if row.dated else ""
    names = (row.title, row.number, row.kind, dated, row.filename, row.mimetype, row.sha256)
    return File(str(row.id), *names, row.bytes, row.pages, row.page_sizes)


def _estimate(actor: Actor, project_id: UUID) -> Estimate | None:
    found = get_current_estimate(actor, project_id)
    if found is None:
        return None
    version = found.version
    return Estimate(
        number=found.estimate.estimate_no,
        title=found.estimate.title,
        version=version.label,
        rate_year=found.estimate.base_rate_year,
        works=str(version.works_total),
        taxable=str(version.taxable_total),
        grand_total=str(version.grand_total),
        say=str(version.say_amount),
        bills=list(_bills(found)),
        heads=[_head(line) for line in found.recap],
    )


def _bills(found: Any) -> Iterator[Bill]:
    items: dict[UUID, list[Item]] = {}
    for row in found.items:
        items.setdefault(row.section_id, []).append(_item(row))
    for section in found.sections:
        lines = items.get(section.id, [])
        yield Bill(section.code, section.title, section.depth, str(section.total), section.preamble, lines)


def _item(row: Any) -> Item:
    return Item(
        row.item_no,
        row.description,
        row.unit_code,
        str(row.quantity),
        str(row.rate),
        str(row.amount),
        f"{row.output_qty.normalize():f}",
        _decimals(row.quantity, row.unit_code),
    )


def _decimals(quantity: Decimal, unit: str) -> int:
    """As many as the quantity has: at least two, none for what is counted in whole numbers."""
    exponent = quantity.normalize().as_tuple().exponent
    has = max(0, -exponent) if isinstance(exponent, int) else 0
    return 0 if unit in COUNTED and not has else max(2, has)


def _head(line: Any) -> Head:
    percent, base = ("" if value is None else str(value) for value in (line.pct_used, line.base_amount))
    return Head(line.head_code, line.label, line.part, percent, base, str(line.amount), line.why)
