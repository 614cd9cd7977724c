"""A change that was committed while Redis was away reaches the card by the bus, once Redis is back."""

import uuid
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test
from redis.exceptions import RedisError
from sqlalchemy import select

import jobs.accounts
from jobs.relay import relay_once
from portal.accounts import commands
from portal.accounts.events import OfficerChanged
from portal.accounts.queries.officers import _as_actor
from portal.core import bus, cards
from portal.core.bus import Consumed, DeadLetter, Message, consume_once, deliver
from portal.core.cards import card_of
from tests.away import redis_away
from tests.core.test_cards import Office

GROUP = "accounts.cards"


def tell():
    """What relay and consumers do in processes of their own."""
    if relay_once():
        consume_once(GROUP)


class OfficeWithoutRedis(Office):
    """The same three officers; no card is dropped at a commit."""

    @invariant()
    def cards_say_what_is_expected(self):
        tell()
        super().cards_say_what_is_expected()


def test_whatever_happens_while_redis_is_away_the_bus_brings_the_cards_up_to_date(
    redis, make_officer, make_project, monkeypatch
):
    world = SimpleNamespace(make_officer=make_officer, works=[make_project().id for _one in range(2)])
    monkeypatch.setattr(cards, "drop", lambda _officer_id: None)
    few = settings(max_examples=5, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: OfficeWithoutRedis(world), settings=few)


def test_redis_away_at_the_commit_is_said_and_made_good(app, redis, make_officer, caplog):
    officer, admin = make_officer("ee"), _as_actor(make_officer("admin"))
    assert card_of(officer.id).circles == frozenset()
    redis.hset(f"verdicts:{officer.id}", "asked", "answered")
    with redis_away(app):
        particulars = {"name": "S. Rao", "email": "", "phone": "", "divisions": [], "circles": ["II"]}
        commands.edit_officer(admin, officer.id, particulars)
        assert card_of(officer.id).circles == {"II"}, "without Redis the database is asked"
    assert f"the card of {officer.id} was not dropped, the bus will see to it" in caplog.text
    assert card_of(officer.id).circles == frozenset(), "Redis is back with what it had"
    tell()
    assert card_of(officer.id).circles == {"II"}
    assert not redis.exists(f"verdicts:{officer.id}")


def test_while_redis_is_away_the_message_waits(app, session, redis):
    message = Message(str(uuid.uuid4()), OfficerChanged.topic, str(uuid.uuid4()), "", {})
    with redis_away(app), pytest.raises(RedisError):
        deliver(GROUP, message)
    assert not session.scalar(select(Consumed).where(Consumed.id == uuid.UUID(message.id)))
    deliver(GROUP, message)
    assert redis.get(f"card-generation:{message.stream_id}") == b"1"
    assert not session.scalar(select(DeadLetter))


def test_the_consumers_process_knows_this_reader():
    assert bus.CONSUMERS[GROUP] == (tuple(kind.topic for kind in jobs.accounts.CHANGING), jobs.accounts.drop_card)
