"""What a keeper of master keys can do; whoever seals with one needs to know no more."""

from typing import Protocol

from portal.core.errors import PortalError


class KeysAway(PortalError):
    """The service that keeps the master keys does not answer, or is sealed: worth another try in a moment."""

    status = 503
    title = "The key service does not answer"


class Unsealable(PortalError):
    """Something sealed cannot be opened: it was altered, moved to another place, or its master key is gone."""

    status = 500
    title = "Protected data cannot be opened"


class Keeper(Protocol):
    """Wraps data keys under a master key that never leaves it; every wrapped key names the version it needs."""

    prefix: str

    @property
    def current(self) -> str:
        """The version that wraps now, such as `local:1f0c9a3e` or `vault:v3`."""

    def wrap(self, key: bytes) -> tuple[str, bytes]:
        """The data key under the current version, and that version."""

    def unwrap(self, version: str, wrapped: bytes) -> bytes:
        """The data key. Raises Unsealable."""

    def rewrap(self, version: str, wrapped: bytes) -> tuple[str, bytes]:
        """The same data key under the current version."""

    def rotate(self) -> str:
        """Make a new version that wraps from now on; the older ones still unwrap."""
