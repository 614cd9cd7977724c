"""Keys for machines: an officer's rights, narrowed to some acts, until a day."""

import datetime as dt
import hashlib
import secrets
import string
import uuid
from dataclasses import dataclass
from typing import Any, cast

from redis.exceptions import RedisError
from sqlalchemy import select, update

from portal.accounts.events import ApiKeyMade, ApiKeyRevoked
from portal.accounts.models import ApiKey, Officer
from portal.accounts.queries.keys import _good_keys, acts_for_keys
from portal.core.access import SYSTEM, Actor
from portal.core.calendar import IST, today
from portal.core.cards import forget
from portal.core.db import db, now, one_or_not_found, transaction
from portal.core.errors import Invalid, RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.origin import ORIGIN
from portal.core.redis import connection
from portal.core.registry import supplies
from portal.core.usecases import command

MOST = 10
LONGEST = dt.timedelta(days=366)
USES = "keys:used"


@dataclass(frozen=True)
class MadeKey:
    """A key as it is shown this once; only its hash is kept."""

    key: ApiKey
    secret: str


@command("keys")
def make_key(actor: Actor, values: dict[str, Any]) -> MadeKey:
    """Make a key: name, scopes, expires_on. Raises Invalid for acts one does not hold and for days out of range."""
    _fits(actor, values)
    officer = db.session.get_one(Officer, actor.id, with_for_update=True)
    if _good_keys(actor.id) >= MOST:
        raise RuleBroken(_("You have %(count)s keys already. Revoke one that is not used any more.", count=MOST))
    prefix = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _place in range(8))
    secret = f"hk_{prefix}_{secrets.token_urlsafe(32)}"
    until = dt.datetime.combine(values["expires_on"] + dt.timedelta(days=1), dt.time(), IST)
    key = ApiKey(
        officer_id=actor.id,
        name=values["name"],
        prefix=prefix,
        secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=sorted(set(values["scopes"])),
        expires_at=until,
    )
    db.session.add(key)
    told = ApiKeyMade(
        officer_id=str(officer.id),
        username=officer.username,
        name=key.name,
        count=len(key.scopes),
        until=f"{values['expires_on']:%d-%m-%Y}",
    )
    record(told, key, actor)
    forget(actor.id)
    return MadeKey(key, secret)


def _fits(actor: Actor, values: dict[str, Any]) -> None:
    if not values["scopes"]:
        raise Invalid(_("Choose at least one act."), "scopes")
    foreign = sorted(set(values["scopes"]) - set(acts_for_keys(actor)))
    if foreign:
        raise Invalid(_("You do not hold “%(act)s”, so a key of yours cannot.", act=foreign[0]), "scopes")
    if not today() < values["expires_on"] <= today() + LONGEST:
        days = LONGEST.days
        raise Invalid(_("A key is good for one day at least and for %(days)s days at most.", days=days), "expires_on")


@command("own")
def revoke_key(actor: Actor, key_id: uuid.UUID) -> None:
    """Revoke one of one's own keys: it opens nothing from the next request on."""
    key = one_or_not_found(select(ApiKey).where(ApiKey.id == key_id, ApiKey.officer_id == actor.id).with_for_update())
    if key.revoked_at is not None:
        raise RuleBroken(_("This key was revoked already."))
    key.revoked_at = now()
    owner = db.session.get_one(Officer, actor.id)
    record(ApiKeyRevoked(officer_id=str(owner.id), username=owner.username, name=key.name), key, actor)
    forget(actor.id)


def _noted_use(key_id: str) -> None:
    """Remember that a key was used now and from where; reading writes no row, so the clock does it later."""
    try:
        connection().hset(USES, key_id, f"{now().isoformat()} {ORIGIN.get().address}")
    except RedisError:
        return  # when it was last used is no reason to refuse a request


@supplies("schedule.tick")
def _write_uses() -> None:
    """Every few seconds: when and from where keys were last used."""
    with connection().pipeline() as line:
        line.hgetall(USES)
        line.delete(USES)
        uses = cast(dict[bytes, bytes], line.execute()[0])
    if not uses:
        return
    with transaction(SYSTEM.id):
        for key_id, use in uses.items():
            at, _space, address = use.decode().partition(" ")
            written = {"last_used_at": dt.datetime.fromisoformat(at), "last_used_from": address}
            db.session.execute(update(ApiKey).where(ApiKey.id == uuid.UUID(key_id.decode())).values(**written))
