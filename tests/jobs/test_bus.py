"""From commit to reaction: in order, once in effect, and one bad message does not hold up the others."""

import uuid

import pytest
from redis.exceptions import RedisError

from jobs.relay import relay_once
from portal.core import bus
from portal.core.bus import CONSUMERS, DeadLetter, consume_once, consumer, publish
from portal.core.db import transaction
from portal.core.events import Outbox, StoredEvent, record
from tests.core.facts import Renamed


@pytest.fixture
def heard(redis):
    """What a group of ours was told."""
    told = []

    @consumer("test.group", Renamed.topic)
    def react(message):
        if message.payload["name"] == "poison":
            raise ValueError("cannot digest this")
        told.append(message.payload["name"])

    yield told
    CONSUMERS.pop("test.group")


@pytest.fixture
def tell(session, actor, make_project):
    """Commit a fact about a project."""
    project = make_project()

    def say(name):
        with transaction():
            return record(Renamed(name=name), project, actor("ee"))

    return say


def test_committed_facts_are_told_in_order_and_once(session, heard, tell):
    for name in "ABC":
        tell(name)
    assert (relay_once(), relay_once()) == (3, 0)
    assert consume_once("test.group") == 3
    assert heard == ["A", "B", "C"]
    assert session.query(Outbox).filter(Outbox.sent_at.is_(None)).count() == 0


def test_a_fact_told_twice_acts_once(session, heard, tell):
    event_id = tell("A").id
    relay_once()
    publish(session.get(StoredEvent, event_id))
    assert consume_once("test.group") == 2
    assert heard == ["A"]


def test_a_message_nobody_can_digest_goes_to_the_dead_letters_and_its_neighbours_go_on(session, heard, tell):
    for name in ("A", "poison", "B"):
        tell(name)
    relay_once()
    consume_once("test.group")
    assert heard == ["A", "B"]
    letter = session.query(DeadLetter).one()
    assert (letter.group, letter.attempts, "cannot digest" in letter.error) == ("test.group", bus.TRIES, True)
    assert consume_once("test.group") == 0


def test_a_dead_letter_can_be_brought_back(session, heard, tell):
    tell("poison")
    relay_once()
    consume_once("test.group")
    react = CONSUMERS["test.group"]
    CONSUMERS["test.group"] = (react[0], lambda message: heard.append(message.payload["name"]))
    (letter,) = bus.list_dead_letters()
    bus.bring_back(letter)
    consume_once("test.group")
    assert heard == ["poison"]
    assert not bus.list_dead_letters()


def test_an_outage_is_nobodys_fault(session, heard, tell):
    tell("A")
    relay_once()
    topics, react = CONSUMERS["test.group"]

    def away(_message):
        raise RedisError("away")

    CONSUMERS["test.group"] = (topics, away)
    with pytest.raises(RedisError):
        consume_once("test.group")
    assert not bus.list_dead_letters()
    CONSUMERS["test.group"] = (topics, react)


def test_browsers_are_told_of_the_record_and_its_project(session, redis, heard, tell):
    line = redis.pubsub(ignore_subscribe_messages=True)
    line.psubscribe("live:*")
    line.get_message(timeout=1)
    fact = tell("A")
    relay_once()
    told = set()
    while message := line.get_message(timeout=0.2):
        told.add(message["channel"].decode().removeprefix("live:"))
    line.close()
    assert {str(fact.stream_id), Renamed.topic} <= told


def test_a_job_is_queued_once_however_often_it_is_asked(session, redis):
    from rq import Queue

    from jobs.queues import enqueue

    argument = str(uuid.uuid4())
    for _ in range(3):
        enqueue("pdf", _job, argument)
    enqueue("pdf", _job, argument, attempt=1)
    assert Queue("pdf", connection=redis).count == 2


def _job(_argument):
    """Never run here."""
