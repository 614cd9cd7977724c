"""Facts about officers the organisation's provider vouches for."""

from dataclasses import dataclass

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class IdentityLinked(Event):
    """An account here and an account at the provider are one person's from now on."""

    topic = "hmda.accounts.identity.linked"
    says = _("{username} signs in by {issuer} from now on.")
    username: str
    issuer: str
