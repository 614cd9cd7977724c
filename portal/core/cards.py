"""The card of an officer: all that rights depend on, read from the database once an hour and at once after a change.

Kept in Redis beside a generation number: a card read before a change is never stored after it, because every change
raises the number and a card is stored only under the number it was read at.
"""

import datetime as dt
import logging
import uuid

import msgspec
from redis.exceptions import RedisError

from portal.core.access import Actor, Instrument
from portal.core.calendar import IST
from portal.core.db import after_commit, db, now
from portal.core.live import announce
from portal.core.redis import connection
from portal.core.registry import supplied

LIFE_S = 3600
STORE = """
if (redis.call('GET', KEYS[2]) or '0') == ARGV[2] then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3]) end
"""
log = logging.getLogger("portal.cards")


class Card(msgspec.Struct, frozen=True):
    """An active officer as rights see them; `sessions` are the sign-ins, tokens and keys still good."""

    id: uuid.UUID
    name: str
    role: str
    sessions: frozenset[str] = frozenset()
    projects: frozenset[uuid.UUID] = frozenset()
    circles: frozenset[str] = frozenset()
    divisions: frozenset[str] = frozenset()
    instruments: tuple[Instrument, ...] = ()

    def actor(
        self, session: str = "", proven_at: dt.datetime | None = None, scopes: frozenset[str] | None = None
    ) -> Actor:
        """The officer acting in one of their sessions."""
        return Actor(
            self.id,
            self.role,
            self.projects,
            self.name,
            self.circles,
            self.divisions,
            self.instruments,
            scopes,
            session,
            proven_at,
        )


_READER = msgspec.json.Decoder(Card)


def topic_of(officer_id: object) -> str:
    """What is announced when the card of an officer changed: open streams look again whether they may go on."""
    return f"officer:{officer_id}"


def card_of(officer_id: uuid.UUID) -> Card | None:
    """The card of an active officer, None for anybody else; from the database while Redis is away."""
    generation: bytes | None = None  # not known, so nothing is kept
    try:
        kept, found = connection().mget(f"card:{officer_id}", f"card-generation:{officer_id}")
        if kept:
            return _READER.decode(kept)
        generation = found or b"0"  # type: ignore[assignment]
    except RedisError as lost:
        log.warning("cards are read from the database: %s", lost)
    card = read_card(officer_id)
    if card is not None and generation is not None and not db.session().info.get("writing"):
        _keep(card, generation)  # within a command the card may hold what is rolled back yet
    return card


def forget_verdicts(officer_id: uuid.UUID) -> None:
    """Drop what a policy server said about an officer; the card stays."""
    try:
        connection().delete(f"verdicts:{officer_id}")
    except RedisError as lost:
        log.warning("verdicts of %s were not dropped: %s", officer_id, lost)


def read_card(officer_id: uuid.UUID) -> Card | None:
    """The card as the database has it now."""
    (build,) = supplied("officer.card")
    card: Card | None = build(officer_id)
    return card


def _keep(card: Card, generation: bytes) -> None:
    keys = [f"card:{card.id}", f"card-generation:{card.id}"]
    try:
        connection().eval(STORE, 2, *keys, msgspec.json.encode(card), generation, life_s())
    except RedisError as lost:
        log.warning("a card was not kept: %s", lost)


def life_s() -> int:
    """How long a card is good: an hour, but not past midnight, when instruments and assignments begin and end."""
    here = now().astimezone(IST)
    midnight = dt.datetime.combine(here.date() + dt.timedelta(days=1), dt.time(), IST)
    return max(1, min(LIFE_S, int((midnight - here).total_seconds())))


def forget(officer_id: uuid.UUID) -> None:
    """Within a command that changes what a card holds: drop it once the change is committed."""
    after_commit(lambda: drop(officer_id))


def drop(officer_id: uuid.UUID) -> None:
    """Drop a card now; whoever asks next reads the database, and open streams of the officer look again."""
    try:
        drop_for_certain(officer_id)
    except RedisError as lost:
        log.error("the card of %s was not dropped, the bus will see to it: %s", officer_id, lost)


def drop_for_certain(officer_id: uuid.UUID) -> None:
    """The same, with what policy servers said of the officer. Raises RedisError while Redis is away."""
    with connection().pipeline() as line:
        line.incr(f"card-generation:{officer_id}")
        line.delete(f"card:{officer_id}", f"verdicts:{officer_id}")
        line.execute()
    announce(topic_of(officer_id))
