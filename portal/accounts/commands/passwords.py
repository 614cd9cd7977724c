"""Passwords: argon2id (RFC 9106, low-memory profile), and as slow for unknown names as for wrong passwords."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """A hash to compare with where there is no officer, so that an unknown name takes as long as a wrong password."""
    return _hasher.hash("nobody has this password")


def _hashed(password: str) -> str:
    return _hasher.hash(password)


def _fits(kept: str, password: str) -> bool:
    """Whether this is the password of the hash; an empty hash fits nothing, as slowly."""
    try:
        return _hasher.verify(kept or _nobody(), password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False
