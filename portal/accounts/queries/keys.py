"""Reading keys: an officer's own for machines, and the installation's for signing tokens."""

import uuid
from collections.abc import Sequence

from joserfc.jwk import RSAKey
from sqlalchemy import func, select

from portal.accounts.models import ApiKey, SigningKey
from portal.core.access import POLICY, Actor
from portal.core.db import db, now, one_or_not_found
from portal.core.registry import supplies
from portal.core.tokens import TokenKey
from portal.core.usecases import DOORS, query


@query(act="own")
def list_keys(actor: Actor) -> tuple[Sequence[ApiKey], str]:
    """One's own keys for machines, the good ones first, then by age."""
    found = select(ApiKey).where(ApiKey.officer_id == actor.id)
    good = (ApiKey.revoked_at.is_(None) & (ApiKey.expires_at > func.now())).desc()
    return db.session.scalars(found.order_by(good, ApiKey.created_at.desc()).limit(100)).all(), ""


@query(act="own")
def get_key(actor: Actor, key_id: uuid.UUID) -> ApiKey:
    """One of one's own keys."""
    return one_or_not_found(select(ApiKey).where(ApiKey.id == key_id, ApiKey.officer_id == actor.id))


@query(act="own")
def acts_for_keys(actor: Actor) -> list[str]:
    """The acts an officer may put into a key: what the role gives, less what asks for a fresh proof of identity."""
    return [act for act in _scopes() if actor.can(act)]


def _scopes() -> list[str]:
    """Every act a key can have: those that have a door, less what is for officers in person and for the portal itself.

    A key cannot prove an identity, so no act that asks for a fresh proof; nor can it make or see keys and sessions.
    """
    personal = {*POLICY["step_up"]["acts"], *POLICY["everyone"]["acts"]}
    nobody = {act for act, roles in POLICY["acts"].items() if not roles}
    return sorted(set(DOORS.values()) - personal - nobody)


@query
def list_signing_keys(actor: Actor) -> tuple[Sequence[SigningKey], str]:
    """The keys that sign access tokens (purpose token) and the days of the audit trail (audit), the newest first."""
    return db.session.scalars(select(SigningKey).order_by(SigningKey.starts_at.desc()).limit(50)).all(), ""


@supplies("token.keys")
def _token_keys() -> list[TokenKey]:
    """All keys of tokens, the retired ones too, so that a token of theirs is told from a forged one."""
    found = db.session.scalars(select(SigningKey).where(SigningKey.purpose == "token"))
    return [
        TokenKey(
            key.kid,
            RSAKey.import_key(key.public_pem, {"kid": key.kid}),
            key.private_sealed,
            key.starts_at,
            key.retires_at,
        )
        for key in found
    ]


def _key_of_prefix(prefix: str) -> ApiKey | None:
    return db.session.scalar(select(ApiKey).where(ApiKey.prefix == prefix))


def _good_keys(officer_id: uuid.UUID) -> int:
    """How many keys of the officer open anything today."""
    good = (ApiKey.officer_id == officer_id, ApiKey.revoked_at.is_(None), ApiKey.expires_at > now())
    return db.session.scalar(select(func.count()).select_from(ApiKey).where(*good)) or 0
