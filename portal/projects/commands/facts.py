"""Many facts at once: a load of thousands of works asks and writes a few times, not once a work."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select

from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.events import CHANNEL, Event, Outbox, StoredEvent
from portal.core.origin import ORIGIN

Fact = tuple[Event, Any]  # what happened, and the row it is about


def _record_all(facts: Sequence[Fact], actor: Actor) -> None:
    """What record() does for one fact, for one fact each about many rows; their values are plain JSON already."""
    db.session.flush()
    latest = select(StoredEvent.stream_id, func.max(StoredEvent.stream_version)).group_by(StoredEvent.stream_id)
    found = db.session.execute(latest.where(StoredEvent.stream_id.in_([about.id for _fact, about in facts])))
    versions: dict[Any, int] = {stream: version for stream, version in found}  # noqa: C416 - typed
    at, correlation = now(), ORIGIN.get().request_id
    for fact, about in facts:
        stored = StoredEvent(
            topic=fact.topic,
            stream_id=about.id,
            stream_version=versions.get(about.id, 0) + 1,
            project_id=about.project_id,
            actor_id=actor.id,
            actor_name=actor.name or actor.role,
            correlation_id=correlation,
            payload=asdict(fact),
            at=at,
        )
        db.session.add_all([stored, Outbox(event=stored)])
    if facts:
        db.session.execute(select(func.pg_notify(CHANNEL, "")))
