"""The only exceptions a use case raises on purpose; portal.core.http turns them into answers."""

from typing import Any


class PortalError(Exception):
    """A refusal with words fit for an officer to read."""

    status = 400
    title = "This cannot be done"

    def __init__(self, message: Any, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field

    def __str__(self) -> str:
        return str(self.args[0])


class Invalid(PortalError):
    """What was sent does not fit; `field` names the input to blame, if any (RFC 9110, 422)."""

    status = 422
    title = "Some of it needs another look"


class Malformed(PortalError):
    """The request cannot be read at all."""

    status = 400
    title = "This cannot be read"


class WrongType(PortalError):
    """Another content type than the one that is taken (RFC 9110, 415)."""

    status = 415
    title = "Another kind of body is expected"


class RuleBroken(PortalError):
    """A business rule said no in the present state of the record."""

    status = 409
    title = "Not possible as things stand"


class NotPermitted(PortalError):
    """The policy says no; `why` is the rule that did (portal.core.access.Decision), `act` what was asked for."""

    status = 403
    title = "Your role does not include this"

    def __init__(self, message: Any, *, why: str = "right", act: str = "") -> None:
        super().__init__(message)
        self.why, self.act = why, act


class NotProven(PortalError):
    """The act needs a fresh proof of identity (RFC 9470, insufficient_user_authentication)."""

    status = 401
    title = "Prove that it is you"


class NotFound(PortalError):
    """There is no such record, or none the actor may know of: the same answer for both.

    `why` is the rule of the policy that hides it, for the trail; "" where no rule was asked.
    """

    status = 404
    title = "Not found"

    def __init__(self, message: Any, *, why: str = "", act: str = "") -> None:
        super().__init__(message)
        self.why, self.act = why, act


class TooLarge(PortalError):
    """More bytes, rows or pages than the portal takes."""

    status = 413
    title = "Too large"


class TooMany(PortalError):
    """Too much of one thing at once; worth another try later, in `retry_after` seconds where that is known."""

    status = 429
    title = "Too many at once"

    def __init__(self, message: Any, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PolicyAway(PortalError):
    """The policy server gives no answer and none is kept: nothing is allowed until it does (fail closed)."""

    status = 503
    title = "Back in a moment"


class Stale(PortalError):
    """Another officer saved first; `current` is the record as it now stands (API: 412)."""

    status = 409
    title = "Changed by someone else meanwhile"

    def __init__(self, message: Any, current: Any = None) -> None:
        super().__init__(message)
        self.current = current
