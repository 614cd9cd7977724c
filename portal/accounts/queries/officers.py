"""Reading accounts for the doors that ask who stands before them."""

import uuid
from collections.abc import Iterable

from sqlalchemy import or_, select

from portal.accounts.models import ApiKey, Officer, OfficerSession
from portal.core.access import POLICY, Actor, Instrument
from portal.core.cards import Card
from portal.core.db import db, now
from portal.core.registry import supplied, supplies


@supplies("officer.card")
def _card_of(officer_id: uuid.UUID) -> Card | None:
    """What rights depend on, from every module that knows a part of it; None for who may not sign in."""
    found = select(Officer).where(Officer.id == officer_id)  # as it is now, not as this session read it before
    officer = db.session.scalar(found.execution_options(populate_existing=True))
    if officer is None or not officer.may_sign_in:
        return None
    assigned: frozenset[uuid.UUID] = frozenset()
    if officer.role in POLICY["assigned"]["roles"]:
        assigned = frozenset().union(*(ask(officer.id) for ask in supplied("actor.projects")))
    lent: list[Instrument] = [one for ask in supplied("actor.instruments") for one in ask(officer.id)]
    return Card(
        officer.id,
        officer.name,
        officer.role,
        _open_sessions(officer.id),
        assigned,
        frozenset(officer.circles),
        frozenset(officer.divisions),
        tuple(lent),
    )


def _open_sessions(officer_id: uuid.UUID) -> frozenset[str]:
    """The ids of the sign-ins and keys of the officer that are good today."""
    sessions = select(OfficerSession.id).where(
        OfficerSession.officer_id == officer_id, OfficerSession.ended_at.is_(None), OfficerSession.expires_at > now()
    )
    keys = select(ApiKey.id).where(
        ApiKey.officer_id == officer_id, ApiKey.revoked_at.is_(None), ApiKey.expires_at > now()
    )
    return frozenset(found.hex for found in db.session.scalars(sessions.union(keys)))


def _as_actor(officer: Officer) -> Actor:
    """The officer acting outside any session: from the command line, or while signing in."""
    card = _card_of(officer.id)
    return card.actor(proven_at=now()) if card else Actor(officer.id, officer.role, name=officer.name)


def _by_username(username: str) -> Officer | None:
    return db.session.scalar(select(Officer).where(Officer.username == username.strip().lower()))


def _ids_called(text: str) -> list[uuid.UUID]:
    """The officers whose name or user name holds this text; of a text that fits everybody, some."""
    like = "%" + "".join(f"\\{sign}" if sign in "\\%_" else sign for sign in text.strip()) + "%"
    found = select(Officer.id).where(or_(Officer.username.ilike(like), Officer.name.ilike(like)))
    return list(db.session.scalars(found.order_by(Officer.username).limit(200)))


def _names(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names for the ids found in records, in one query."""
    wanted = set(ids)
    return {o.id: o.name for o in db.session.scalars(select(Officer).where(Officer.id.in_(wanted)))} if wanted else {}
