"""The audit record: one row for each command that was carried out, written in the command's own transaction."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import DDL, BigInteger, Identity, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.access import Actor
from portal.core.db import Base, db, now
from portal.core.events import APPEND_ONLY
from portal.core.origin import ORIGIN


class AuditRecord(Base):
    """Who did what, in which role, through which door, on which records. Append-only."""

    __tablename__ = "audit_record"
    position: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    actor_id: Mapped[uuid.UUID] = mapped_column(index=True)
    actor_name: Mapped[str]
    role: Mapped[str]
    act: Mapped[str]
    use_case: Mapped[str]
    subjects: Mapped[list[str]] = mapped_column(JSONB)
    door: Mapped[str]
    address: Mapped[str]
    request_id: Mapped[str]


event.listen(AuditRecord.__table__, "after_create", DDL(APPEND_ONLY.format(table="audit_record")))  # type: ignore[no-untyped-call]


def note(actor: Actor, act: str, use_case: str, args: tuple[Any, ...]) -> None:
    """Add the record; only ids are kept of the arguments, what changed is in the events of the same transaction."""
    origin = ORIGIN.get()
    db.session.add(
        AuditRecord(
            at=now(),
            actor_id=actor.id,
            actor_name=actor.name,
            role=actor.role,
            act=act,
            use_case=use_case,
            subjects=[str(value) for value in args if isinstance(value, uuid.UUID)],
            door=origin.door,
            address=origin.address,
            request_id=origin.request_id,
        )
    )
