"""Passwords: argon2id (RFC 9106, low-memory profile), and as slow for unknown names as for wrong passwords."""

import re
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from portal.accounts.models import Officer
from portal.core.db import transaction
from portal.core.errors import Invalid
from portal.core.i18n import _

SHORTEST, LONGEST = 12, 200
GOOD = 3  # of 4: safely unguessable, more than 10^8 guesses (Wheeler, zxcvbn, USENIX Security 2016)
MEASURED = 72  # what zxcvbn looks at; more only takes longer
_hasher = PasswordHasher()
R = TypeVar("R")


@cache
def _threads() -> Any:
    """Two threads of the system beside the greenlets of a web process; None where there are no greenlets.

    A tenth of a second of hashing then holds up no page and no stream, and no more than two are in memory at once.
    """
    if "gevent.monkey" not in sys.modules:
        return None
    from gevent import monkey
    from gevent.threadpool import ThreadPool

    return ThreadPool(2) if monkey.is_module_patched("threading") else None


def _beside(work: Callable[..., R], *args: Any) -> R:
    threads = _threads()
    return work(*args) if threads is None else cast(R, threads.apply(work, args))


@cache
def _nobody() -> str:
    """A hash to compare with where there is no officer, so that an unknown name takes as long as a wrong password."""
    return _hasher.hash("nobody has this password")


def _hashed(password: str) -> str:
    return _beside(_hasher.hash, password)


def _fits(kept: str, password: str) -> bool:
    """Whether this is the password of the hash; an empty hash fits nothing, as slowly."""
    try:
        return _beside(_hasher.verify, kept or _nobody(), password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def _renew_hash(officer: Officer, password: str) -> None:
    """Hash the password, just proven right, anew where it was hashed with other parameters than today's."""
    if _hasher.check_needs_rehash(officer.password_hash):
        with transaction(officer.id):
            officer.password_hash = _hashed(password)


def _refuse_weak(password: str, username: str, name: str, field: str = "password") -> None:
    """Raise Invalid, saying what to mend, for a password that is short, personal or among the first to be guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(_("A password has 12 to 200 characters. Several words in a row are easy to keep."), field)
    own = {word.lower() for word in re.split(r"[\W_]+", f"{username} {name}") if len(word) > 3} | {username.lower()}
    if any(word in password.lower() for word in own):
        raise Invalid(_("Choose a password without your name or user name in it."), field)
    if zxcvbn(password[:MEASURED], user_inputs=[*own, "hmda", "hyderabad", "telangana"])["score"] < GOOD:
        raise Invalid(
            _("This password is among the first to be guessed. Take three or more words that do not belong together."),
            field,
        )
