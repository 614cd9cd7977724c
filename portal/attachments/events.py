"""Facts about attached files."""

from dataclasses import dataclass

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class AttachmentAdded(Event):
    """A file passed inspection and is in the store."""

    topic = "hmda.attachments.file.added"
    says = _("“{title}” was attached ({pages} pages).")
    title: str
    kind: str
    sha256: str
    bytes: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class AttachmentEdited(Event):
    """Title, number, kind or date were corrected; the file itself never changes."""

    topic = "hmda.attachments.file.edited"
    says = _("The particulars of “{title}” were corrected.")
    title: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class AttachmentWithdrawn(Event):
    """The file no longer goes into the DPR; it stays in the store for the versions that hold it."""

    topic = "hmda.attachments.file.withdrawn"
    says = _("“{title}” was withdrawn.")
    title: str
    sha256: str
