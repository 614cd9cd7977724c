"""Small secrets that are kept in the database or beside a file: each under a key of its own, that under a master key.

The text is `s1.<version of the master key>.<wrapped key>.<nonce and cipher text>`. AES-256-GCM (NIST SP 800-38D); the
purpose is authenticated, so what was sealed for one place cannot be opened in another. Keep it in a column of text
without a limit: it is some 180 characters longer than four thirds of the secret.
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.core.i18n import _
from portal.core.keys import Unsealable, ring

MARK = "s1"
NONCE = 12


def seal(plain: bytes, purpose: str) -> str:
    """Seal a secret for one purpose, such as `totp <officer id>`: name the row, so that rows cannot be swapped."""
    key, nonce = AESGCM.generate_key(256), os.urandom(NONCE)
    version, wrapped = ring().wrap(key)
    body = nonce + AESGCM(key).encrypt(nonce, plain, purpose.encode())
    return f"{MARK}.{version}.{_text(wrapped)}.{_text(body)}"


def unseal(text: str, purpose: str) -> bytes:
    """The secret. Raises Unsealable when it was altered or sealed for another purpose, KeysAway without the keys."""
    version, wrapped, body = _parts(text)
    key = ring().unwrap(version, wrapped)
    try:
        return AESGCM(key).decrypt(body[:NONCE], body[NONCE:], purpose.encode())
    except (InvalidTag, ValueError):
        raise Unsealable(_("Something sealed was altered, or belongs to another place.")) from None


def version_of(text: str) -> str:
    """The master key that something sealed needs. Raises Unsealable."""
    return _parts(text)[0]


def renewed(text: str) -> str | None:
    """The same secret with its key wrapped by the current master key; None when it is already."""
    version, wrapped, body = _parts(text)
    if version == ring().current:
        return None
    version, wrapped = ring().rewrap(version, wrapped)
    return f"{MARK}.{version}.{_text(wrapped)}.{_text(body)}"


def _parts(text: str) -> tuple[str, bytes, bytes]:
    try:
        mark, version, wrapped, body = text.split(".")
        if mark != MARK:
            raise ValueError(mark)
        return version, _bytes(wrapped), _bytes(body)
    except (ValueError, binascii.Error):
        raise Unsealable(_("This is nothing that was sealed here.")) from None


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
