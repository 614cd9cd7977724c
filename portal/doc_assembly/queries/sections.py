"""Reading the authored sections of a report and their revisions."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from portal.core.access import Actor, require, scoped
from portal.core.db import db, one_or_not_found
from portal.core.errors import NotFound
from portal.core.i18n import _
from portal.core.usecases import query
from portal.doc_assembly.models import DprSection, SectionRevision, SectionState
from portal.doc_assembly.queries.versions import _closed
from portal.doc_assembly.rules.template import WRITTEN, Section, is_closed, need_of, written_for
from portal.projects.queries import get_project


class SectionRow(NamedTuple):
    """A section of the template with what is written of it; `row` is None while nothing is.

    `closed` where it says prices, and another officer wrote the text.
    """

    section: Section
    need: str
    row: DprSection | None
    closed: bool = False

    @property
    def state(self) -> str:
        """NOT_STARTED or what the record says."""
        return self.row.state if self.row else SectionState.NOT_STARTED


@query
def list_sections(actor: Actor, project_id: UUID) -> list[SectionRow]:
    """The sections that are written for this kind of work, in the order of the report."""
    project = get_project(actor, project_id)
    found = scoped(select(DprSection).where(DprSection.project_id == project_id), DprSection, actor)
    rows = {row.code: row for row in db.session.scalars(found)}
    offered = {section.code for section in written_for(project.work_type)} | rows.keys()
    closed = _closed_among(actor, project_id, rows.values())
    return [
        SectionRow(section, need_of(section.code, project.work_type), rows.get(section.code), section.code in closed)
        for section in WRITTEN.values()
        if section.code in offered
    ]


def _closed_among(actor: Actor, project_id: UUID, rows: Iterable[DprSection]) -> frozenset[str]:
    """The codes of the sections that this officer does not read: closed, and without a word of theirs."""
    closed = {row.id: row.code for row in rows if is_closed(row.code)}
    if not closed or actor.can("doc_assembly.read", _closed(actor, project_id)):
        return frozenset()
    own = select(SectionRevision.section_id).where(
        SectionRevision.section_id.in_(closed), SectionRevision.author_id == actor.id
    )
    return frozenset(closed.values()) - {closed[section_id] for section_id in db.session.scalars(own)}


@query
def page_sections(actor: Actor, project_id: UUID) -> tuple[list[SectionRow], str]:
    """The same as the one page of a collection."""
    return list_sections(actor, project_id), ""


@query
def get_section(actor: Actor, project_id: UUID, code: str) -> DprSection:
    """A section of a project; one that nobody has written yet is empty and has version 0.

    Raises NotFound, also for a closed section that others wrote.
    """
    get_project(actor, project_id)
    if code not in WRITTEN:
        raise NotFound(_("There is no such section."))
    found = select(DprSection).where(DprSection.project_id == project_id, DprSection.code == code)
    row = db.session.scalar(scoped(found, DprSection, actor))
    if row and _closed_among(actor, project_id, [row]):
        require(actor, "doc_assembly.read", _closed(actor, project_id))
    return row or DprSection(
        project_id=project_id, code=code, version=0, state=SectionState.NOT_STARTED, text="", text_te="", revision=0
    )


@query
def list_revisions(actor: Actor, project_id: UUID, code: str) -> Sequence[SectionRevision]:
    """Every text the section has had, newest first."""
    section = get_section(actor, project_id, code)
    found = select(SectionRevision).where(SectionRevision.section_id == section.id)
    return db.session.scalars(found.order_by(SectionRevision.number.desc())).all()


@query
def get_revision(actor: Actor, project_id: UUID, code: str, number: int) -> SectionRevision:
    """One text the section has had. Raises NotFound."""
    section = get_section(actor, project_id, code)
    found = select(SectionRevision).where(SectionRevision.section_id == section.id, SectionRevision.number == number)
    return one_or_not_found(found)
