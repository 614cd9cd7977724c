"""Writing sections: every save is kept as a revision, and no save overwrites another unseen."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.errors import Stale
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.doc_assembly.events import SectionStatusChanged
from portal.doc_assembly.models import DprSection, SectionRevision, SectionState
from portal.doc_assembly.queries import get_section


@command("author")
def write_section(
    actor: Actor, project_id: UUID, code: str, values: dict[str, Any], *, seen: int | None = None
) -> DprSection:
    """Save the text of a section (English, Telugu). Raises Stale when another officer saved after it was opened."""
    section = get_section(actor, project_id, code)
    section.seen_as(seen)
    before = section.state
    if (section.text, section.text_te) == (values["text"], values["text_te"]):
        return section
    if not section.version:
        section = _begin(project_id, code)
    section.text, section.text_te = values["text"], values["text_te"]
    section.state, section.revision = SectionState.IN_PROGRESS, section.revision + 1
    db.session.flush()
    kept = SectionRevision(
        section_id=section.id,
        number=section.revision,
        text=section.text,
        text_te=section.text_te,
        author_id=actor.id,
        author_name=actor.name or actor.role,
        at=now(),
    )
    db.session.add(kept)
    fact = SectionStatusChanged(code=code, before=before, after=section.state, revision=section.revision)
    record(fact, section, actor)
    return section


def _begin(project_id: UUID, code: str) -> DprSection:
    """The first text of a section; of two officers who begin at once the slower gets Stale."""
    section = DprSection(project_id=project_id, code=code, revision=0, text="", text_te="")
    try:
        with db.session.begin_nested():
            db.session.add(section)
    except IntegrityError:
        found = select(DprSection).where(DprSection.project_id == project_id, DprSection.code == code)
        message = _("Someone else saved this after you opened it. Compare, choose, and save again.")
        raise Stale(message, current=db.session.scalars(found).one()) from None
    return section
