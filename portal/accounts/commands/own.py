"""One's own password."""

from typing import Any

from portal.accounts.commands.passwords import _fits, _hashed, _refuse_weak
from portal.accounts.commands.sessions import _end_all
from portal.accounts.events import PasswordChanged
from portal.accounts.models import Officer
from portal.core import attempts
from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.errors import Invalid, RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command


@command("own")
def change_password(actor: Actor, values: dict[str, Any]) -> int:
    """Choose another password, with the old one; ends every other session and token, and returns how many.

    Raises Invalid for a wrong old or a weak new one, TooMany while tries of the old one are delayed.
    """
    officer = db.session.get_one(Officer, actor.id, with_for_update=True)
    if not officer.password_hash:
        raise RuleBroken(_("You sign in by the organisation's account: the password is changed there."))
    attempt = attempts.begin("password", officer.id.hex)
    if not _fits(officer.password_hash, values["old"]):
        raise Invalid(_("This is not your password."), "old")
    attempt.succeeded()
    if values["new"] == values["old"]:
        raise Invalid(_("This is the password you have. Choose another."), "new")
    _refuse_weak(values["new"], officer.username, officer.name, "new")
    officer.password_hash, officer.password_changed_at = _hashed(values["new"]), now()
    record(PasswordChanged(username=officer.username), officer, actor)
    return _end_all(officer, str(_("the password was changed")), actor, spare=actor.session)
