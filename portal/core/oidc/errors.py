"""How a sign-in by the organisation can fail, in words for the officer; `why` is for the audit record."""

from typing import Any

from portal.core.errors import PortalError


class NotVouched(PortalError):
    """The organisation's provider did not vouch for anybody, or not in a way that can be trusted.

    `forged` is for what no honest provider and no impatient officer brings about.
    """

    status = 400
    title = "The sign-in was not completed"

    def __init__(self, message: Any, why: str, *, forged: bool = False) -> None:
        super().__init__(message)
        self.why, self.forged = why, forged


class ProviderAway(NotVouched):
    """The provider does not answer, or not what OpenID Connect says: worth another try in a moment."""

    status = 503
    title = "The organisation's sign-in does not answer"
