"""Master keys that never leave a HashiCorp Vault or OpenBao: its transit engine wraps and unwraps data keys.

A version is `vault:<key>:v3`; the engine's own `vault:v3:…` is put together from it. What a token needs, for the key
`portal`: update on transit/encrypt/portal, transit/decrypt/portal and transit/rewrap/portal, read on
transit/keys/portal, and for a rotation update on transit/keys/portal/rotate.
"""

import base64
import logging
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from portal.config import BadSetting
from portal.core.i18n import _
from portal.core.keys.base import KeysAway, Unsealable
from portal.vault import Vault, VaultAway, VaultInvalid, VaultRefused

R = TypeVar("R")
PLACE = re.compile(r"(?:([A-Za-z0-9/_-]+)/)?([A-Za-z0-9_-]+)")
VERSION = re.compile(r"vault:([A-Za-z0-9_-]+):(v[0-9]+)")
KNOWN_S = 30
log = logging.getLogger("portal.keys")


class TransitKeeper:
    """One key of the transit engine, named `portal` or `mount/portal`."""

    prefix = "vault"

    def __init__(self, vault: Vault, place: str) -> None:
        found = PLACE.fullmatch(place)
        if not found:
            raise BadSetting(f"VAULT_TRANSIT_KEY must be the name of a key, or mount/name, not {place!r}.")
        self.vault, self.mount, self.name = vault, found[1] or "transit", found[2]
        self.latest, self.asked = "", 0.0

    @property
    def current(self) -> str:
        if not self.latest or time.monotonic() - self.asked > KNOWN_S:
            self._ask()
        return self.latest

    def wrap(self, key: bytes) -> tuple[str, bytes]:
        plain = base64.b64encode(key).decode()
        made = self._call(lambda engine: engine.encrypt_data(self.name, plain, mount_point=self.mount))
        return self._parted(made["data"]["ciphertext"])

    def unwrap(self, version: str, wrapped: bytes) -> bytes:
        name, text = _joined(version, wrapped)
        made = self._call(lambda engine: engine.decrypt_data(name, text, mount_point=self.mount))
        return base64.b64decode(made["data"]["plaintext"])

    def rewrap(self, version: str, wrapped: bytes) -> tuple[str, bytes]:
        name, text = _joined(version, wrapped)
        if name != self.name:
            return self.wrap(self.unwrap(version, wrapped))
        made = self._call(lambda engine: engine.rewrap_data(name, text, mount_point=self.mount))
        return self._parted(made["data"]["ciphertext"])

    def rotate(self) -> str:
        self._call(lambda engine: engine.rotate_key(self.name, mount_point=self.mount))
        self._ask()
        return self.latest

    def _ask(self) -> None:
        found = self._call(lambda engine: engine.read_key(self.name, mount_point=self.mount))
        self.latest, self.asked = f"vault:{self.name}:v{found['data']['latest_version']}", time.monotonic()

    def _parted(self, text: str) -> tuple[str, bytes]:
        _vault, number, body = text.split(":")
        return f"vault:{self.name}:{number}", base64.b64decode(body)

    def _call(self, act: Callable[[Any], R]) -> R:
        """Ask the engine. A cipher text it does not take was altered; any other refusal is for the operator to mend."""
        try:
            return self.vault.call(lambda client: act(client.secrets.transit))
        except VaultAway as away:
            log.error("%s", away)
            raise KeysAway(_("The service that keeps the keys does not answer. Try again in a moment.")) from None
        except VaultRefused as refused:
            log.error("%s (key %s/%s)", refused, self.mount, self.name)
            kind = Unsealable if isinstance(refused, VaultInvalid) else KeysAway
            raise kind(_("The service that keeps the keys refused; the log says why.")) from None


def _joined(version: str, wrapped: bytes) -> tuple[str, str]:
    found = VERSION.fullmatch(version)
    if not found:
        raise Unsealable(_("The master key %(name)s is not at hand.", name=version))
    return found[1], f"vault:{found[2]}:{base64.b64encode(wrapped).decode()}"
