"""Sessions begin with a sign-in and end by their owner, an administrator, a rule, or when their time is over."""

import datetime as dt
import time
import uuid
from contextlib import suppress

from redis.exceptions import RedisError
from sqlalchemy import select

from portal.accounts.events import OfficerSignedIn, SessionsEnded
from portal.accounts.models import Officer, OfficerSession
from portal.accounts.queries.sessions import _seen_key
from portal.core import audit
from portal.core.access import SYSTEM, Actor
from portal.core.cards import forget
from portal.core.db import db, now, one_or_not_found, transaction
from portal.core.events import record
from portal.core.origin import ORIGIN
from portal.core.redis import connection
from portal.core.registry import supplies
from portal.core.usecases import command
from portal.core.whereabouts import place_of

LIFE = {"web": dt.timedelta(hours=24), "api": dt.timedelta(days=7)}
SEEN_EVERY_S, SEEN_FOR_S, MOST_TOLD = 60, 31 * 24 * 3600, 20_000
_told: dict[str, float] = {}


def _begin_session(
    officer: Officer,
    kind: str,
    method: str,
    *,
    life: dt.timedelta | None = None,
    provider_session: str = "",
    id_token: str = "",
) -> OfficerSession:
    """Open a session for an officer who has proven who they are, with the fact and the audit record of it."""
    origin, began, place = ORIGIN.get(), now(), place_of(ORIGIN.get().address)
    session = OfficerSession(
        officer_id=officer.id,
        kind=kind,
        method=method,
        started_at=began,
        expires_at=began + (life or LIFE[kind]),
        device=origin.device,
        address=origin.address,
        place=place.name if place else "",
        provider_session=provider_session,
        id_token=id_token,
    )
    actor = Actor(officer.id, officer.role, name=officer.name, session=session.id.hex)
    with transaction(officer.id):
        _lock(officer)
        db.session.add(session)
        record(OfficerSignedIn(username=officer.username, method=method), officer, actor)
        audit.note(actor, "accounts.sign_in", f"{__name__}.begin_session", (officer.id, session.id))
        forget(officer.id)
    return session


def _end_all(officer: Officer, why: str, actor: Actor, *, spare: str = "") -> int:
    """Within a command: end every session, token and stream of a person, but perhaps the one they act in."""
    _lock(officer)
    found = select(OfficerSession).where(OfficerSession.officer_id == officer.id, OfficerSession.ended_at.is_(None))
    ended = [session.id for session in db.session.scalars(found) if session.id.hex != spare and session.end(why)]
    if ended:
        record(SessionsEnded(username=officer.username, count=len(ended), why=why), officer, actor)
    forget(officer.id)
    return len(ended)


def _end_one(session: OfficerSession, why: str, actor: Actor) -> None:
    """Within a command: end one session of whomever; once ended it stays as it is."""
    officer = db.session.get_one(Officer, session.officer_id)
    _lock(officer)
    db.session.refresh(session)
    if session.end(why):
        record(SessionsEnded(username=officer.username, count=1, why=why), officer, actor)
        forget(officer.id)


def _lock(officer: Officer) -> None:
    """One change of a person's sessions after the other, so that none of two is refused."""
    db.session.flush()
    db.session.refresh(officer, with_for_update=True)


@command("own")
def end_session(actor: Actor, session_id: uuid.UUID, *, why: str = "signed out") -> None:
    """End one of one's own sessions: its requests and open streams are refused from now on."""
    found = select(OfficerSession).where(OfficerSession.id == session_id, OfficerSession.officer_id == actor.id)
    _end_one(one_or_not_found(found), why, actor)


@command("own")
def end_other_sessions(actor: Actor) -> int:
    """End all one's own sessions but the one at hand; returns how many."""
    return _end_all(db.session.get_one(Officer, actor.id), "ended by the officer", actor, spare=actor.session)


@supplies("schedule.tick")
def _end_what_is_over() -> None:
    """Close the sessions whose time is over, so that their open streams end too; a card knows no hours."""
    over = select(OfficerSession.id).where(OfficerSession.ended_at.is_(None), OfficerSession.expires_at <= now())
    for session_id in db.session.scalars(over.limit(500)).all():
        with transaction(SYSTEM.id):
            _end_one(db.session.get_one(OfficerSession, session_id), "its time was over", SYSTEM)


def _seen(session: str) -> None:
    """Remember about once a minute that the session is in use; a request writes no row for it."""
    moment = time.monotonic()
    if moment - _told.get(session, 0.0) < SEEN_EVERY_S:
        return
    if len(_told) > MOST_TOLD:
        _told.clear()
    _told[session] = moment
    with suppress(RedisError):
        connection().set(_seen_key(session), int(time.time()), ex=SEEN_FOR_S)
