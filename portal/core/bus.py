"""The bus between modules: a Redis stream per topic, a consumer group per reader."""

import datetime as dt
import json
import logging
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from redis.exceptions import RedisError, ResponseError
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.access import SYSTEM
from portal.core.db import Base, db, now, transaction
from portal.core.events import StoredEvent
from portal.core.redis import connection

KEEP = 100_000
TRIES = 5
WAIT_S = 0.1
log = logging.getLogger("portal.bus")


class Message(NamedTuple):
    """An event as a consumer sees it."""

    id: str
    topic: str
    stream_id: str
    project_id: str
    payload: dict[str, Any]


class Consumed(Base):
    """What each group has already done, so that a message told twice acts once."""

    __tablename__ = "consumed"
    group: Mapped[str] = mapped_column(primary_key=True)


class DeadLetter(Base):
    """A message a group could not digest: kept with the reason, so that its neighbours go on."""

    __tablename__ = "dead_letter"
    group: Mapped[str]
    event_id: Mapped[uuid.UUID]
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    attempts: Mapped[int]
    error: Mapped[str]
    at: Mapped[dt.datetime]


Consumer = Callable[[Message], None]
CONSUMERS: dict[str, tuple[tuple[str, ...], Consumer]] = {}


def consumer(group: str, *topics: str) -> Callable[[Consumer], Consumer]:
    """React to committed events, each once per group, in the order of their stream."""

    def register(react: Consumer) -> Consumer:
        CONSUMERS[group] = (topics, react)
        return react

    return register


def publish(event: StoredEvent) -> None:
    """Append the event to the stream of its topic."""
    body: dict[Any, Any] = {
        "id": str(event.id),
        "stream_id": str(event.stream_id),
        "project_id": str(event.project_id or ""),
        "payload": json.dumps(event.payload),
    }
    connection().xadd(event.topic, body, maxlen=KEEP, approximate=True)


def deliver(group: str, message: Message) -> None:
    """Run the group's reaction in one transaction with the note that it has run."""
    with transaction(SYSTEM.id):
        note = insert(Consumed).values(group=group, id=uuid.UUID(message.id)).on_conflict_do_nothing()
        if db.session.execute(note.returning(Consumed.id)).first():
            CONSUMERS[group][1](message)


def _bury(group: str, message: Message, error: Exception) -> None:
    with transaction(SYSTEM.id):
        db.session.execute(
            delete(DeadLetter).where(DeadLetter.group == group, DeadLetter.event_id == uuid.UUID(message.id))
        )
        db.session.add(
            DeadLetter(
                group=group,
                event_id=uuid.UUID(message.id),
                topic=message.topic,
                payload=message.payload,
                attempts=TRIES,
                error=f"{type(error).__name__}: {error}",
                at=now(),
            )
        )


def _read(group: str, name: str, block_ms: int) -> list[tuple[str, bytes, Message]]:
    """New messages of the group's topics, or those another reader left unfinished for 30 s."""
    client, (topics, _react) = connection(), CONSUMERS[group]
    for topic in topics:
        with suppress(ResponseError):  # the group is already there
            client.xgroup_create(topic, group, id="0", mkstream=True)
    found: list[tuple[str, Any, Any]] = []
    for topic in topics:
        claimed: Any = client.xautoclaim(topic, group, name, min_idle_time=30_000, count=100)
        found += [(topic, key, body) for key, body in claimed[1] if body]
    if not found:
        read: Any = client.xreadgroup(group, name, dict.fromkeys(topics, ">"), count=100, block=block_ms) or []
        pairs = read.items() if isinstance(read, dict) else read
        for topic, entries in pairs:
            flat = entries[0] if isinstance(read, dict) else entries
            found += [(topic.decode(), key, body) for key, body in flat]
    return [(topic, key, _message(topic, body)) for topic, key, body in found]


def _message(topic: str, body: dict[bytes, bytes]) -> Message:
    fields = {key.decode(): value.decode() for key, value in body.items()}
    return Message(
        fields["id"], topic, fields["stream_id"], fields.get("project_id", ""), json.loads(fields["payload"])
    )


def consume_once(group: str, name: str = "one", block_ms: int = 1) -> int:
    """Read what is new for the group, react, acknowledge; returns how many messages were read.

    A message that fails five times, with growing waits, goes to the dead letters with its reason.
    """
    messages = _read(group, name, block_ms)
    for topic, key, message in messages:
        _deliver_or_bury(group, message)
        connection().xack(topic, group, key)
    return len(messages)


def _deliver_or_bury(group: str, message: Message) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            return deliver(group, message)
        except (OperationalError, RedisError):
            raise  # a server is away: nobody's fault; not acknowledged, so it is delivered again
        except Exception as error:
            log.warning("%s failed on %s (try %d): %r", group, message.id, attempt, error)
            if attempt == TRIES:
                return _bury(group, message, error)
            time.sleep(WAIT_S * 2 ** (attempt - 1))
    return None


def list_dead_letters() -> Sequence[DeadLetter]:
    """What no group could digest, oldest first."""
    return db.session.scalars(select(DeadLetter).order_by(DeadLetter.at, DeadLetter.id)).all()


def bring_back(letter: DeadLetter) -> None:
    """Put the event of a dead letter on the bus once more; groups that have digested it do nothing."""
    with transaction(SYSTEM.id):
        event = db.session.get(StoredEvent, letter.event_id)
        if event is not None:
            publish(event)
        db.session.delete(letter)
