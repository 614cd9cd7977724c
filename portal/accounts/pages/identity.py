"""Who is asking: from the session of the browser, or from the bearer token on the API."""

import datetime as dt
from uuid import UUID

from flask import request, session
from flask_login import LoginManager, UserMixin, current_user

from portal.accounts.queries.tokens import _actor_of_token
from portal.core.access import Actor
from portal.core.cards import Card, card_of
from portal.core.registry import supplies

logins = LoginManager()


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
    if request.path.startswith("/api/"):
        kind, _space, token = request.headers.get("Authorization", "").partition(" ")
        return _actor_of_token(token) if kind.lower() == "bearer" else None
    if not current_user.is_authenticated:
        return None
    proven = session.get("proven_at")
    card: Card = current_user.card
    return card.actor(session["sid"], dt.datetime.fromisoformat(proven) if proven else None)
