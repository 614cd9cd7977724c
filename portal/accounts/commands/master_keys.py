"""The master key under which files and secrets rest: changed by an administrator, what rests is wrapped anew."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from portal.accounts.models import Factor, OfficerSession, SigningKey
from portal.core.access import Actor
from portal.core.db import db
from portal.core.keys import Unsealable, ring
from portal.core.sealing import renewed
from portal.core.usecases import command


class Renewed(NamedTuple):
    """How many secrets have a key wrapped anew, and those that cannot be opened: which row, and why."""

    renewed: int
    damaged: list[tuple[str, str]]


SEALED: tuple[InstrumentedAttribute[str], ...] = (Factor.secret, SigningKey.private_sealed, OfficerSession.id_token)


@command("secure")
def change_master_key(actor: Actor) -> str:
    """Make a new version of the master key, which wraps from now on, and return its name; the earlier ones still open.

    Raises BadSetting where the keys are given by MASTER_KEY: their owner adds one there.
    """
    return ring().rotate()


@command("secure")
def renew_secrets(actor: Actor) -> Renewed:
    """Wrap the key of every secret in the database by the current master key.

    Only the wrapping changes. A secret that is replaced meanwhile is left alone: the new one is under the current key.
    """
    renewed_ones, damaged = 0, []
    for column in SEALED:
        for row, text in _kept(column):
            try:
                renewed_ones += _renewed(column, row, text)
            except Unsealable as fault:
                damaged.append((f"{column.class_.__tablename__} {row}", str(fault)))
    return Renewed(renewed_ones, damaged)


def _kept(column: InstrumentedAttribute[str]) -> Iterator[Any]:
    found = select(column.class_.id, column).where(column != "").order_by(column.class_.id)
    yield from db.session.execute(found).all()


def _renewed(column: InstrumentedAttribute[str], row: Any, text: str) -> int:
    wrapped = renewed(text)
    if wrapped:
        table = column.class_
        db.session.execute(update(table).where(table.id == row, column == text).values({column.key: wrapped}))
    return int(wrapped is not None)
