"""Who a bearer token of the API speaks for."""

import datetime as dt
import uuid

from portal.core.access import POLICY, Actor
from portal.core.cards import Card, card_of
from portal.core.i18n import _
from portal.core.tokens import NotSignedIn, issue, read


def _token_of(officer_id: uuid.UUID, session: str) -> str:
    """An access token for an open session: who, in which role, with which rights and projects."""
    card = card_of(officer_id)
    if card is None:
        raise NotSignedIn(_("The account is closed."))
    return issue(card.id, card.role, session, permissions=_permissions_of(card), projects=card.projects)


def _permissions_of(card: Card) -> list[str]:
    """Every act the officer holds by role, for the client's information: rights are asked anew at each request."""
    actor = card.actor()
    acts = [f"{module}.{verb}" for module in POLICY["modules"] for verb in ("read", "write")]
    return [act for act in (*acts, *POLICY["acts"]) if actor.can(act)]


def _actor_of_token(token: str) -> Actor:
    """The officer a token of ours speaks for, while their session is open. Raises NotSignedIn."""
    claims = read(token)
    card = card_of(uuid.UUID(claims["sub"]))
    if card is None or claims.get("sid", "") not in card.sessions:
        raise NotSignedIn(_("The access token is not valid, or no longer. Ask for a new one."))
    return card.actor(claims["sid"], dt.datetime.fromtimestamp(claims["auth_time"], dt.UTC))
