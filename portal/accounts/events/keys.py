"""Facts about keys for machines, and about the keys that sign access tokens."""

from dataclasses import dataclass

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class ApiKeyMade(Event):
    """An officer made a key for a machine."""

    topic = "hmda.accounts.key.made"
    says = _("{username} made the key “{name}” for {count} acts, good until {until}.")
    officer_id: str
    username: str
    name: str
    count: int
    until: str


@dataclass(frozen=True, kw_only=True)
class ApiKeyRevoked(Event):
    """A key for a machine opens nothing any more."""

    topic = "hmda.accounts.key.revoked"
    says = _("The key “{name}” of {username} was revoked.")
    officer_id: str
    username: str
    name: str


@dataclass(frozen=True, kw_only=True)
class TokenKeyMade(Event):
    """Access tokens are signed by another key from a moment on."""

    topic = "hmda.accounts.token_key.made"
    says = _("A new key signs access tokens from {starts} on.")
    kid: str
    starts: str


@dataclass(frozen=True, kw_only=True)
class TokenKeysWithdrawn(Event):
    """The keys so far verify nothing any more: one of them may be known to others."""

    topic = "hmda.accounts.token_key.withdrawn"
    says = _("{count} earlier keys of access tokens were withdrawn at once.")
    kid: str
    count: int


@dataclass(frozen=True, kw_only=True)
class SealKeyMade(Event):
    """The days of the audit trail are sealed by another key from now on."""

    topic = "hmda.accounts.seal_key.made"
    says = _("A new key seals the days of the audit trail.")
    kid: str
