"""Reading estimates: scoped, totally ordered, paged, a fixed number of statements whatever the size."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.boq_estimates.models import (
    BoqItem,
    BoqSection,
    Estimate,
    EstimateVersion,
    RecapHead,
    RecapLine,
)
from portal.boq_estimates.rules.amounts import share
from portal.core.access import Actor, scoped
from portal.core.calendar import today
from portal.core.db import db, one_or_not_found, page_of
from portal.core.errors import Invalid
from portal.core.events import StoredEvent
from portal.core.events import timeline as _events_of
from portal.core.i18n import _
from portal.core.usecases import query
from portal.projects.models import Project
from portal.projects.queries import get_project


@dataclass(frozen=True)
class EstimateRow:
    """One line of the list of estimates, and one estimate as the API shows it."""

    id: UUID
    project_id: UUID
    project_code: str
    project_name: str
    estimate: Estimate
    current: EstimateVersion | None

    @property
    def version(self) -> int:
        """The version of the record, for those who mean to change it."""
        return self.estimate.version


class SectionRow(NamedTuple):
    """A part of the bill with its share of W in per cent; `total` holds the parts below it."""

    id: UUID
    parent_id: UUID | None
    code: str
    title: str
    preamble: str
    depth: int
    total: Decimal
    share: Decimal
    items_count: int


class ItemRow(NamedTuple):
    """A priced line; the rate is for `output_qty` units."""

    id: UUID
    section_id: UUID
    position: int
    item_no: str
    description: str
    unit_code: str
    output_qty: Decimal
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    drawing_refs: list[str]


@dataclass(frozen=True)
class Content:
    """A version without its items: what the cards, the section table and the recapitulation show."""

    estimate: Estimate
    version: EstimateVersion
    sections: Sequence[SectionRow]
    recap: Sequence[RecapLine]


@dataclass(frozen=True)
class CurrentEstimate(Content):
    """The current version with all its items in the order of the bill."""

    items: Sequence[ItemRow]


@query
def list_estimates(actor: Actor, *, q: str = "", after: str = "") -> tuple[Sequence[EstimateRow], str]:
    """Newest first, one page and the cursor of the next; `q` looks into number, title and project."""
    found = scoped(select(Estimate), Estimate, actor)
    if q:
        texts = (Project.code, Project.name)
        known = select(Project.id).where(or_(*(text.icontains(q, autoescape=True) for text in texts)))
        own = (text.icontains(q, autoescape=True) for text in (Estimate.title, Estimate.estimate_no))
        found = found.where(or_(*own, Estimate.project_id.in_(known)))
    rows, cursor = page_of(found, Estimate.created_at, Estimate.id, after=after)
    return _with_versions(rows), cursor


def _with_versions(rows: Sequence[Estimate]) -> list[EstimateRow]:
    wanted = [row.current_version_id for row in rows if row.current_version_id]
    versions = db.session.scalars(select(EstimateVersion).where(EstimateVersion.id.in_(wanted)))
    current = {version.id: version for version in versions}
    places = select(Project.id, Project.code, Project.name).where(Project.id.in_([row.project_id for row in rows]))
    projects = {id_: (code, name) for id_, code, name in db.session.execute(places)}
    return [
        EstimateRow(
            row.id, row.project_id, *projects[row.project_id], row, current.get(row.current_version_id or row.id)
        )
        for row in rows
    ]


@query
def get_estimate(actor: Actor, estimate_id: UUID) -> Estimate:
    """An estimate of a project the actor may not know of does not exist for them."""
    return one_or_not_found(scoped(select(Estimate).where(Estimate.id == estimate_id), Estimate, actor))


@query
def get_estimate_row(actor: Actor, estimate_id: UUID) -> EstimateRow:
    """An estimate with its current version and its project's name."""
    return _with_versions([get_estimate(actor, estimate_id)])[0]


@query
def find_estimate(actor: Actor, project_id: UUID) -> EstimateRow | None:
    """The detailed estimate of a project; None while there is none. Raises NotFound for an unknown project."""
    get_project(actor, project_id)
    found = _detailed_estimate(project_id)
    return _with_versions([found])[0] if found else None


def _detailed_estimate(project_id: UUID) -> Estimate | None:
    wanted = select(Estimate).where(Estimate.project_id == project_id, Estimate.kind == "detailed")
    return db.session.scalar(wanted)


@query
def get_version(actor: Actor, version_id: UUID) -> EstimateVersion:
    """One version of an estimate. Raises NotFound."""
    wanted = select(EstimateVersion).where(EstimateVersion.id == version_id)
    return one_or_not_found(scoped(wanted, EstimateVersion, actor))


@query
def list_versions(actor: Actor, estimate_id: UUID) -> Sequence[EstimateVersion]:
    """All versions of an estimate, newest first."""
    get_estimate(actor, estimate_id)
    wanted = select(EstimateVersion).where(EstimateVersion.estimate_id == estimate_id)
    return db.session.scalars(wanted.order_by(EstimateVersion.major.desc(), EstimateVersion.minor.desc())).all()


@query
def page_versions(actor: Actor, estimate_id: UUID) -> tuple[Sequence[EstimateVersion], str]:
    """The same as the one page they always fit on."""
    return list_versions(actor, estimate_id), ""


@query
def get_content(actor: Actor, version_id: UUID) -> Content:
    """Sections and recapitulation of a version, in four statements."""
    version = get_version(actor, version_id)
    return Content(get_estimate(actor, version.estimate_id), version, _sections(version), _recap(version))


@query
def get_current_estimate(actor: Actor, project_id: UUID) -> CurrentEstimate | None:
    """The current version of a project's estimate with every item, in six statements; None while there is none."""
    found = find_estimate(actor, project_id)
    if found is None or found.current is None:
        return None
    version = found.current
    items = db.session.execute(_items(version.id).order_by(BoqItem.position).execution_options(yield_per=2000))
    rows = [ItemRow(*row) for row in items]
    return CurrentEstimate(found.estimate, version, _sections(version), _recap(version), rows)


def _sections(version: EstimateVersion) -> list[SectionRow]:
    wanted = select(BoqSection).where(BoqSection.version_id == version.id).order_by(BoqSection.sort_key)
    return [
        SectionRow(
            row.id,
            row.parent_id,
            row.code,
            row.title,
            row.preamble,
            row.depth,
            row.total,
            share(row.total, version.works_total),
            row.items_count,
        )
        for row in db.session.scalars(wanted)
    ]


def _recap(version: EstimateVersion) -> Sequence[RecapLine]:
    wanted = select(RecapLine).where(RecapLine.version_id == version.id).order_by(RecapLine.position)
    return db.session.scalars(wanted).all()


def _items(version_id: UUID):  # type: ignore[no-untyped-def]  # a row of columns has no shorter type
    columns = [getattr(BoqItem, name) for name in ItemRow._fields]
    return select(*columns).where(BoqItem.version_id == version_id)


def _place(after: str) -> int:
    """The position in a cursor of ours. Raises Invalid."""
    if not after.isascii() or not after.isdigit() or len(after) > 9:
        raise Invalid(_("This page link is not one the portal gave out. Start again from the first page."), "after")
    return int(after)


@query
def list_items(
    actor: Actor, version_id: UUID, *, section: str = "", after: str = "", size: int = 200
) -> tuple[Sequence[ItemRow], str]:
    """Items in the order of the bill, a page at a time; `section` is a code and takes in all below it."""
    version = get_version(actor, version_id)
    wanted = _items(version.id)
    if section:
        wanted = wanted.where(BoqItem.section_id.in_(_below(version, section)))
    if after:
        wanted = wanted.where(BoqItem.position > _place(after))
    size = max(1, min(size, 500))
    rows = [ItemRow(*row) for row in db.session.execute(wanted.order_by(BoqItem.position).limit(size + 1))]
    return (rows, "") if len(rows) <= size else (rows[:size], str(rows[size - 1].position))


def _below(version: EstimateVersion, code: str) -> list[UUID]:
    """A section and all sections below it; sections come with their parents first."""
    found: list[UUID] = []
    for row in _sections(version):
        if row.code == code or row.parent_id in found:
            found.append(row.id)
    return found


@query
def get_recap_line(actor: Actor, line_id: UUID) -> RecapLine:
    """One line of a recapitulation. Raises NotFound."""
    return one_or_not_found(scoped(select(RecapLine).where(RecapLine.id == line_id), RecapLine, actor))


@query
def list_editable_heads(actor: Actor) -> frozenset[str]:
    """The codes of the heads that the actor's role may set today."""
    if not actor.can("boq_estimates.recapitulate"):
        return frozenset()
    return frozenset(row.code for row in _heads_on(today()) if actor.role in row.editable_by)


def _heads_on(day: dt.date) -> Sequence[RecapHead]:
    """The heads in force on a day: of each code the latest order that has begun and not ended."""
    wanted = select(RecapHead).where(
        RecapHead.effective_from <= day, or_(RecapHead.effective_to.is_(None), RecapHead.effective_to >= day)
    )
    latest = wanted.ext(distinct_on(RecapHead.code)).order_by(RecapHead.code, RecapHead.effective_from.desc())
    return db.session.scalars(latest).all()


@query
def timeline(actor: Actor, estimate_id: UUID) -> Sequence[StoredEvent]:
    """What happened to an estimate, newest first."""
    return _events_of(stream_id=get_estimate(actor, estimate_id).id)
