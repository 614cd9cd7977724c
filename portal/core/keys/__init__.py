"""The master keys of the running app: the first keeper wraps, whoever wrapped a key unwraps it."""

from collections.abc import Sequence
from pathlib import Path

from flask import Flask, current_app

from portal.core.i18n import _
from portal.core.keys.base import Keeper, KeysAway, Unsealable
from portal.core.keys.local import LocalKeeper
from portal.core.keys.transit import TransitKeeper
from portal.vault import Vault

__all__ = ["Keeper", "KeysAway", "Ring", "Unsealable", "init_app", "ring"]


class Ring:
    """Keepers side by side, so that an installation can move from one to another and still read what is older."""

    def __init__(self, keepers: Sequence[Keeper]) -> None:
        self.keepers = keepers

    @property
    def current(self) -> str:
        """The version that wraps now."""
        return self.keepers[0].current

    def wrap(self, key: bytes) -> tuple[str, bytes]:
        """The data key under the current version, and that version."""
        return self.keepers[0].wrap(key)

    def unwrap(self, version: str, wrapped: bytes) -> bytes:
        """The data key. Raises Unsealable, KeysAway."""
        return self._keeper(version).unwrap(version, wrapped)

    def rewrap(self, version: str, wrapped: bytes) -> tuple[str, bytes]:
        """The same data key under the current version; a service that keeps the keys never shows it."""
        first, before = self.keepers[0], self._keeper(version)
        return first.rewrap(version, wrapped) if before is first else first.wrap(before.unwrap(version, wrapped))

    def rotate(self) -> str:
        """Make a new version that wraps from now on."""
        return self.keepers[0].rotate()

    def _keeper(self, version: str) -> Keeper:
        for keeper in self.keepers:
            if version.partition(":")[0] == keeper.prefix:
                return keeper
        raise Unsealable(_("The master key %(name)s is not at hand.", name=version))


def ring() -> Ring:
    """The master keys of the running app."""
    found: Ring = current_app.extensions["keys"]
    return found


def init_app(app: Flask) -> None:
    """Keys of the setting MASTER_KEY, or of the data folder; those of a Vault come first where one is set."""
    keepers: list[Keeper] = [LocalKeeper(Path(app.config["VAR"]) / "master-keys", app.config.get("MASTER_KEY", ""))]
    if place := app.config.get("VAULT_TRANSIT_KEY"):
        keepers.insert(0, TransitKeeper(Vault(app.config["VAULT"]), place))
    app.extensions["keys"] = Ring(keepers)
