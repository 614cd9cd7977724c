"""Real threads, real transactions: whoever reads a card while it changes never leaves an old one behind."""

import threading
import uuid

import pytest

from portal.accounts import commands
from portal.core import cards, opa
from portal.core.access import Actor
from portal.core.cards import card_of
from portal.core.db import now, transaction
from tests.core.rego import Rego, policy_server

ADMIN = Actor(uuid.uuid4(), "admin", name="The administrator", proven_at=now())
WAIT_S = 20


@pytest.fixture
def officer(committed, enrolled):
    """An officer of whom no card is kept."""
    officer_id, _name = enrolled("ee")
    return officer_id


def post(officer_id, circle):
    particulars = {"name": "S. Rao", "email": "", "phone": "", "divisions": [], "circles": [circle]}
    commands.edit_officer(ADMIN, officer_id, particulars)


class Beside(threading.Thread):
    """Something done in a process of its own, as far as database and app are concerned; its failure is the test's."""

    def __init__(self, app, act):
        super().__init__(daemon=True)
        self.app, self.act, self.failed, self.answer = app, act, None, None
        self.start()

    def run(self):
        try:
            with self.app.app_context():
                self.answer = self.act()
        except BaseException as failed:
            self.failed = failed

    def done(self):
        self.join(WAIT_S)
        assert not self.is_alive(), "it hangs"
        if self.failed:
            raise self.failed
        return self.answer


@pytest.fixture
def pause(monkeypatch):
    """Let one call of a function of the cards wait: pause("read_card", after=True) gives (it waits, go on)."""

    def at(name, *, after):
        usual, reached, go_on, first = getattr(cards, name), threading.Event(), threading.Event(), [True]

        def waiting(*args):
            mine = first and first.pop()
            answer = usual(*args) if after else None
            if mine:
                reached.set()
                assert go_on.wait(WAIT_S)
            return answer if after else usual(*args)

        monkeypatch.setattr(cards, name, waiting)
        return reached, go_on

    return at


def test_a_reader_who_read_before_the_commit_and_keeps_after_the_drop_keeps_nothing(committed, officer, pause):
    was_read, go_on = pause("read_card", after=True)
    reader = Beside(committed, lambda: card_of(officer).circles)
    assert was_read.wait(WAIT_S)
    with committed.app_context():
        post(officer, "II")
        go_on.set()
        assert reader.done() == frozenset(), "it asked before the change"
        assert card_of(officer).circles == {"II"}


def test_a_reader_between_commit_and_drop_is_followed_by_the_drop(committed, officer, pause):
    with committed.app_context():
        assert card_of(officer).circles == frozenset()
    is_committed, go_on = pause("drop", after=False)
    writer = Beside(committed, lambda: post(officer, "II"))
    assert is_committed.wait(WAIT_S)
    with committed.app_context():
        assert cards.read_card(officer).circles == {"II"}
        assert card_of(officer).circles == frozenset(), "for this moment the old one is still kept"
        go_on.set()
        writer.done()
        assert card_of(officer).circles == {"II"}


def test_a_reader_without_a_kept_card_between_commit_and_drop_reads_what_is_new(committed, officer, pause):
    is_committed, go_on = pause("drop", after=False)
    writer = Beside(committed, lambda: post(officer, "II"))
    assert is_committed.wait(WAIT_S)
    with committed.app_context():
        assert card_of(officer).circles == {"II"}
        go_on.set()
        writer.done()
        assert card_of(officer).circles == {"II"}


def test_what_is_rolled_back_was_never_on_a_card(committed, officer):
    def given_up():
        with transaction():
            post(officer, "II")
            assert card_of(officer).circles == {"II"}, "within the command itself"
            raise ZeroDivisionError

    with committed.app_context():
        with pytest.raises(ZeroDivisionError):
            given_up()
        assert card_of(officer).circles == frozenset()


def test_among_many_readers_the_writer_always_finds_what_it_just_wrote(committed, officer):
    over = threading.Event()

    def read():
        seen = set()
        while not over.is_set():
            seen |= card_of(officer).circles
        return seen

    readers = [Beside(committed, read) for _one in range(4)]
    with committed.app_context():
        for number in range(40):
            post(officer, f"Circle {number}")
            assert card_of(officer).circles == {f"Circle {number}"}
    over.set()
    assert len(set().union(*(reader.done() for reader in readers))) > 1, "they read while it was written"


def test_a_verdict_given_before_the_change_is_not_kept_after_it(committed, officer, monkeypatch):
    with policy_server(Rego()) as server, committed.app_context():
        monkeypatch.setitem(committed.extensions, "opa", opa.PolicyServer(server.url))
        usual, asked, go_on = server.reply, threading.Event(), threading.Event()

        def slowly(*question):
            asked.set()
            assert go_on.wait(WAIT_S)
            return usual(*question)

        server.reply = slowly
        reader = Beside(committed, lambda: Actor(officer, "ee").can("projects.write"))
        assert asked.wait(WAIT_S)
        cards.drop(officer)
        go_on.set()
        assert reader.done()
        assert not committed.extensions["redis"].exists(f"verdicts:{officer}")
