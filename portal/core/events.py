"""The event store and its outbox: facts are appended in the transaction that made them true."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import DDL, BigInteger, ForeignKey, Identity, Index, UniqueConstraint, event, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.access import Actor, require_place
from portal.core.db import Base, db, now
from portal.core.origin import ORIGIN
from portal.core.registry import supplied

CHANNEL = "outbox"


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact about one record, in the past tense; `says` is its line in the timeline, for str.format."""

    topic: ClassVar[str]
    says: ClassVar[Any]


class StoredEvent(Base):
    """Append-only: never updated, never deleted, and the database sees to it."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("stream_id", "stream_version"),
        Index("ix_event_project_id_position", "project_id", "position"),
    )
    position: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    topic: Mapped[str] = mapped_column(index=True)
    stream_id: Mapped[uuid.UUID]
    stream_version: Mapped[int]
    project_id: Mapped[uuid.UUID | None]
    actor_id: Mapped[uuid.UUID]
    actor_name: Mapped[str]
    correlation_id: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[dt.datetime]

    @property
    def says(self) -> str:
        """The line of the timeline, in the reader's language."""
        kind = KINDS.get(self.topic)
        return str(kind.says).format(**self.payload) if kind else self.topic


class Outbox(Base):
    """One row per event still to be put on the bus."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_waiting", "id", postgresql_where=text("sent_at IS NULL")),)
    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("event.id"))
    sent_at: Mapped[dt.datetime | None]
    event: Mapped[StoredEvent] = relationship(lazy="joined", innerjoin=True)


APPEND_ONLY = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$;
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
event.listen(StoredEvent.__table__, "after_create", DDL(APPEND_ONLY.format(table="event")))  # type: ignore[no-untyped-call]

KINDS: dict[str, type[Event]] = {}


def _plain(value: Any) -> Any:
    """JSON without loss: decimals, dates and ids as text."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return (
        value if isinstance(value, int | float | bool | type(None)) and not isinstance(value, Decimal) else str(value)
    )


Fact = tuple[Event, Any]  # what happened, and the row it is about


def know_events(module: Any) -> None:
    """Learn the events a module declares, so that timelines can word them."""
    for kind in vars(module).values():
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event:
            KINDS[kind.topic] = kind


def record(fact: Event, about: Any, actor: Actor) -> StoredEvent:
    """Append the fact to the stream of the row it is about; it is told after the commit, or not at all.

    `about` has an `id` and, for business rows, a `project_id`. Two facts told at once about one row: the slower
    transaction gets Stale.
    """
    return record_all([(fact, about)], actor)[0]


def record_all(facts: Sequence[Fact], actor: Actor) -> list[StoredEvent]:
    """record() for many: a load of thousands of works asks and writes a few times, not once a work."""
    db.session.flush()  # gives the rows their versions, and lets the database refuse first
    _refuse_elsewhere([about.project_id for _fact, about in facts if getattr(about, "project_id", None)], actor)
    latest = select(StoredEvent.stream_id, func.max(StoredEvent.stream_version)).group_by(StoredEvent.stream_id)
    found = db.session.execute(latest.where(StoredEvent.stream_id.in_({about.id for _fact, about in facts})))
    versions: Counter[uuid.UUID] = Counter({stream: version for stream, version in found})  # noqa: C416 - typed
    stored = []
    for fact, about in facts:
        versions[about.id] += 1
        KINDS.setdefault(fact.topic, type(fact))
        stored.append(_stored(fact, about, versions[about.id], actor))
    db.session.add_all([row for event in stored for row in (event, Outbox(event=event))])
    db.session.execute(select(func.pg_notify(CHANNEL, "")))
    return stored


def _refuse_elsewhere(projects: Sequence[uuid.UUID], actor: Actor) -> None:
    """Every write tells a fact, so here is where an officer posted elsewhere is stopped. Raises NotPermitted."""
    if projects and (actor.circles or actor.divisions):
        (places,) = supplied("project.places")
        for about in places(set(projects)):
            require_place(actor, about)


def _stored(fact: Event, about: Any, version: int, actor: Actor) -> StoredEvent:
    return StoredEvent(
        topic=fact.topic,
        stream_id=about.id,
        stream_version=version,
        project_id=getattr(about, "project_id", None),
        actor_id=actor.id,
        actor_name=actor.signature,
        correlation_id=ORIGIN.get().request_id,
        payload=_plain(asdict(fact)),
        at=now(),
    )


def timeline(
    *, project_id: uuid.UUID | None = None, stream_id: uuid.UUID | None = None, limit: int = 20
) -> Sequence[StoredEvent]:
    """What happened to a project, or to one record, newest first; called by queries, which check the right."""
    found = select(StoredEvent).order_by(StoredEvent.position.desc()).limit(limit)
    if stream_id:
        return db.session.scalars(found.where(StoredEvent.stream_id == stream_id)).all()
    return db.session.scalars(found.where(StoredEvent.project_id == project_id)).all()
