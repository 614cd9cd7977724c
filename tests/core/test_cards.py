"""The cached card always says what the database would: after every change, whoever reads in between, and in a race."""

import datetime as dt
import uuid
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from portal.accounts import commands as accounts
from portal.accounts.commands.officers import _lock_officer
from portal.accounts.commands.sessions import _begin_session, _end_what_is_over
from portal.accounts.models import Officer, OfficerSession
from portal.accounts.queries.officers import _as_actor
from portal.core import cards
from portal.core.access import SYSTEM
from portal.core.calendar import today
from portal.core.cards import card_of
from portal.core.db import db, now, transaction
from portal.delegations import commands as delegations
from portal.delegations.models import DelegationInstrument
from portal.projects import commands as projects
from tests.away import redis_away
from tests.delegations.conftest import CRORE, terms

WHY = {"why": "As the machine says"}
PEOPLE = st.integers(0, 2)
PLACES = st.lists(st.sampled_from(["I", "II", "III"]), unique=True, max_size=2)


@dataclass
class Expected:
    """What the card of one officer should say; `signed` and `keys` by id, `works` and `lent` with the paper's id."""

    role: str
    open: bool = True
    active: bool = True
    circles: set = field(default_factory=set)
    signed: set = field(default_factory=set)
    keys: set = field(default_factory=set)
    works: dict = field(default_factory=dict)
    lent: dict = field(default_factory=dict)


def anybody(_officer):
    return True


def open_account(officer):
    return officer.open


def signed_in(officer):
    return officer.signed


def holding_acts(officer):
    return officer.open and officer.role != "qr"


def assignable(officer):
    return officer.active and officer.role == "ec" and len(officer.works) < 2


def assigned(officer):
    return officer.works


def lendable(officer):
    return officer.open and officer.role in ("dce", "ee") and not officer.lent


def lent(officer):
    return officer.lent


def to(fits):
    """A step that can be taken while it can happen to somebody."""
    return precondition(lambda office: any(map(fits, office.expected)))


class Office(RuleBasedStateMachine):
    """Three officers to whom everything happens that a card depends on, and what is expected of their cards."""

    def __init__(self, world):
        super().__init__()
        self.admin, self.chief = _as_actor(world.make_officer("admin")), _as_actor(world.make_officer("ce"))
        officers = [world.make_officer(role) for role in ("ec", "dce", "ee")]
        self.ids, self.works = [one.id for one in officers], world.works
        self.expected = [Expected(one.role) for one in officers]

    @invariant()
    def cards_say_what_is_expected(self):
        for officer_id, expected in zip(self.ids, self.expected, strict=True):
            card = card_of(officer_id)
            assert (card is not None) == expected.open
            if card:
                assert (card.role, set(card.circles)) == (expected.role, expected.circles)
                assert card.sessions == {one.hex for one in expected.signed | expected.keys}
                assert card.projects == (set(expected.works) if expected.role == "ec" else set())
                assert {one.number for one in card.instruments} == set(expected.lent)

    def one(self, who, fits=anybody):
        """One of the officers whom it can happen to, with what is expected of their card."""
        known = [number for number, expected in enumerate(self.expected) if fits(expected)]
        number = known[who % len(known)]
        return db.session.get_one(Officer, self.ids[number]), self.expected[number]

    @rule(who=PEOPLE)
    def the_database_is_asked_first(self, who):
        cards.drop(self.ids[who])

    @rule(who=PEOPLE, role=st.sampled_from(["ec", "dce", "ee", "qr"]))
    def another_role(self, who, role):
        officer, expected = self.one(who)
        if role == expected.role:
            return
        accounts.change_role(self.admin, officer.id, {"role": role})
        expected.role, expected.signed = role, set()

    @rule(who=PEOPLE, circles=PLACES)
    def posted(self, who, circles):
        officer, expected = self.one(who)
        values = {"name": officer.name, "email": "", "phone": "", "divisions": [], "circles": circles}
        accounts.edit_officer(self.admin, officer.id, values)
        expected.circles = set(circles)

    @rule(who=PEOPLE)
    def closed_or_opened(self, who):
        officer, expected = self.one(who)
        if officer.active:
            accounts.disable_officer(self.admin, officer.id, WHY)
            expected.signed = set()
        else:
            accounts.enable_officer(self.admin, officer.id, WHY)
        expected.open, expected.active = officer.may_sign_in, officer.active

    @rule(who=PEOPLE)
    def locked_or_unlocked(self, who):
        officer, expected = self.one(who)
        if officer.locked_at is None:
            with transaction(self.admin.id):
                _lock_officer(self.admin, officer.id, WHY["why"])
            expected.signed = set()
        else:
            accounts.unlock_officer(self.admin, officer.id)
        expected.open, expected.active = officer.may_sign_in, officer.active

    @to(open_account)
    @rule(who=PEOPLE, kind=st.sampled_from(["web", "api"]))
    def signs_in(self, who, kind):
        officer, expected = self.one(who, open_account)
        expected.signed.add(_begin_session(officer, kind, "password").id)

    @to(signed_in)
    @rule(who=PEOPLE, how=st.sampled_from(["this", "others", "over"]))
    def a_session_ends(self, who, how):
        officer, expected = self.one(who, signed_in)
        session, actor = min(expected.signed), _as_actor(officer)
        if how == "others":
            accounts.end_other_sessions(replace(actor, session=session.hex))
            expected.signed = {session}
            return
        if how == "this":
            accounts.end_session(actor, session)
        else:
            with transaction():
                db.session.get_one(OfficerSession, session).expires_at = now() - dt.timedelta(seconds=1)
            _end_what_is_over()
        expected.signed.remove(session)

    @to(holding_acts)
    @rule(who=PEOPLE)
    def makes_or_revokes_a_key(self, who):
        officer, expected = self.one(who, holding_acts)
        if expected.keys:
            accounts.revoke_key(_as_actor(officer), expected.keys.pop())
            return
        values = {"name": "Nightly", "scopes": ["projects.read"], "expires_on": today() + dt.timedelta(days=9)}
        expected.keys.add(accounts.make_key(_as_actor(officer), values).key.id)

    @to(assignable)
    @rule(who=PEOPLE)
    def is_assigned(self, who):
        officer, expected = self.one(who, assignable)
        work = next(one for one in self.works if one not in expected.works)
        values = {"consultant": officer.username, "from_date": today(), "to_date": None}
        expected.works[work] = projects.assign_consultant(self.chief, work, values).id

    @to(assigned)
    @rule(who=PEOPLE)
    def is_released(self, who):
        _officer, expected = self.one(who, assigned)
        projects.release_consultant(self.chief, expected.works.popitem()[1])

    @to(lendable)
    @rule(who=PEOPLE, conditional=st.booleans())
    def lent_the_power(self, who, conditional):
        officer, expected = self.one(who, lendable)
        said = {"ceiling_rs": CRORE, "circles": [uuid.uuid4().hex]}  # nobody else's, so that nothing is lent twice
        if conditional:
            said |= {"type": "conditional", "condition": "The Chief Engineer is away"}
        draft = delegations.prepare_instrument(self.chief, terms(officer, **said))
        self.cards_say_what_is_expected()
        issued = delegations.issue_instrument(self.chief, draft.id)
        if conditional:
            self.cards_say_what_is_expected()
            delegations.declare_event(self.chief, issued.id, WHY)
        expected.lent[issued.instrument_no] = issued.id

    @to(lent)
    @rule(who=PEOPLE, revoked=st.booleans())
    def the_power_ends(self, who, revoked):
        _officer, expected = self.one(who, lent)
        _number, instrument = expected.lent.popitem()
        if revoked:
            delegations.revoke_instrument(self.chief, instrument, WHY)
            return
        with transaction():
            row = db.session.get_one(DelegationInstrument, instrument)
            row.starts_on, row.ends_on = today() - dt.timedelta(days=9), today() - dt.timedelta(days=1)
        delegations.turn_over(SYSTEM, today())


@pytest.fixture
def world(redis, make_officer, make_project):
    return SimpleNamespace(make_officer=make_officer, works=[make_project().id for _one in range(2)])


def test_whatever_happens_to_an_officer_the_card_agrees(world):
    few = settings(max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: Office(world), settings=few)


def test_a_card_read_while_redis_was_away_is_not_kept_by_a_redis_that_is_back(app, redis, make_officer, monkeypatch):
    officer, read = make_officer("ee"), cards.read_card
    with redis_away(app) as back, monkeypatch.context() as slow:
        slow.setattr(cards, "read_card", lambda officer_id: (read(officer_id), back())[0])
        assert card_of(officer.id).role == "ee"
    assert not redis.exists(f"card:{officer.id}"), "nobody knows what was dropped meanwhile"
    assert card_of(officer.id).role == "ee"
    assert redis.exists(f"card:{officer.id}")
