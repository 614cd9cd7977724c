"""What can be done with accounts."""

from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.accounts.events import OfficerAdded, OfficerSignedIn
from portal.accounts.models import Officer
from portal.accounts.queries import _as_actor, _by_username
from portal.core import audit
from portal.core.access import ROLES, Actor
from portal.core.db import db, transaction
from portal.core.errors import Invalid
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command

_hasher = PasswordHasher()  # argon2id, RFC 9106 low-memory profile


@cache
def _nobody() -> str:
    """A hash to compare with where there is no officer, so that an unknown name takes as long as a wrong password."""
    return _hasher.hash("nobody has this password")


@command()
def add_officer(actor: Actor, values: dict[str, Any]) -> Officer:
    """Make an account: username, name, role, password. Raises Invalid for a taken name or an unknown role."""
    username = values["username"].strip().lower()
    if values["role"] not in ROLES:
        raise Invalid(_("There is no such role."), "role")
    if _by_username(username):
        raise Invalid(_("This user name is taken."), "username")
    officer = Officer(
        username=username,
        name=values["name"],
        role=values["role"],
        password_hash=_hasher.hash(values["password"]),
        active=True,
    )
    db.session.add(officer)
    record(OfficerAdded(username=username, role=officer.role), officer, actor)
    return officer


def _sign_in(username: str, password: str) -> Actor | None:
    """The actor whose password this is, with the fact recorded; None otherwise, and as slowly for unknown names."""
    officer = _by_username(username)
    try:
        _hasher.verify(officer.password_hash if officer else _nobody(), password)
    except (VerificationError, InvalidHashError):
        return None
    if not officer or not officer.active:
        return None
    actor = _as_actor(officer)
    with transaction(actor.id):
        db.session.refresh(officer, with_for_update=True)  # one sign-in after the other, so that none is refused
        record(OfficerSignedIn(username=officer.username), officer, actor)
        audit.note(actor, "accounts.sign_in", "portal.accounts.commands.sign_in", (officer.id,))
    return actor
