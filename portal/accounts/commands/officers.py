"""Making accounts."""

from typing import Any

from portal.accounts.commands.passwords import _hashed
from portal.accounts.events import OfficerAdded
from portal.accounts.models import Officer
from portal.accounts.queries.officers import _by_username
from portal.core.access import ROLES, Actor
from portal.core.db import db, now
from portal.core.errors import Invalid
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command


@command("secure")
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
        password_hash=_hashed(values["password"]),
        password_changed_at=now(),
        active=True,
    )
    db.session.add(officer)
    record(OfficerAdded(username=username, role=officer.role), officer, actor)
    return officer
