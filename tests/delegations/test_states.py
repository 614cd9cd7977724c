"""An instrument goes from state to state on the drawn lines only, and is in force for its days and no other."""

import datetime as dt
import uuid
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from portal.core.access import Actor
from portal.core.errors import RuleBroken
from portal.delegations.models import DelegationInstrument

TODAY = dt.date(2026, 11, 26)
DAY = dt.timedelta(days=1)
CHIEF = Actor(uuid.uuid4(), "ce", name="V. Reddy")


class Life(RuleBasedStateMachine):
    """One instrument, and beside it what a clerk would write in a book."""

    @initialize(kind=st.sampled_from(["temporary", "conditional", "standing"]), days=st.integers(0, 4))
    def draft(self, kind, days):
        ends = None if kind == "standing" else TODAY + days * DAY
        self.one = DelegationInstrument(
            type=kind,
            charge="scoped",
            floor_rs=Decimal(0),
            ceiling_rs=Decimal(10),
            project_classes=["standard"],
            circles=["II"],
            starts_on=TODAY,
            ends_on=ends,
        )
        self.book, self.declared, self.day = "draft", None, TODAY

    def attempt(self, legal, act, after):
        try:
            act()
        except RuleBroken:
            assert not legal, self.book
            return
        assert legal, self.book
        self.book = after

    @rule()
    def issue(self):
        after = "standby" if self.one.type == "conditional" else "active"
        self.attempt(self.book == "draft", lambda: self.one.issue("DI-2026-001", CHIEF), after)

    @rule()
    def declare(self):
        over = self.one.ends_on is not None and self.one.ends_on < self.day
        legal = self.book == "standby" and not over
        self.attempt(legal, lambda: self.one.declare(self.day, "it has come"), "active")
        self.declared = self.day if legal else self.declared

    @rule()
    def review(self):
        act = lambda: self.one.review(self.day, self.day + 9 * DAY)  # noqa: E731
        self.attempt(self.book in ("active", "standby"), act, self.book)

    @rule()
    def revoke(self):
        self.attempt(self.book in ("active", "standby"), lambda: self.one.revoke("back from leave"), "revoked")

    @rule()
    def expire(self):
        over = self.one.ends_on is not None and self.one.ends_on < self.day
        self.attempt(self.book in ("active", "standby") and over, lambda: self.one.expire(self.day), "expired")

    @rule(days=st.integers(1, 3))
    def time_passes(self, days):
        self.day += days * DAY

    @invariant()
    def it_stands_as_in_the_book(self):
        assert self.one.state == self.book
        first = max(TODAY, self.declared or TODAY)
        inside = first <= self.day and (self.one.ends_on is None or self.day <= self.one.ends_on)
        assert self.one.in_force(self.day) is (self.book == "active" and inside)


TestLife = Life.TestCase
