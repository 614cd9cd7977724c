"""Sessions of others, ended from the security page."""

from uuid import UUID

from sqlalchemy import select

from portal.accounts.commands.sessions import _end_all, _end_one
from portal.accounts.models import Officer, OfficerSession
from portal.core.access import Actor
from portal.core.db import one_or_not_found
from portal.core.i18n import _
from portal.core.usecases import command

WHY = _("ended on the security page")


@command("handle")
def end_officer_session(actor: Actor, session_id: UUID) -> None:
    """End one session of whomever: its next request is refused and its open streams end."""
    _end_one(one_or_not_found(select(OfficerSession).where(OfficerSession.id == session_id)), str(WHY), actor)


@command("handle")
def end_officer_sessions(actor: Actor, officer_id: UUID) -> int:
    """End every session of a person, but the one at hand where it is one's own; returns how many."""
    officer = one_or_not_found(select(Officer).where(Officer.id == officer_id))
    return _end_all(officer, str(WHY), actor, spare=actor.session)
