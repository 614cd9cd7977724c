"""Browsers are told that something changed, by name only, only of what a view let them watch, for as long as it may."""

import time

import pytest
from flask import g
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import OfficerSession
from portal.core import cards, streams
from portal.core.cards import card_of
from portal.core.db import now
from portal.core.live import announce
from portal.projects.commands import assign_consultant
from tests.conftest import PASSWORD

ENDED = streams.ENDED.encode()
CHANGED = b"event: a-topic\ndata: changed\n\n"


@pytest.fixture
def ticket_of(app):
    """The address of a stream, as a page of this officer would name it."""

    def make(officer, *topics):
        with app.test_request_context():
            g.actor = card_of(officer.id).actor()
            return streams.stream_url(list(topics))

    return make


@pytest.fixture
def open_stream(signed_in, ticket_of, redis):
    """The lines of a stream that an officer of the role watches and that is connected."""
    opened = []

    def make(role, officer=None):
        browser = signed_in(role, officer)
        answer = browser.get(ticket_of(browser.officer, "a-topic"), buffered=False)
        opened.append(answer)
        lines = (line if isinstance(line, bytes) else line.encode() for line in answer.response)
        assert b"hello" in next(lines)
        time.sleep(0.3)  # the subscription of the process is on its way
        return browser, lines

    yield make
    for answer in opened:
        answer.close()


def last_of(lines):
    """The last word of a stream that ends by itself."""
    return [line for line in lines if line != streams.HEARTBEAT.encode()][-1]


def test_a_stream_greets_and_names_what_changed(session, open_stream):
    browser, lines = open_stream("ee")
    announce("another-topic")
    announce("a-topic")
    assert next(lines) == CHANGED
    announce(cards.topic_of(browser.officer.id))  # something of the officer changed, and they may go on
    announce("a-topic")
    assert [next(lines), next(lines)] == [streams.HEARTBEAT.encode(), CHANGED]


def test_a_stream_of_another_officer_or_a_forged_one_is_not_found(session, redis, signed_in, ticket_of):
    browser, other = signed_in("ee"), signed_in("ae")
    assert other.get(ticket_of(browser.officer, "a-topic")).status_code == 404
    assert browser.get("/live/forged").status_code == 404


def end_it(admin, officer, session):
    (row,) = session.scalars(select(OfficerSession).where(OfficerSession.officer_id == officer.id))
    accounts.end_session(card_of(officer.id).actor(), row.id)


def change_password(admin, officer, session):
    own = card_of(officer.id).actor("another session", now())
    accounts.change_password(own, {"old": PASSWORD, "new": "a meadow full of larks"})


WAYS = {
    "ended from afar": end_it,
    "a new password": change_password,
    "another role": lambda admin, officer, session: accounts.change_role(admin, officer.id, {"role": "ae"}),
    "disabled": lambda admin, officer, session: accounts.disable_officer(
        admin, officer.id, {"why": "left the service"}
    ),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_stream_of_a_session_that_ended_says_so_and_closes_at_once(way, session, open_stream, make_officer):
    admin = card_of(make_officer("admin").id).actor("a session", now())
    browser, lines = open_stream("ee")
    begun = time.monotonic()
    way(admin, browser.officer, session)
    assert last_of(lines) == ENDED
    assert time.monotonic() - begun < 2
    assert browser.get("/account").status_code in (302, 303)


def test_it_closes_in_time_even_when_nobody_could_announce_it(session, open_stream, make_officer, monkeypatch):
    monkeypatch.setattr(cards, "announce", lambda topic: None)
    monkeypatch.setattr(streams, "LOOK_S", 0.2)
    browser, lines = open_stream("ee")
    end_it(None, browser.officer, session)
    assert last_of(lines) == ENDED


def test_whose_rights_changed_loads_the_page_again(session, open_stream, ticket_of, make_project, actor):
    project = make_project().id
    browser, lines = open_stream("ec")
    address = ticket_of(browser.officer, "a-topic")
    days = {"from_date": now().date(), "to_date": None}
    assign_consultant(actor("ee"), project, {"consultant": browser.officer.username} | days)
    assert ENDED not in list(lines)
    assert browser.get(address).status_code == 404
    assert browser.get("/account").status_code == 200
