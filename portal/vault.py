"""HashiCorp Vault or OpenBao: one connection for a process, and plain words for what goes wrong with it."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

R = TypeVar("R")
TIMEOUT_S = 5
PAUSES_S = (0.2, 1.0)
log = logging.getLogger("portal.vault")


class VaultAway(Exception):
    """No answer, or sealed: worth another try later."""


class VaultRefused(Exception):
    """An answer, and it was no: a wrong token, path or key, or a policy that does not allow it."""


class VaultInvalid(VaultRefused):
    """The request itself was at fault, such as a cipher text that was altered; never the sign-in."""


@dataclass(frozen=True)
class Access:
    """Where it is and how to sign in: by a token, or by AppRole."""

    address: str
    token: str = field(default="", repr=False)
    role_id: str = ""
    secret_id: str = field(default="", repr=False)
    cacert: str = ""
    namespace: str = ""


class Vault:
    """Signs in when first asked, again when its token has run out or the process has forked."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.client: Any = None
        self.process = 0

    def call(self, act: Callable[[Any], R]) -> R:
        """Do this with a client that is signed in; a moment's absence is waited for. Raises VaultAway, VaultRefused."""
        for pause in PAUSES_S:
            try:
                return self._once(act)
            except VaultAway as away:
                log.warning("%s; trying again", away)
                time.sleep(pause)
        return self._once(act)

    def _once(self, act: Callable[[Any], R]) -> R:
        from hvac import exceptions  # only where it is used: it is slow to load

        known = self.client is not None and self.process == os.getpid()
        try:
            try:
                return act(self._signed_in(anew=not known))
            except exceptions.Forbidden:
                if not known or not self.access.role_id:
                    raise
                return act(self._signed_in(anew=True))  # the token of the role has run out
        except exceptions.InvalidRequest as said:
            raise VaultInvalid(self._refused(said)) from None
        except exceptions.VaultError as said:
            raise self._fault(said) from None
        except OSError as failed:  # every fault of the connection, and a CA file that is not there
            raise VaultAway(f"Vault at {self.access.address} does not answer ({_first_line(failed)})") from None

    def _signed_in(self, *, anew: bool) -> Any:
        import hvac

        if anew:
            mine = self.access
            client = hvac.Client(
                url=mine.address,
                token=mine.token,
                verify=mine.cacert or True,
                timeout=TIMEOUT_S,
                namespace=mine.namespace or None,
            )
            if mine.role_id:
                self._sign_in(client)
            self.client, self.process = client, os.getpid()
        return self.client

    def _sign_in(self, client: Any) -> None:
        from hvac.exceptions import InvalidRequest

        try:
            client.auth.approle.login(self.access.role_id, self.access.secret_id)
        except InvalidRequest as said:
            raise VaultRefused(self._refused(said)) from None

    def _refused(self, said: Any) -> str:
        return f"Vault at {self.access.address} refused ({_words(said)})"

    def _fault(self, said: Any) -> Exception:
        from hvac import exceptions as known

        passing = (
            known.VaultDown,
            known.VaultNotInitialized,
            known.BadGateway,
            known.InternalServerError,
            known.RateLimitExceeded,
        )
        if isinstance(said, passing):
            return VaultAway(f"Vault at {self.access.address} cannot answer now ({_words(said)})")
        return VaultRefused(self._refused(said))


def _words(said: Any) -> str:
    return ", ".join(said.errors or ()) or type(said).__name__


def _first_line(failed: Exception) -> str:
    return (str(failed) or type(failed).__name__).splitlines()[0][:200]
