"""Facts about signing in and out."""

from dataclasses import dataclass

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class OfficerSignedIn(Event):
    """Somebody proved who they are and a session began."""

    topic = "hmda.accounts.officer.signed_in"
    says = _("{username} signed in.")
    username: str
    method: str


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(Event):
    """Sessions of an officer were ended, with their tokens and open streams."""

    topic = "hmda.accounts.sessions.ended"
    says = _("{count} sessions of {username} ended: {why}.")
    username: str
    count: int
    why: str
