"""Reading attachments."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, select

from portal.attachments.models import Attachment
from portal.core.access import Actor, scoped
from portal.core.db import db, one_or_not_found, page_of
from portal.core.usecases import query
from portal.projects.queries import get_project


def _attached(actor: Actor, project_id: UUID) -> Select[Attachment]:
    get_project(actor, project_id)
    found = scoped(select(Attachment), Attachment, actor)
    return found.where(Attachment.project_id == project_id, Attachment.status == "attached")


@query
def list_attachments(actor: Actor, project_id: UUID) -> Sequence[Attachment]:
    """All files that go into the project's DPR, in the order they are bound: by kind, number, title."""
    order = (Attachment.kind, Attachment.number, Attachment.title, Attachment.id)
    return db.session.scalars(_attached(actor, project_id).order_by(*order)).all()


@query
def page_attachments(actor: Actor, project_id: UUID, *, after: str = "") -> tuple[Sequence[Attachment], str]:
    """The same newest first, a page at a time."""
    return page_of(_attached(actor, project_id), Attachment.created_at, Attachment.id, after=after)


@query
def get_attachment(actor: Actor, attachment_id: UUID) -> Attachment:
    """One attachment, a withdrawn one too. Raises NotFound."""
    return one_or_not_found(scoped(select(Attachment).where(Attachment.id == attachment_id), Attachment, actor))


def _stored_bytes(project_id: UUID) -> int:
    return int(
        db.session.scalar(
            select(func.coalesce(func.sum(Attachment.bytes), 0)).where(
                Attachment.project_id == project_id, Attachment.status == "attached"
            )
        )
        or 0
    )
