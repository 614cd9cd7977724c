"""Officers and everything they sign in with."""

from portal.accounts.models.factors import Factor, RecoveryCode
from portal.accounts.models.officers import Identity, Invitation, Officer, OfficerBatch
from portal.accounts.models.sessions import ApiKey, OfficerSession, RefreshToken, SigningKey

__all__ = [
    "ApiKey",
    "Factor",
    "Identity",
    "Invitation",
    "Officer",
    "OfficerBatch",
    "OfficerSession",
    "RecoveryCode",
    "RefreshToken",
    "SigningKey",
]
