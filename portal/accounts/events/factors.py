"""Facts about what officers prove themselves with; they name a factor, never what is in it."""

from dataclasses import dataclass

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class FactorAdded(Event):
    """An authenticator app or a passkey can be used from now on."""

    topic = "hmda.accounts.factor.added"
    says = _("“{name}” was added as a second factor.")
    username: str
    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class FactorRemoved(Event):
    """An authenticator app or a passkey can no longer be used."""

    topic = "hmda.accounts.factor.removed"
    says = _("The second factor “{name}” was removed.")
    username: str
    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(Event):
    """New recovery codes replaced all older ones."""

    topic = "hmda.accounts.recovery_codes.made"
    says = _("{count} recovery codes were made; older ones no longer work.")
    username: str
    count: int


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(Event):
    """A recovery code stood in for a second factor, for the first and last time."""

    topic = "hmda.accounts.recovery_code.used"
    says = _("A recovery code was used; {left} are left.")
    username: str
    left: int


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Event):
    """The officer chose another password."""

    topic = "hmda.accounts.password.changed"
    says = _("The password was changed.")
    username: str
