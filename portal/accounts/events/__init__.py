"""Facts about officers, their sessions and what they sign in with."""

from portal.accounts.events.officers import (
    InvitationRemoved,
    LinkGiven,
    LinkTakenUp,
    OfficerAdded,
    OfficerChanged,
    OfficerDisabled,
    OfficerEnabled,
    OfficerLocked,
    OfficersLoaded,
    OfficerUnlocked,
    RoleChanged,
    SecondFactorReset,
)
from portal.accounts.events.sessions import OfficerSignedIn, SessionsEnded

__all__ = [
    "InvitationRemoved",
    "LinkGiven",
    "LinkTakenUp",
    "OfficerAdded",
    "OfficerChanged",
    "OfficerDisabled",
    "OfficerEnabled",
    "OfficerLocked",
    "OfficerSignedIn",
    "OfficerUnlocked",
    "OfficersLoaded",
    "RoleChanged",
    "SecondFactorReset",
    "SessionsEnded",
]
