"""Who is asking: from the session of the browser, or from the bearer token on the API."""

import datetime as dt
import re
from uuid import UUID

from flask import current_app, request, session
from flask_login import LoginManager, UserMixin, current_user

from portal.accounts.commands.keys import _noted_use
from portal.accounts.commands.sessions import _seen
from portal.accounts.commands.tokens import _ended_cookie, _known_by, _odd_cookie
from portal.core.access import Actor
from portal.core.cards import Card, card_of
from portal.core.http import PUBLIC
from portal.core.registry import supplies

logins = LoginManager()
MACHINES = ("/api/", "/.well-known/")
GIVEN_OUT = re.compile(r"[A-Za-z0-9_-]{43}")  # the shape of every session cookie the portal has ever set


class Visitor(UserMixin):  # type: ignore[misc]
    """What Flask-Login keeps in the session: the officer's id, nothing else."""

    def __init__(self, card: Card) -> None:
        self.id, self.card = str(card.id), card


@logins.user_loader  # type: ignore[untyped-decorator]
def _load(officer_id: str) -> Visitor | None:
    """An officer whose session was ended anywhere is a stranger here from the next request on."""
    card = card_of(UUID(officer_id))
    return Visitor(card) if card and session.get("sid", "") in card.sessions else None


@supplies("actor.of_request")
def _who() -> Actor | None:
    """From the bearer token on the API, from the session everywhere else."""
    if request.path.startswith(MACHINES):
        return _machine()
    if not current_user.is_authenticated:
        _turn_away()
        return None
    proven = session.get("proven_at")
    card: Card = current_user.card
    _seen(session["sid"])
    return card.actor(session["sid"], dt.datetime.fromisoformat(proven) if proven else None)


def _machine() -> Actor | None:
    """A token is looked at where one is needed: whoever asks for a new one may still send the old."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if request.endpoint in PUBLIC or kind.lower() != "bearer":
        return None
    actor = _known_by(token.strip())
    (_seen if actor.scopes is None else _noted_use)(actor.session)
    return actor


def _turn_away() -> None:
    """A browser whose session was ended forgets it, a cookie that was never given out is on record."""
    if "_user_id" in session:
        _ended_cookie(UUID(session["_user_id"]))
        for name in ("_user_id", "_id", "_fresh", "sid", "proven_at"):
            session.pop(name, None)
    cookie = request.cookies.get(current_app.config["SESSION_COOKIE_NAME"], "")
    if cookie and not GIVEN_OUT.fullmatch(cookie):
        _odd_cookie()
