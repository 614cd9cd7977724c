"""Reading sessions: where somebody is signed in, since when, and with what."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from redis.exceptions import RedisError
from sqlalchemy import select

from portal.accounts.models import OfficerSession
from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.i18n import _
from portal.core.redis import connection
from portal.core.usecases import query
from portal.core.whereabouts import device_in_words

METHODS: Mapping[str, Any] = {
    "password": _("password"),
    "password+totp": _("password and authenticator app"),
    "password+passkey": _("password and passkey"),
    "password+recovery": _("password and recovery code"),
    "recovery": _("password and recovery code"),
    "passkey": _("passkey"),
    "oidc": _("account of the organisation"),
    "invitation": _("invitation link"),
}
KINDS: Mapping[str, Any] = {"web": _("Browser"), "api": _("Program")}


class SessionRow(NamedTuple):
    """A session as it is shown to its owner and to who watches over sign-ins."""

    id: uuid.UUID
    officer_id: uuid.UUID
    kind: str
    method: str
    device: str
    place: str
    address: str
    started_at: dt.datetime
    expires_at: dt.datetime
    seen_at: dt.datetime
    here: bool


@query(act="own")
def list_sessions(actor: Actor) -> tuple[list[SessionRow], str]:
    """Where one is signed in at this moment, the newest first."""
    return _described(_open_of(actor.id), actor.session), ""


def _open_of(officer_id: uuid.UUID) -> Sequence[OfficerSession]:
    found = select(OfficerSession).where(
        OfficerSession.officer_id == officer_id, OfficerSession.ended_at.is_(None), OfficerSession.expires_at > now()
    )
    return db.session.scalars(found.order_by(OfficerSession.started_at.desc())).all()


def _described(sessions: Sequence[OfficerSession], here: str = "") -> list[SessionRow]:
    """Sessions in words, with when each was last seen; `here` is the one of who looks."""
    return [
        SessionRow(
            one.id,
            one.officer_id,
            str(KINDS.get(one.kind, one.kind)),
            str(METHODS.get(one.method, one.method)),
            device_in_words(one.device),
            one.place,
            one.address,
            one.started_at,
            one.expires_at,
            max(one.started_at, seen),
            one.id.hex == here,
        )
        for one, seen in zip(sessions, _last_seen(sessions), strict=True)
    ]


def _seen_key(session: str) -> str:
    """Where it is kept when a session was last used."""
    return f"seen:{session}"


def _last_seen(sessions: Sequence[OfficerSession]) -> list[dt.datetime]:
    """To the minute; while Redis is away, the moment of signing in is all that is known."""
    if not sessions:
        return []
    try:
        found = cast(list[bytes | None], connection().mget([_seen_key(one.id.hex) for one in sessions]))
    except RedisError:
        return [one.started_at for one in sessions]
    return [
        dt.datetime.fromtimestamp(int(text), dt.UTC) if text else one.started_at
        for one, text in zip(sessions, found, strict=True)
    ]
