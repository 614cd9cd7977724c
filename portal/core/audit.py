"""The audit record: one row for each command that was carried out, written in the command's own transaction."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import DDL, BigInteger, Identity, Index, event, select
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.access import SYSTEM, Actor
from portal.core.db import Base, db, now, transaction
from portal.core.events import APPEND_ONLY
from portal.core.origin import ORIGIN


class AuditRecord(Base):
    """Who did what, in which role, through which door, on which records. Append-only."""

    __tablename__ = "audit_record"
    __table_args__ = (Index("ix_audit_record_subjects", "subjects", postgresql_using="gin"),)
    position: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    actor_id: Mapped[uuid.UUID] = mapped_column(index=True)
    actor_name: Mapped[str]
    role: Mapped[str]
    instrument: Mapped[str] = mapped_column(default="")
    session: Mapped[str] = mapped_column(default="")
    act: Mapped[str] = mapped_column(index=True)
    outcome: Mapped[str] = mapped_column(default="done", index=True)
    why: Mapped[str] = mapped_column(default="")
    use_case: Mapped[str]
    subjects: Mapped[list[str]] = mapped_column(JSONB)
    door: Mapped[str]
    address: Mapped[str]
    request_id: Mapped[str]


event.listen(AuditRecord.__table__, "after_create", DDL(APPEND_ONLY.format(table="audit_record")))  # type: ignore[no-untyped-call]


def acts_of(actor: Actor, among: Iterable[str], args: tuple[Any, ...]) -> frozenset[str]:
    """Which of these acts the actor has done before with what the arguments name: for the separation of duties."""
    subjects = [str(value) for value in args if isinstance(value, uuid.UUID)]
    if not subjects:
        return frozenset()
    found = select(AuditRecord.act).where(
        AuditRecord.actor_id == actor.id,
        AuditRecord.act.in_(list(among)),
        AuditRecord.outcome == "done",
        AuditRecord.subjects.has_any(array(subjects)),
    )
    return frozenset(db.session.scalars(found.distinct()))


def note(actor: Actor, act: str, use_case: str, args: tuple[Any, ...], *, instrument: str = "") -> None:
    """Add the record; only ids are kept of the arguments, what changed is in the events of the same transaction."""
    origin = ORIGIN.get()
    db.session.add(
        AuditRecord(
            at=now(),
            actor_id=actor.id,
            actor_name=actor.name,
            role=actor.role,
            instrument=instrument,
            session=actor.session,
            act=act,
            use_case=use_case,
            subjects=[str(value) for value in args if isinstance(value, uuid.UUID)],
            door=origin.door,
            address=origin.address,
            request_id=origin.request_id,
        )
    )


def witness(
    act: str,
    outcome: str,
    *,
    actor: Actor | None = None,
    name: str = "",
    why: str = "",
    subjects: Iterable[uuid.UUID] = (),
) -> None:
    """Record what no command carries out, in a transaction of its own: a refusal, a failed sign-in, a forged token.

    `outcome` is refused, failed, tampering, read or renewed; `name` is who a stranger says they are.
    """
    origin, who = ORIGIN.get(), actor or SYSTEM
    with transaction(who.id):
        db.session.add(
            AuditRecord(
                at=now(),
                actor_id=who.id,
                actor_name=actor.name if actor else name,
                role=actor.role if actor else "",
                session=actor.session if actor else "",
                act=act,
                use_case="",
                outcome=outcome,
                why=why,
                subjects=[str(subject) for subject in subjects],
                door=origin.door,
                address=origin.address,
                request_id=origin.request_id,
            )
        )
