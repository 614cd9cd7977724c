"""Facts about officers, their sessions and what they sign in with."""

from portal.accounts.events.officers import OfficerAdded
from portal.accounts.events.sessions import OfficerSignedIn, SessionsEnded

__all__ = ["OfficerAdded", "OfficerSignedIn", "SessionsEnded"]
