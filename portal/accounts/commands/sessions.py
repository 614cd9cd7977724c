"""Sessions begin with a sign-in and end by their owner, an administrator, a rule, or after a day."""

import datetime as dt
import uuid

from sqlalchemy import select

from portal.accounts.events import OfficerSignedIn, SessionsEnded
from portal.accounts.models import Officer, OfficerSession
from portal.core import audit
from portal.core.access import Actor
from portal.core.cards import forget
from portal.core.db import db, now, one_or_not_found, transaction
from portal.core.events import record
from portal.core.origin import ORIGIN
from portal.core.usecases import command

LIFE = dt.timedelta(hours=24)


def _begin_session(
    officer: Officer,
    kind: str,
    method: str,
    *,
    life: dt.timedelta = LIFE,
    provider_session: str = "",
    id_token: str = "",
) -> OfficerSession:
    """Open a session for an officer who has proven who they are, with the fact and the audit record of it."""
    origin, began = ORIGIN.get(), now()
    session = OfficerSession(
        officer_id=officer.id,
        kind=kind,
        method=method,
        started_at=began,
        expires_at=began + life,
        device=origin.device,
        address=origin.address,
        provider_session=provider_session,
        id_token=id_token,
    )
    actor = Actor(officer.id, officer.role, name=officer.name, session=session.id.hex)
    with transaction(officer.id):
        db.session.refresh(officer, with_for_update=True)  # one sign-in after the other, so that none is refused
        db.session.add(session)
        record(OfficerSignedIn(username=officer.username, method=method), officer, actor)
        audit.note(actor, "accounts.sign_in", f"{__name__}.begin_session", (officer.id, session.id))
        forget(officer.id)
    return session


def _end_all(officer: Officer, why: str, actor: Actor, *, spare: str = "") -> int:
    """Within a command: end every session, token and stream of a person, but perhaps the one they act in."""
    found = select(OfficerSession).where(OfficerSession.officer_id == officer.id, OfficerSession.ended_at.is_(None))
    ended = [session.id for session in db.session.scalars(found) if session.id.hex != spare and session.end(why)]
    if ended:
        record(SessionsEnded(username=officer.username, count=len(ended), why=why), officer, actor)
    forget(officer.id)
    return len(ended)


@command("own")
def end_session(actor: Actor, session_id: uuid.UUID, *, why: str = "signed out") -> None:
    """End one of one's own sessions: its requests and open streams are refused from now on."""
    found = select(OfficerSession).where(OfficerSession.id == session_id, OfficerSession.officer_id == actor.id)
    session = one_or_not_found(found)
    officer = db.session.get_one(Officer, actor.id)
    if session.end(why):
        record(SessionsEnded(username=officer.username, count=1, why=why), officer, actor)
        forget(actor.id)


@command("own")
def end_other_sessions(actor: Actor) -> int:
    """End all one's own sessions but the one at hand; returns how many."""
    return _end_all(db.session.get_one(Officer, actor.id), "ended by the officer", actor, spare=actor.session)
