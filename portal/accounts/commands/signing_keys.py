"""The keys that sign access tokens: made at the first need, changed by an administrator, with an overlap."""

import datetime as dt

from joserfc.jwk import RSAKey
from sqlalchemy import func, select

from portal.accounts.events import TokenKeyMade, TokenKeysWithdrawn
from portal.accounts.models import SigningKey
from portal.core.access import SYSTEM, Actor
from portal.core.calendar import IST
from portal.core.db import after_commit, db, now, transaction
from portal.core.events import record
from portal.core.registry import supplies
from portal.core.sealing import seal
from portal.core.tokens import earlier_key, purpose_of
from portal.core.usecases import command

PURPOSE = "token"
SHOWN = dt.timedelta(minutes=5)  # as long as the public keys may be cached: nobody meets a key it cannot know
OVERLAP = dt.timedelta(hours=24)
ONE_AT_A_TIME = 7_201_915  # the number of the advisory lock


@command("secure")
def rotate_token_keys(actor: Actor, *, leaked: bool = False) -> SigningKey:
    """Make a new key: shown at once, signing in five minutes; the one before verifies for a day more, then never.

    `leaked`: the new key signs at once and every earlier one is good for nothing from this moment on.
    """
    _alone()
    starts = now() if leaked else now() + SHOWN
    key = _made(RSAKey.generate_key(2048, auto_kid=True), starts)
    earlier = [one for one in _unretired() if one.id != key.id]
    for one in earlier:
        one.retires_at = min(one.retires_at or starts + OVERLAP, starts if leaked else starts + OVERLAP)
    record(TokenKeyMade(kid=key.kid, starts=f"{starts.astimezone(IST):%d-%m-%Y %H:%M}"), key, actor)
    if leaked:
        record(TokenKeysWithdrawn(kid=key.kid, count=len(earlier)), key, actor)
    return key


@supplies("token.first_key")
def _first_key() -> None:
    """A first key; one of several processes makes it. The only key of earlier versions is taken over, and sealed."""
    with transaction(SYSTEM.id):
        _alone()
        if _unretired():
            return
        place = earlier_key()
        pem = place.read_bytes() if place.exists() else None
        key = RSAKey.import_key(pem) if pem else RSAKey.generate_key(2048)
        key.ensure_kid()
        _made(key, now())
        after_commit(lambda: place.unlink(missing_ok=True))


def _alone() -> None:
    db.session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))


def _unretired() -> list[SigningKey]:
    good = (SigningKey.retires_at.is_(None)) | (SigningKey.retires_at > now())
    return list(db.session.scalars(select(SigningKey).where(SigningKey.purpose == PURPOSE, good)))


def _made(key: RSAKey, starts: dt.datetime) -> SigningKey:
    assert key.kid is not None
    made = SigningKey(
        kid=key.kid,
        purpose=PURPOSE,
        public_pem=key.as_pem(private=False).decode(),
        private_sealed=seal(key.as_pem(private=True), purpose_of(key.kid)),
        starts_at=starts,
    )
    db.session.add(made)
    db.session.flush()
    return made
