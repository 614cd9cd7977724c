"""Facts about the trail itself."""

from dataclasses import dataclass

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class DaySealed(Event):
    """The records of a day that is over were examined and their root signed."""

    topic = "hmda.audit_trail.day.sealed"
    says = _("The audit trail of {day} was sealed: {count} records.")
    day: str
    count: int
    root: str
    kid: str
