"""Who a bearer token or a key of the API speaks for."""

import datetime as dt
import hashlib
import hmac
import re
import uuid
from typing import Any

from portal.accounts.queries.keys import _key_of_prefix
from portal.core.access import POLICY, Actor
from portal.core.cards import Card, card_of
from portal.core.db import now
from portal.core.i18n import _
from portal.core.tokens import BadToken, NotSignedIn, issue, read

KEY = re.compile(r"hk_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")


def _token_of(officer_id: uuid.UUID, session: str, proven_at: dt.datetime | None = None) -> str:
    """An access token for an open session: who, in which role, with which rights and projects."""
    card = card_of(officer_id)
    if card is None:
        raise NotSignedIn(_("The account is closed."))
    return issue(
        card.id,
        card.role,
        session,
        permissions=_permissions_of(card),
        projects=card.projects if card.role in POLICY["assigned"]["roles"] else None,
        proven_at=proven_at.timestamp() if proven_at else None,
    )


def _permissions_of(card: Card) -> list[str]:
    """Every act the officer holds by role, for the client's information: rights are asked anew at each request."""
    actor = card.actor()
    acts = [f"{module}.{verb}" for module in POLICY["modules"] for verb in ("read", "write")]
    return [act for act in (*acts, *POLICY["acts"]) if actor.can(act)]


def _actor_of_token(token: str) -> Actor:
    """The officer a token of ours speaks for, while their session is open. Raises BadToken."""
    claims = read(token)
    officer = uuid.UUID(claims["sub"])
    card = card_of(officer)
    if card is None or claims["sid"] not in card.sessions:
        raise BadToken("ended session", forged=False, officer=officer)
    return card.actor(claims["sid"], _moment(claims["auth_time"]))


def _moment(seconds: Any) -> dt.datetime:
    return dt.datetime.fromtimestamp(float(seconds), dt.UTC)


def _actor_of_key(text: str) -> Actor:
    """The officer behind a key for machines, with the acts of the key and no others. Raises BadToken."""
    shape = KEY.fullmatch(text)
    if shape is None:
        raise BadToken("unreadable key", forged=False)
    key = _key_of_prefix(shape[1])
    given = hashlib.sha256(text.encode()).hexdigest()
    if not hmac.compare_digest(given, key.secret_hash if key else "") or key is None:
        raise BadToken("unknown key for machines")
    card = card_of(key.officer_id)
    if card is None or key.revoked_at is not None or key.expires_at <= now():
        raise BadToken("revoked or expired key", forged=False, officer=key.officer_id)
    return card.actor(key.id.hex, scopes=frozenset(key.scopes))
