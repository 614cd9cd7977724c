"""Facts about officers' accounts."""

from dataclasses import dataclass

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class OfficerAdded(Event):
    """An account was made."""

    topic = "hmda.accounts.officer.added"
    says = _("{username} was added as {role}.")
    username: str
    role: str
