"""Instruments of delegation for the tests of their register."""

import datetime as dt
from decimal import Decimal

import pytest

from portal.accounts.queries.officers import _as_actor
from portal.core.calendar import today
from portal.delegations import commands

CRORE = Decimal(10_000_000)
REASON = "Leave of the Chief Engineer, as noted in file 44"


def terms(officer, **said):
    """What is typed for a temporary, scoped instrument up to 2 crore in circle II, from today for ten days."""
    usual = {
        "to_officer": officer.username,
        "type": "temporary",
        "charge": "scoped",
        "floor_rs": None,
        "ceiling_rs": 2 * CRORE,
        "project_classes": ["standard"],
        "circles": ["II"],
        "starts_on": today(),
        "ends_on": today() + dt.timedelta(days=9),
        "review_on": None,
        "condition": "",
        "reason": REASON,
        "outside_approval_ref": "",
    }
    return usual | said


@pytest.fixture
def chief(make_officer, redis):
    """The Chief Engineer, freshly proven."""
    return _as_actor(make_officer("ce", name="V. Reddy"))


@pytest.fixture
def deputy(make_officer):
    """A Deputy Chief Engineer's account."""
    return make_officer("dce", name="M. Fatima")


@pytest.fixture
def prepared(chief):
    """A draft: prepared(officer, ceiling_rs=…)."""
    return lambda officer, **said: commands.prepare_instrument(chief, terms(officer, **said))


@pytest.fixture
def issued(chief, prepared):
    """An issued instrument: issued(officer, ceiling_rs=…)."""
    return lambda officer, **said: commands.issue_instrument(chief, prepared(officer, **said).id)
