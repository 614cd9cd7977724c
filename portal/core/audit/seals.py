"""The seal of a day that is over: how many records, the digest of the last, and a signature (Ed25519, RFC 8032).

The key is one of this installation for this purpose alone; its private part is sealed, and a retired one still
verifies. What is signed is the line `portal audit seal 1`, a line end, and the canonical JSON of the seal's fields.
"""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import select, update

from portal.core.audit.records import AuditDay, AuditSeal
from portal.core.calendar import IST, now, today
from portal.core.db import db, transaction
from portal.core.registry import supplied

HEAD = b"portal audit seal 1\n"


def is_over(day: dt.date, at: dt.datetime) -> bool:
    """Whether the day of India had ended by then."""
    return day < at.astimezone(IST).date()


def close_days() -> None:
    """Close the days that are over, at once and by itself: whoever writes waits for no examination."""
    over = update(AuditDay.__table__).where(AuditDay.day < today(), ~AuditDay.closed)  # type: ignore[arg-type]
    with transaction():
        db.session.execute(over.values(closed=True))


def unsealed_days() -> Sequence[dt.date]:
    """The days that are over and have no seal, oldest first."""
    sealed = select(AuditSeal.day)
    found = select(AuditDay.day).where(AuditDay.day < today(), AuditDay.closed, AuditDay.day.not_in(sealed))
    return db.session.scalars(found.order_by(AuditDay.day)).all()


def signed(day: dt.date, count: int, root: str) -> AuditSeal:
    """The seal of a day, signed by the newest key; added to the session."""
    (newest,) = supplied("audit.signing_key")
    kid, pem = newest()
    key = load_pem_private_key(pem, None)
    assert isinstance(key, Ed25519PrivateKey)
    seal = AuditSeal(day=day, count=count, root=root, kid=kid, sealed_at=now())
    seal.signature = base64.b64encode(key.sign(_message(seal))).decode()
    db.session.add(seal)
    db.session.flush()
    return seal


def public_keys() -> Mapping[str, Ed25519PublicKey]:
    """The keys of this installation that seals are signed by."""
    (keys,) = supplied("audit.public_keys")
    found: Mapping[str, Ed25519PublicKey] = keys()
    return found


def signature_fits(seal: AuditSeal, keys: Mapping[str, Ed25519PublicKey]) -> bool:
    """Whether one of these keys has signed exactly this."""
    try:
        keys[seal.kid].verify(base64.b64decode(seal.signature, validate=True), _message(seal))
    except (KeyError, InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _message(seal: AuditSeal) -> bytes:
    at = seal.sealed_at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    fields = {"day": seal.day.isoformat(), "count": seal.count, "root": seal.root, "kid": seal.kid, "sealed_at": at}
    return HEAD + json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
