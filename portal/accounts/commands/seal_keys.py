"""The keys that sign the daily roots of the audit trail: the first is made at the first need."""

import hashlib
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import Select, func, select

from portal.accounts.events import SealKeyMade
from portal.accounts.models import SigningKey
from portal.core.access import SYSTEM, Actor
from portal.core.db import db, now, transaction
from portal.core.events import record
from portal.core.keys import Unsealable
from portal.core.registry import supplies
from portal.core.sealing import seal, unseal
from portal.core.tokens import purpose_of
from portal.core.usecases import command

PURPOSE = "audit"
ONE_AT_A_TIME = 7_201_916  # the number of the advisory lock


@command("secure")
def rotate_seal_key(actor: Actor) -> SigningKey:
    """Sign the next days with a new key; those before it go on verifying what they have signed."""
    db.session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    earlier = db.session.scalars(_keys().where(SigningKey.retires_at.is_(None))).all()
    key = _made()
    for one in earlier:
        one.retires_at = key.starts_at
    record(SealKeyMade(kid=key.kid), key, actor)
    return key


@supplies("audit.signing_key")
def _signing_key() -> tuple[str, bytes]:
    """The kid and the private part of the newest key."""
    with transaction(SYSTEM.id):
        db.session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
        newest = _keys().where(SigningKey.retires_at.is_(None)).order_by(SigningKey.starts_at.desc()).limit(1)
        key = db.session.scalar(newest) or _made()
        return key.kid, unseal(key.private_sealed, purpose_of(key.kid))


@supplies("audit.public_keys")
def _public_keys() -> dict[str, Ed25519PublicKey]:
    """Every key that ever signed a day, by its kid: from its sealed half, which nobody can put in without a master key.

    The public half in the table is not believed: who can write tables could add one of their own.
    """
    found = {}
    for key in db.session.scalars(_keys()):
        with suppress(Unsealable):
            private = load_pem_private_key(unseal(key.private_sealed, purpose_of(key.kid)), None)
            if isinstance(private, Ed25519PrivateKey):
                found[key.kid] = private.public_key()
    return found


def _keys() -> Select[SigningKey]:
    return select(SigningKey).where(SigningKey.purpose == PURPOSE)


def _made() -> SigningKey:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kid = hashlib.sha256(public).hexdigest()[:32]
    sealed = seal(private, purpose_of(kid))
    made = SigningKey(kid=kid, purpose=PURPOSE, public_pem=public.decode(), private_sealed=sealed, starts_at=now())
    db.session.add(made)
    db.session.flush()
    return made
