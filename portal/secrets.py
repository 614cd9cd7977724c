"""Where secrets come from: the environment, a file that NAME_FILE names, or one secret of a Vault, in this order."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from portal.vault import Access, Vault, VaultAway, VaultRefused


class BadSetting(SystemExit):
    """A setting the portal cannot start with; where nobody catches it, its line is printed and the exit status is 1."""


class Secrets:
    """The secrets of one environment; the Vault is asked once, and only where VAULT_KV names a secret."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env

    def get(self, name: str) -> str:
        """The secret, or "" where nobody gives it. Raises BadSetting."""
        return self._near(name) or self._kept.get(name, "")

    def needed(self, name: str) -> str:
        """As get, but where a Vault keeps the secrets it has to have this one."""
        found = self.get(name)
        if not found and self.env.get("VAULT_KV"):
            raise BadSetting(f"The secret {self.env['VAULT_KV']} in Vault has no {name}.")
        return found

    def _near(self, name: str) -> str:
        """From the environment or a file; the end of line that editors add is no part of it."""
        if given := self.env.get(name, ""):
            return given
        if not (place := self.env.get(f"{name}_FILE", "")):
            return ""
        try:
            found = Path(place).read_text().rstrip("\r\n")
        except (OSError, ValueError) as failed:
            reason = failed.strerror if isinstance(failed, OSError) else "it is no text"
            raise BadSetting(f"{name}_FILE: {place} cannot be read: {reason}.") from None
        if not found:
            raise BadSetting(f"{name}_FILE: {place} is empty.")
        return found

    @cached_property
    def vault(self) -> Access | None:
        """How to reach the Vault, None where none is set. Raises BadSetting."""
        if not (address := self.env.get("VAULT_ADDR", "")):
            for name in ("VAULT_KV", "VAULT_TRANSIT_KEY"):
                if self.env.get(name):
                    raise BadSetting(f"{name} needs VAULT_ADDR, the address of the Vault.")
            return None
        token, role, secret = (self._near(f"VAULT_{name}") for name in ("TOKEN", "ROLE_ID", "SECRET_ID"))
        if bool(role) != bool(secret) or not (token or role):
            raise BadSetting("VAULT_ADDR needs VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID.")
        cacert, namespace = self.env.get("VAULT_CACERT", ""), self.env.get("VAULT_NAMESPACE", "")
        return Access(address, "" if role else token, role, secret, cacert, namespace)

    @cached_property
    def _kept(self) -> Mapping[str, str]:
        """What the secret VAULT_KV holds (KV version 2); its path begins with the name of the mount."""
        access, where = self.vault, self.env.get("VAULT_KV", "")
        if access is None or not where:
            return {}
        mount, _, path = where.strip("/").partition("/")
        if not path:
            raise BadSetting(f"VAULT_KV must be mount/path, such as secret/portal, not {where!r}.")
        try:
            found = Vault(access).call(lambda client: _read(client, mount, path))
        except (VaultAway, VaultRefused) as failed:
            raise BadSetting(f"The secrets cannot be read from {where}: {failed}.") from None
        return {name: value for name, value in found.items() if isinstance(value, str)}


def _read(client: Any, mount: str, path: str) -> dict[str, Any]:
    said = client.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
    return dict(said["data"]["data"])
