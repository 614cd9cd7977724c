"""The tables of the audit trail: the records, the days they are chained by, and the seals of the days."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import DDL, BigInteger, Identity, Index, UniqueConstraint, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base
from portal.core.events import APPEND_ONLY

WORDS = text(
    "(to_tsvector('simple'::regconfig, translate((((((actor_name || ' '::text) || act) || ' '::text) || why) || "
    "' '::text) || address, '._'::text, '  '::text)) || to_tsvector('simple'::regconfig, changes))"
)


class AuditRecord(Base):
    """Who did what, in which role, through which door, on which records, before and after. Append-only.

    `subjects` are the ids among the arguments; `touched` those and the ids of all that was changed, with their
    projects. `day` and `number` place it in the chain; they are empty for what was written before there was one.
    """

    __tablename__ = "audit_record"
    __table_args__ = (
        UniqueConstraint("day", "number"),
        Index("ix_audit_record_actor_id_position", "actor_id", "position"),
        Index("ix_audit_record_act_position", "act", "position"),
        Index("ix_audit_record_role_position", "role", "position"),
        Index("ix_audit_record_address_position", "address", "position"),
        Index("ix_audit_record_unusual", "outcome", "position", postgresql_where=text("outcome <> 'done'")),
        Index("ix_audit_record_unusual_of", "actor_id", "at", postgresql_where=text("outcome <> 'done'")),
        Index("ix_audit_record_sign_in", "actor_id", "position", postgresql_where=text("act = 'accounts.sign_in'")),
        Index("ix_audit_record_lent", "instrument", "position", postgresql_where=text("instrument <> ''")),
        Index("ix_audit_record_touched", "touched", postgresql_using="gin"),
        Index("ix_audit_record_words", WORDS, postgresql_using="gin"),
    )
    position: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    actor_id: Mapped[uuid.UUID]
    actor_name: Mapped[str]
    role: Mapped[str]
    instrument: Mapped[str] = mapped_column(default="", server_default="")
    session: Mapped[str] = mapped_column(default="", server_default="")
    act: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="done", server_default="done")
    why: Mapped[str] = mapped_column(default="", server_default="")
    use_case: Mapped[str]
    subjects: Mapped[list[str]] = mapped_column(JSONB)
    touched: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    door: Mapped[str]
    address: Mapped[str]
    device: Mapped[str] = mapped_column(default="", server_default="")
    request_id: Mapped[str]
    day: Mapped[dt.date | None]
    number: Mapped[int | None]
    previous: Mapped[str] = mapped_column(default="", server_default="")
    digest: Mapped[str] = mapped_column(default="", server_default="")


class AuditDay(Base):
    """The chain of one day of India so far: how many records, and the digest of the last. Closed once it is over."""

    __tablename__ = "audit_day"
    day: Mapped[dt.date] = mapped_column(unique=True)
    count: Mapped[int] = mapped_column(default=0)
    tip: Mapped[str]
    closed: Mapped[bool] = mapped_column(default=False)


class AuditSeal(Base):
    """The signed root of a day that is over: after it, no record of that day can change unnoticed. Append-only."""

    __tablename__ = "audit_seal"
    day: Mapped[dt.date] = mapped_column(unique=True)
    count: Mapped[int]
    root: Mapped[str]
    kid: Mapped[str]
    signature: Mapped[str]
    sealed_at: Mapped[dt.datetime]


for table in ("audit_record", "audit_seal"):
    event.listen(Base.metadata.tables[table], "after_create", DDL(APPEND_ONLY.format(table=table)))  # type: ignore[no-untyped-call]
