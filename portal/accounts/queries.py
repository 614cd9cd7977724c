"""Reading accounts: for the administrator, and for the doors that ask who stands before them."""

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from portal.accounts.models import Officer
from portal.core.access import Actor
from portal.core.db import db
from portal.core.registry import supplied
from portal.core.usecases import query


@query
def list_officers(actor: Actor) -> tuple[Sequence[Officer], str]:
    """Everybody, by user name; one page, for an authority has some dozens of engineers."""
    return db.session.scalars(select(Officer).order_by(Officer.username)).all(), ""


def _actor_of(officer_id: uuid.UUID) -> Actor | None:
    """The actor an active officer is, with the projects assigned to a consultant; None for anybody else."""
    officer = db.session.get(Officer, officer_id)
    return _as_actor(officer) if officer and officer.active else None


def _as_actor(officer: Officer) -> Actor:
    assigned: frozenset[uuid.UUID] = frozenset()
    if officer.role == "ec":
        assigned = frozenset().union(*(ask(officer.id) for ask in supplied("actor.projects")))
    return Actor(officer.id, officer.role, assigned, officer.name)


def _by_username(username: str) -> Officer | None:
    return db.session.scalar(select(Officer).where(Officer.username == username.strip().lower()))


def _names(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names for the ids found in records, in one query."""
    wanted = set(ids)
    return {o.id: o.name for o in db.session.scalars(select(Officer).where(Officer.id.in_(wanted)))} if wanted else {}
