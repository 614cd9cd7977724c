"""Bearers of tokens and keys: who they are, how a token is renewed, and what a stolen one sets off."""

import datetime as dt
import hashlib
import secrets
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import select

from portal.accounts.commands.sessions import LIFE, _end_all, end_session
from portal.accounts.models import Officer, OfficerSession, RefreshToken
from portal.accounts.queries.tokens import _actor_of_key, _actor_of_token, _token_of
from portal.core import audit
from portal.core.access import Actor
from portal.core.attempts import first_time
from portal.core.cards import card_of
from portal.core.db import db, now, transaction
from portal.core.i18n import _
from portal.core.origin import ORIGIN
from portal.core.tokens import BadToken, NotSignedIn

LONGEST = dt.timedelta(days=30)  # renewed for ever, a token would outlive every change of heart
TWIN = dt.timedelta(seconds=2)
ACT = "accounts.token"


class Given(NamedTuple):
    """What a client is handed: the access token, and the secret of the next renewal."""

    access: str
    refresh: str


def _refusal(on_record: Callable[[], None] = lambda: None) -> NotSignedIn:
    """The one answer to every token and key that opens nothing."""
    return NotSignedIn(_("The access token is not valid, or no longer. Ask for a new one."), on_record)


def _known_by(bearer: str) -> Actor:
    """Who an access token or a key for machines speaks for. Raises NotSignedIn for any other, and has it on record."""
    try:
        return _actor_of_key(bearer) if bearer.startswith("hk_") else _actor_of_token(bearer)
    except BadToken as found:
        bad = found
    raise _refusal(lambda: _witness(bad) if first_time(bearer, bad.why) else None)


def _odd_cookie() -> None:
    """A session cookie the portal cannot have given out: somebody tries what opens it."""
    if first_time("odd cookie"):  # a minute of guessing from one address is one record, whatever was tried
        audit.witness("accounts.session", "tampering", why="a session cookie that was never given out")


def _ended_cookie(officer_id: uuid.UUID) -> None:
    """The browser of a session that was ended comes back: recorded once, for the browser forgets it now."""
    card = card_of(officer_id)
    actor = card.actor() if card else None
    audit.witness("accounts.session", "refused", actor=actor, name="" if card else str(officer_id), why="ended session")


def _witness(bad: BadToken) -> None:
    """A forgery is tampering; what was good once, or is no token at all, is a refusal."""
    card = card_of(bad.officer) if bad.officer and not bad.forged else None
    name = str(bad.officer) if bad.officer and card is None else ""
    audit.witness(
        ACT, "tampering" if bad.forged else "refused", actor=card.actor() if card else None, name=name, why=bad.why
    )


def _give(session: OfficerSession) -> Given:
    """The first tokens of a family; it is the session that was just begun."""
    with transaction(session.officer_id):
        secret = _next(session)
    return _given(session, secret)


def _given(session: OfficerSession, secret: str) -> Given:
    return Given(_token_of(session.officer_id, session.id.hex, session.started_at), secret)


def _next(session: OfficerSession) -> str:
    """One more link of the family, good for seven days but never beyond thirty since the sign-in."""
    until = min(now() + LIFE["api"], session.started_at + LONGEST)
    secret = f"rt_{secrets.token_urlsafe(32)}"
    db.session.add(RefreshToken(session_id=session.id, secret_hash=_hash(secret), expires_at=until))
    session.expires_at = until
    return secret


def _hash(secret: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _here() -> str:
    origin = ORIGIN.get()
    return f"{origin.address} {origin.device}"


def _renew(secret: str) -> Given:
    """A refresh token for new tokens, once (RFC 9700, 4.14.2). Raises NotSignedIn.

    One that was used before is in two hands: everything of the person ends at once. Only the twin of a request, from
    the same place within two seconds, is refused without that; a program that asks twice at once is no thief.
    """
    try:
        with transaction():
            token = _claimed(secret)
            session = db.session.get_one(OfficerSession, token.session_id)
            following = _used(token, session) if token.used_at is None else _used_again(token, session)
    except BadToken as bad:
        _witness(bad)
        raise _refusal() from None
    if not following:
        raise _refusal()
    return _given(session, following)


def _claimed(secret: str) -> RefreshToken:
    """The token, held against everybody else who brings it. Raises BadToken."""
    if not secret:
        raise BadToken("no refresh token", forged=False)
    found = select(RefreshToken).where(RefreshToken.secret_hash == _hash(secret)).with_for_update()
    token = db.session.scalar(found.execution_options(populate_existing=True))
    if token is None:
        raise BadToken("unknown refresh token")
    return token


def _used(token: RefreshToken, session: OfficerSession) -> str:
    """The next secret of an open family. Raises BadToken."""
    card = card_of(session.officer_id)
    over = token.expires_at <= now() or session.ended_at is not None or session.expires_at <= now()
    if card is None or over:
        raise BadToken("expired" if over else "closed account", forged=False, officer=session.officer_id)
    token.used_at, token.used_from = now(), _here()
    audit.witness(ACT, "renewed", actor=card.actor(session.id.hex), subjects=[session.id])
    return _next(session)


def _used_again(token: RefreshToken, session: OfficerSession) -> str:
    """What is done about a token that comes back: the twin of a request is let be, a thief ends everything."""
    assert token.used_at is not None
    if token.used_from == _here() and now() - token.used_at < TWIN:
        raise BadToken("twin of another renewal", forged=False, officer=session.officer_id)
    officer = db.session.get_one(Officer, session.officer_id)
    thief = Actor(officer.id, officer.role, name=officer.name, session=session.id.hex)
    _end_all(officer, "a refresh token was used twice", thief)
    audit.witness(ACT, "tampering", actor=thief, why="refresh token used twice", subjects=[session.id])
    return ""


def _end_family(secret: str) -> None:
    """End the session a refresh token belongs to; an unknown one is answered the same (RFC 7009, 2.2)."""
    _sign_out(db.session.scalar(select(RefreshToken.session_id).where(RefreshToken.secret_hash == _hash(secret))))


def _end_token(bearer: str) -> None:
    """End the session of an access token that is still good; any other has none."""
    with suppress(BadToken):
        _sign_out(uuid.UUID(_actor_of_token(bearer).session))


def _sign_out(session_id: uuid.UUID | None) -> None:
    session = db.session.get(OfficerSession, session_id) if session_id else None
    if session is not None:
        officer = db.session.get_one(Officer, session.officer_id)
        actor = Actor(officer.id, officer.role, name=officer.name, session=session.id.hex)
        end_session(actor, session.id)
