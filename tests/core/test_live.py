"""Browsers are told that something changed, by name only, and only of what a view let them watch."""

import threading
import time

import pytest
from flask import g

from portal.core.access import Actor
from portal.core.live import Switchboard, announce, stream_url


@pytest.fixture
def ticket_of(app):
    """The address of a stream, as a page of this officer would name it."""

    def make(officer, *topics):
        with app.test_request_context():
            g.actor = Actor(officer.id, officer.role)
            return stream_url(list(topics))

    return make


def test_a_stream_greets_and_names_what_changed(session, redis, signed_in, ticket_of):
    browser = signed_in("ee")
    with browser.get(ticket_of(browser.officer, "a-topic"), buffered=False) as answer:
        assert answer.mimetype == "text/event-stream"
        lines = answer.response
        assert b"hello" in next(iter(lines))
        time.sleep(0.3)  # the subscription of the process is on its way
        announce("another-topic")
        announce("a-topic")
        assert next(iter(lines)) in (b"event: a-topic\ndata: changed\n\n", "event: a-topic\ndata: changed\n\n")


def test_a_stream_of_another_officer_or_a_forged_one_is_not_found(session, redis, signed_in, ticket_of):
    browser, other = signed_in("ee"), signed_in("ae")
    assert other.get(ticket_of(browser.officer, "a-topic")).status_code == 404
    assert browser.get("/live/forged").status_code == 404


def test_a_switchboard_forgets_who_left(redis):
    board = Switchboard()
    queue = board.open(redis, ["a", "b"])
    board.close(queue, ["a", "b"])
    assert not board.streams


def test_five_hundred_streams_hear_one_announcement(app, redis):
    board = Switchboard()
    with app.app_context():
        queues = [board.open(redis, ["a-topic"]) for _ in range(500)]
        time.sleep(0.3)
        announce("a-topic")
        assert {queue.get(timeout=2) for queue in queues} == {"a-topic"}
    assert threading.active_count() < 20
