"""What can be done with attachments."""

from pathlib import Path, PurePath
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.attachments.events import AttachmentAdded, AttachmentEdited, AttachmentWithdrawn
from portal.attachments.models import Attachment
from portal.attachments.queries import _stored_bytes, get_attachment
from portal.attachments.rules import MAX_BYTES, MAX_PAGES
from portal.core import sandbox, storage
from portal.core.access import Actor
from portal.core.db import db
from portal.core.errors import Invalid, RuleBroken, TooLarge
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.projects.queries import get_project

PROJECT_BYTES = 4 << 30
REFUSALS = {
    "unknown_type": _("This is not a PDF, PNG, JPEG or TIFF, whatever its name says. Save it as PDF and upload that."),
    "office": _("Office and CAD files are not bound. Save or plot it as PDF and upload the PDF."),
    "encrypted": _("The PDF is protected by a password. Save a copy without protection and upload that."),
    "damaged": _("The file is damaged and cannot be read to the end. Export it again and upload the new file."),
    "no_pages": _("The file has no pages."),
    "too_many_pages": _("The file has more than %(most)s pages. Split it.", most=MAX_PAGES),
    "page_too_large": _("A page is larger than can be archived (5,080 mm, or 300 million points of an image)."),
}


@command()
def add_attachment(actor: Actor, project_id: UUID, file: storage.Upload, values: dict[str, Any]) -> Attachment:
    """Stream a file into the store and bind it to the project; title, number, kind, dated.

    Raises Invalid with the reason for what cannot be bound, TooLarge beyond 200 MB a file or 4 GB a project.
    """
    get_project(actor, project_id)
    found: dict[str, Any] = {}

    def inspect(path: Path) -> None:
        found.update(sandbox.look("portal.attachments.rules:inspect", path))
        if "refused" in found:
            raise Invalid(REFUSALS[found["refused"]], "file")

    def accept(stored: storage.Stored) -> None:
        _one_at_a_time(project_id)
        if _stored_bytes(project_id) + stored.bytes > PROJECT_BYTES:
            raise TooLarge(_("The project's files would exceed 4 GB. Withdraw what is not needed."))
        _refuse_twin(project_id, stored.sha256, values)

    stored = storage.intake(file, limit=MAX_BYTES, inspect=inspect, accept=accept)
    name = PurePath((file.filename or "file").replace("\\", "/")).name[:200]
    attachment = Attachment(
        **values, project_id=project_id, filename=name, sha256=stored.sha256, bytes=stored.bytes, **found
    )
    attachment.status = "attached"
    db.session.add(attachment)
    fact = AttachmentAdded(
        title=attachment.title,
        kind=attachment.kind,
        sha256=stored.sha256,
        bytes=stored.bytes,
        pages=attachment.pages,
    )
    record(fact, attachment, actor)
    return attachment


def _one_at_a_time(project_id: UUID) -> None:
    """Files of one project are counted and compared by one officer after the other."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"attachments {project_id}"))))


def _refuse_twin(project_id: UUID, sha256: str, values: dict[str, Any], but: UUID | None = None) -> None:
    twin = select(Attachment.id).where(
        Attachment.project_id == project_id,
        Attachment.sha256 == sha256,
        Attachment.kind == values["kind"],
        Attachment.title == values["title"],
        Attachment.status == "attached",
    )
    if but:
        twin = twin.where(Attachment.id != but)
    if db.session.scalar(twin):
        raise RuleBroken(_("The same file is attached under this title already."), "title")


@command()
def edit_attachment(
    actor: Actor, attachment_id: UUID, values: dict[str, Any], *, seen: int | None = None
) -> Attachment:
    """Correct title, number, kind or date."""
    attachment = get_attachment(actor, attachment_id)
    attachment.seen_as(seen)
    _one_at_a_time(attachment.project_id)
    _refuse_twin(attachment.project_id, attachment.sha256, values, but=attachment.id)
    before = {name: str(getattr(attachment, name) or "") for name in values}
    for name, value in values.items():
        setattr(attachment, name, value)
    after = {name: str(value or "") for name, value in values.items()}
    if before != after:
        record(AttachmentEdited(title=attachment.title, before=before, after=after), attachment, actor)
    return attachment


@command("withdraw")
def withdraw_attachment(actor: Actor, attachment_id: UUID) -> Attachment:
    """Take a file out of the next DPR; versions that hold it keep it."""
    attachment = get_attachment(actor, attachment_id)
    attachment.withdraw()
    record(AttachmentWithdrawn(title=attachment.title, sha256=attachment.sha256), attachment, actor)
    return attachment
