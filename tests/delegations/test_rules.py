"""What an instrument may lend: every limit on both sides, and what the rules pass the policy lends whole."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.access import POLICY, About, Actor, Instrument, decide
from portal.delegations.rules import (
    CHARGES,
    CLASSES,
    TYPES,
    Reach,
    Terms,
    calendar_days,
    faults,
    overlap,
    review_fault,
    year_after,
)

TODAY = dt.date(2026, 11, 26)
DAY = dt.timedelta(days=1)
LENT = POLICY["lent"]
ORDER = "G.O.Rt.No. 12 of 01-11-2026"


def terms(**said):
    usual = {
        "type": "temporary",
        "charge": "scoped",
        "role": "dce",
        "floor_rs": None,
        "ceiling_rs": Decimal("100000000.00"),
        "project_classes": ["standard"],
        "circles": ["II"],
        "starts_on": TODAY,
        "ends_on": TODAY + 18 * DAY,
        "review_on": None,
        "condition": "",
        "outside_approval_ref": "",
    }
    return Terms(**usual | said)


def fields(**said):
    return {name for name, _fault in faults(terms(**said), TODAY)}


@pytest.mark.parametrize(
    ("said", "at_fault"),
    [
        ({}, set()),
        ({"role": "ee", "ceiling_rs": Decimal("20000000.00")}, set()),
        ({"role": "ee", "ceiling_rs": Decimal("20000000.01")}, {"ceiling_rs"}),
        ({"ceiling_rs": Decimal("100000000.01")}, {"ceiling_rs", "outside_approval_ref"}),
        ({"ceiling_rs": Decimal("100000000.01"), "outside_approval_ref": ORDER}, {"ceiling_rs"}),
        ({"charge": "full_additional_charge"}, {"outside_approval_ref"}),
        ({"charge": "full_additional_charge", "outside_approval_ref": ORDER}, set()),
        (
            {"charge": "full_additional_charge", "outside_approval_ref": ORDER, "ceiling_rs": Decimal("500000000.00")},
            set(),
        ),
        (
            {"charge": "full_additional_charge", "outside_approval_ref": ORDER, "ceiling_rs": Decimal("500000000.01")},
            {"ceiling_rs"},
        ),
        (
            {"role": "ee", "charge": "full_additional_charge", "outside_approval_ref": ORDER},
            set(),
        ),
        ({"role": "ae"}, {"to_officer"}),
        ({"role": None}, set()),
        ({"floor_rs": Decimal("100000000.00")}, set()),
        ({"floor_rs": Decimal("100000000.01")}, {"ceiling_rs"}),
        ({"project_classes": []}, {"project_classes"}),
        ({"project_classes": ["standard", "grand"]}, {"project_classes"}),
        ({"circles": []}, {"circles"}),
        ({"starts_on": TODAY - DAY}, {"starts_on"}),
        ({"ends_on": TODAY}, set()),
        ({"ends_on": TODAY - DAY}, {"ends_on"}),
        ({"ends_on": None}, {"ends_on"}),
        ({"type": "standing", "ends_on": None}, {"review_on"}),
        ({"type": "standing", "ends_on": None, "review_on": dt.date(2027, 11, 26)}, set()),
        ({"type": "standing", "ends_on": None, "review_on": dt.date(2027, 11, 27)}, {"review_on"}),
        ({"type": "standing", "ends_on": None, "review_on": TODAY}, {"review_on"}),
        ({"type": "conditional"}, {"condition"}),
        ({"type": "conditional", "condition": "Election duty"}, set()),
        ({"type": "conditional", "condition": "Election duty", "ends_on": None}, {"ends_on"}),
        ({"type": "conditional", "condition": "Election duty", "ends_on": None, "review_on": TODAY + DAY}, set()),
        ({"ceiling_rs": None, "starts_on": None}, set()),
    ],
)
def test_each_rule_blames_its_field(said, at_fault):
    assert fields(**said) == at_fault


@pytest.mark.parametrize(
    ("starts", "ends", "days"),
    [("2025-01-28", "2025-02-15", 19), ("2025-01-28", "2025-01-28", 1), ("2028-02-28", "2028-03-01", 3)],
)
def test_calendar_days_count_the_first_and_the_last(starts, ends, days):
    assert calendar_days(dt.date.fromisoformat(starts), dt.date.fromisoformat(ends)) == days


def test_twelve_months_after_a_leap_day_end_on_the_28th():
    assert year_after(dt.date(2028, 2, 29)) == dt.date(2029, 2, 28)
    assert review_fault(dt.date(2029, 2, 28), dt.date(2028, 2, 29)) is None
    assert review_fault(dt.date(2029, 3, 1), dt.date(2028, 2, 29))


amounts = st.decimals(0, 600_000_000, places=2)
soon = st.dates(TODAY - 3 * DAY, TODAY + 40 * DAY)
anything = st.builds(
    Terms,
    type=st.sampled_from(list(TYPES)),
    charge=st.sampled_from(list(CHARGES)),
    role=st.sampled_from(["dce", "ee", "ae", "ce"]),
    floor_rs=st.none() | amounts,
    ceiling_rs=amounts,
    project_classes=st.lists(st.sampled_from(list(CLASSES)), unique=True),
    circles=st.lists(st.sampled_from(["I", "II", "III"]), unique=True),
    starts_on=soon,
    ends_on=st.none() | soon,
    review_on=st.none() | soon,
    condition=st.sampled_from(["", "Election duty"]),
    outside_approval_ref=st.sampled_from(["", ORDER]),
)


@given(said=anything, project_class=st.sampled_from(list(CLASSES)), circle=st.sampled_from(["I", "II", "III", ""]))
def test_what_the_rules_pass_is_lent_to_the_last_paisa_and_not_one_more(said, project_class, circle):
    if faults(said, TODAY):
        return
    floor = said.floor_rs or Decimal(0)
    scope = (frozenset(said.project_classes), frozenset(said.circles))
    lent = Instrument("DI-1", said.charge, floor, said.ceiling_rs, *scope, said.starts_on, said.ends_on)
    delegate = Actor(uuid.uuid4(), said.role, instruments=(lent,))
    inside = project_class in said.project_classes and circle in said.circles

    def allowed(act, amount, day):
        return decide(delegate, act, About(amount=amount, circle=circle, project_class=project_class), on=day).allowed

    decides = inside and said.charge != "look_after"
    for amount, within in (
        (floor, True),
        (said.ceiling_rs, True),
        (floor - Decimal("0.01"), False),
        (said.ceiling_rs + Decimal("0.01"), False),
    ):
        assert allowed("tech_sanction.query", amount, said.starts_on) is (inside and within)
        assert allowed("tech_sanction.decide", amount, said.starts_on) is (decides and within)
    assert not allowed("tech_sanction.decide", floor, said.starts_on - DAY)
    assert said.ends_on is None or not allowed("tech_sanction.decide", floor, said.ends_on + DAY)


small = st.integers(0, 6)
reaches = st.builds(
    lambda floor, more, circles, start, days: Reach(
        Decimal(floor),
        Decimal(floor + more),
        circles,
        TODAY + start * DAY,
        None if days is None else TODAY + (start + days) * DAY,
    ),
    small,
    small,
    st.frozensets(st.sampled_from(["I", "II", "III"])),
    small,
    st.none() | small,
)


@given(one=reaches, other=reaches)
def test_two_overlap_where_one_case_on_one_day_would_have_two_deciders(one, other):
    def covers(reach, amount, circle, day):
        return (
            reach.floor <= amount <= reach.ceiling
            and circle in reach.circles
            and reach.starts <= day
            and (reach.ends is None or day <= reach.ends)
        )

    cases = [(Decimal(a), TODAY + d * DAY) for a in range(13) for d in range(13)]
    both = {c for c in ("I", "II", "III") if any(covers(one, a, c, d) and covers(other, a, c, d) for a, d in cases)}
    assert overlap(one, other) == overlap(other, one) == both
