"""Facts about sections, builds and versions of the Detailed Project Report."""

from dataclasses import dataclass
from uuid import UUID

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class SectionStatusChanged(Event):
    """A section was written, or moved to another state; every revision of its text is kept."""

    topic = "hmda.assembly.section.status_changed"
    says = _("Section {code} was written (revision {revision}).")
    code: str
    before: str
    after: str
    revision: int


@dataclass(frozen=True, kw_only=True)
class BuildRequested(Event):
    """An officer asked for the document; a job starts from this fact."""

    topic = "hmda.assembly.build.requested"
    says = _("Assembly of {version} was asked for.")
    build_id: UUID
    version: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class BuildStarted(Event):
    """A worker took the build up, for the first time or again."""

    topic = "hmda.assembly.build.started"
    says = _("Assembly of {version} started (attempt {attempt}).")
    build_id: UUID
    version: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class BuildCompleted(Event):
    """The build ended with a version."""

    topic = "hmda.assembly.build.completed"
    says = _("Assembly of {version} is complete.")
    build_id: UUID
    version: str
    seconds: int


@dataclass(frozen=True, kw_only=True)
class BuildFailed(Event):
    """The build ended without a version; nothing was published."""

    topic = "hmda.assembly.build.failed"
    says = _("Assembly of {version} failed: {reason}")
    build_id: UUID
    version: str
    error_code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class BuildCancelled(Event):
    """The build was stopped by an officer; what was rendered is kept for the next."""

    topic = "hmda.assembly.build.cancelled"
    says = _("Assembly of {version} was cancelled.")
    build_id: UUID
    version: str


@dataclass(frozen=True, kw_only=True)
class DocumentGenerated(Event):
    """A complete version is in the store and on its page."""

    topic = "hmda.assembly.document.generated"
    says = _("DPR {version} is ready: {pages} pages.")
    version: str
    version_id: UUID
    kind: str
    content_hash: str
    pages: int
