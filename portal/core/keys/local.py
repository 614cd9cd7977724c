"""Master keys of this installation: given by a setting, or made once and kept in the data folder.

A version is named by a fingerprint of its key, so two keys are never taken for one another. The last key wraps, all
of them unwrap. AES-256-GCM (NIST SP 800-38D) with a random nonce: one key may wrap 2^32 data keys.
"""

import base64
import binascii
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.config import BadSetting
from portal.core.i18n import _
from portal.core.keys.base import Unsealable

NONCE = 12
BYTES = 32


def fingerprint(key: bytes) -> str:
    """The name of a key, from which the key cannot be found."""
    return "local:" + hashlib.blake2b(key, digest_size=4, person=b"portal-master").hexdigest()


def read_keys(text: str, named: str) -> dict[str, bytes]:
    """Keys of 32 bytes in base64, commas or spaces between, oldest first. Raises BadSetting, showing none of them."""
    found: dict[str, bytes] = {}
    for word in text.replace(",", " ").split():
        try:
            key = base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != BYTES:
            raise BadSetting(f"{named} must hold keys of 32 bytes in base64 (openssl rand -base64 32), oldest first.")
        found.pop(fingerprint(key), None)  # named twice: the later place counts
        found[fingerprint(key)] = key
    if not found:
        raise BadSetting(f"{named} holds no key.")
    return found


class LocalKeeper:
    """Master keys in this process."""

    prefix = "local"

    def __init__(self, place: Path, given: str = "") -> None:
        self.place = place
        self.given = read_keys(given, "MASTER_KEY") if given else {}
        self.read: tuple[int, ...] = ()
        self.kept: dict[str, bytes] = {}

    @property
    def current(self) -> str:
        if not self.given and not self.place.exists():
            self._write([secrets.token_bytes(BYTES)], replace=False)
        return list(self._all())[-1]

    def wrap(self, key: bytes) -> tuple[str, bytes]:
        version = self.current
        nonce = os.urandom(NONCE)
        return version, nonce + AESGCM(self._all()[version]).encrypt(nonce, key, version.encode())

    def unwrap(self, version: str, wrapped: bytes) -> bytes:
        master = self._all().get(version)
        if master is None:
            raise Unsealable(_("The master key %(name)s is not at hand.", name=version))
        try:
            return AESGCM(master).decrypt(wrapped[:NONCE], wrapped[NONCE:], version.encode())
        except (InvalidTag, ValueError):
            raise Unsealable(_("A wrapped key was altered.")) from None

    def rewrap(self, version: str, wrapped: bytes) -> tuple[str, bytes]:
        return self.wrap(self.unwrap(version, wrapped))

    def rotate(self) -> str:
        """Add a key to those in the data folder; keys that were given by a setting are for its owner to add to."""
        if self.given:
            raise BadSetting("Add a new key at the end of MASTER_KEY, start the portal again, and use --go-on.")
        with _one_at_a_time(self.place.parent):
            before = list(self._all().values())
            self._write([*before, secrets.token_bytes(BYTES)], replace=True)
        return self.current

    def _all(self) -> dict[str, bytes]:
        """The kept keys, read again where another process has added one, and then those that were given."""
        with suppress(FileNotFoundError):
            found = self.place.stat()
            if self.read != (seen := (found.st_ino, found.st_mtime_ns)):
                self.kept, self.read = read_keys(self.place.read_text(), str(self.place)), seen
        return self.kept | self.given

    def _write(self, keys: list[bytes], *, replace: bool) -> None:
        self.place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.place.with_name(f"{self.place.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.writelines(base64.b64encode(key).decode() + "\n" for key in keys)
            out.flush()
            os.fsync(out.fileno())
        if replace:
            draft.replace(self.place)
        else:
            with suppress(FileExistsError):
                self.place.hardlink_to(draft)  # the first of several processes wins, and none reads half a key
            draft.unlink()
        with _opened(self.place.parent) as folder:
            os.fsync(folder)  # nothing may be wrapped by a key that a power cut could take back


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Two rotations at once would write over each other's key; closing the folder gives the lock back."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _opened(folder) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
