"""Facts about the register of projects and about what was loaded into it."""

from dataclasses import dataclass
from typing import Any

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class ProjectCreated(Event):
    """A work entered the register."""

    topic = "hmda.stage2.project.created"
    says = _("{code} entered the register ({source}).")
    code: str
    name: str
    source: str
    after: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ProjectUpdated(Event):
    """Particulars of a project changed; each field with what it was and what it is."""

    topic = "hmda.stage2.project.updated"
    says = _("Changed: {changed} ({source}).")
    code: str
    changed: str
    source: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ProjectRemoved(Event):
    """A project that came in with a report left the register when the load was undone."""

    topic = "hmda.stage2.project.removed"
    says = _("{code} left the register: the load that brought it was undone.")
    code: str


@dataclass(frozen=True, kw_only=True)
class ImportCommitted(Event):
    """A works report was loaded in one go."""

    topic = "hmda.dashboard.import.committed"
    says = _("{filename} was loaded: {created} new, {updated} changed, {same} unchanged.")
    batch: str
    filename: str
    rows: int
    created: int
    updated: int
    same: int


@dataclass(frozen=True, kw_only=True)
class ImportUndone(Event):
    """A loaded works report was taken back whole."""

    topic = "hmda.dashboard.import.undone"
    says = _("The load of {filename} was undone.")
    batch: str
    filename: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class FlagSettled(Event):
    """An officer decided about a doubtful value."""

    topic = "hmda.projects.flag.settled"
    says = _("{field}: {decision}. {note}")
    field: str
    code: str
    found: str
    decision: str
    value: str
    note: str


@dataclass(frozen=True, kw_only=True)
class ConsultantAssigned(Event):
    """A consultant may see and serve the project between two days."""

    topic = "hmda.projects.consultant.assigned"
    says = _("{officer} was assigned from {from_date} to {to_date}.")
    officer: str
    officer_id: str
    from_date: str
    to_date: str


@dataclass(frozen=True, kw_only=True)
class ConsultantReleased(Event):
    """The consultant no longer sees the project."""

    topic = "hmda.projects.consultant.released"
    says = _("{officer} was released.")
    officer: str
    officer_id: str
