"""Facts about officers, their sessions and what they sign in with."""

from portal.accounts.events.factors import (
    FactorAdded,
    FactorRemoved,
    PasswordChanged,
    RecoveryCodesMade,
    RecoveryCodeUsed,
)
from portal.accounts.events.federation import IdentityLinked
from portal.accounts.events.keys import ApiKeyMade, ApiKeyRevoked, SealKeyMade, TokenKeyMade, TokenKeysWithdrawn
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
    "ApiKeyMade",
    "ApiKeyRevoked",
    "FactorAdded",
    "FactorRemoved",
    "IdentityLinked",
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
    "PasswordChanged",
    "RecoveryCodeUsed",
    "RecoveryCodesMade",
    "RoleChanged",
    "SealKeyMade",
    "SecondFactorReset",
    "SessionsEnded",
    "TokenKeyMade",
    "TokenKeysWithdrawn",
]
