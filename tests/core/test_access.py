"""What decide() must say, rule by rule; each rule is a line of policy.toml."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.access import (
    NO_ROLE,
    NOTHING,
    POLICY,
    ROLES,
    SYSTEM,
    About,
    Actor,
    Instrument,
    decide,
    require,
    require_place,
    who_may,
)
from portal.core.errors import NotFound, NotPermitted

DAY = dt.date(2025, 2, 1)
LINE = POLICY["line"]["order"]
READ_WRITE = [f"{module}.{verb}" for module in POLICY["modules"] for verb in ("read", "write")]
ACTS = [*READ_WRITE, *POLICY["acts"], *POLICY["everyone"]["acts"]]
CASE = About(amount=Decimal("50000000.00"), circle="II")  # 5 crore in circle II
DECIDE = "tech_sanction.decide"


def officer(role, **facts):
    return Actor(uuid.uuid4(), role, **facts)


def lent(**facts):
    usual = {
        "number": "DI-2025-001",
        "charge": "scoped",
        "floor": Decimal(0),
        "ceiling": Decimal("100000000.00"),
        "classes": frozenset({"standard"}),
        "circles": frozenset({"II"}),
        "starts": dt.date(2025, 1, 28),
        "ends": dt.date(2025, 2, 15),
    }
    return Instrument(**usual | facts)


def delegate(role="dce", **facts):
    return officer(role, instruments=(lent(**facts),))


LINE_ACTS = [act for act, roles in POLICY["acts"].items() if roles and set(LINE[1:]) & set(roles)]


@pytest.mark.parametrize("act", [*READ_WRITE, *LINE_ACTS])
def test_a_superior_on_the_line_holds_what_a_subordinate_holds(act):
    holders = [decide(officer(role), act).allowed for role in LINE]
    assert holders == sorted(holders), dict(zip(LINE, holders, strict=True))


@pytest.mark.parametrize("act", POLICY["acts"])
def test_no_act_is_wider_than_the_write_of_its_module(act):
    for role in (*ROLES, NO_ROLE):
        if decide(officer(role), act).allowed:
            assert decide(officer(role), f"{act.split('.')[0]}.write").allowed, role


def test_without_a_role_there_is_nothing_but_ones_own_account():
    allowed = [act for act in ACTS if decide(officer(NO_ROLE), act).allowed]
    assert allowed == POLICY["everyone"]["acts"]


def test_an_unknown_module_is_a_mistake_and_not_a_right():
    with pytest.raises(KeyError):
        decide(officer("ce"), "payroll.read")


attributes = st.fixed_dictionaries(
    {
        "circles": st.frozensets(st.sampled_from(["I", "II"])),
        "divisions": st.frozensets(st.sampled_from(["1", "2"])),
        "scopes": st.none() | st.frozensets(st.sampled_from(ACTS)),
    }
)
abouts = st.builds(
    About,
    circle=st.sampled_from(["", "I", "II", "III"]),
    division=st.sampled_from(["", "1", "9"]),
    restricted=st.booleans(),
    done=st.frozensets(st.sampled_from(ACTS)),
)


@given(role=st.sampled_from(list(ROLES)), act=st.sampled_from(ACTS), more=attributes, about=abouts)
def test_attributes_only_ever_narrow_what_the_role_gives(role, act, more, about):
    if decide(officer(role, **more), act, about).allowed:
        assert decide(officer(role), act).allowed


@given(role=st.sampled_from(list(ROLES)), act=st.sampled_from(ACTS), about=abouts)
def test_no_instrument_widens_anything_but_what_the_policy_lends(role, act, about):
    with_it, without = decide(delegate(role), act, about, on=DAY), decide(officer(role), act, about, on=DAY)
    assert with_it == without or act in POLICY["lent"]["acts"]


# the consultant, the closed volumes, the key


def test_a_consultants_other_projects_do_not_exist():
    mine, other = uuid.uuid4(), uuid.uuid4()
    consultant = officer("ec", projects=frozenset({mine}))
    assert decide(consultant, "projects.read", About(project=mine)).allowed
    assert decide(consultant, "projects.read", About(project=other)).why == "unassigned"
    assert decide(officer("ee"), "projects.read", About(project=other)).allowed
    with pytest.raises(NotFound):
        require(consultant, "projects.read", About(project=other))


def test_the_closed_volumes_are_shown_to_the_authoritys_own_engineers_only():
    closed = About(restricted=True)
    readers = {role for role in ROLES if decide(officer(role), "doc_assembly.read", closed).allowed}
    assert readers == {"ce", "dce", "ee", "ae", "to", "qr", "fa"}
    assert decide(officer("ec"), "doc_assembly.read", closed).why == "restricted"


def test_a_key_has_the_acts_it_names_and_no_more_than_its_officer():
    key = officer("ae", scopes=frozenset({"projects.read", "accounts.secure"}))
    assert decide(key, "projects.read").allowed
    assert decide(key, "projects.write").why == "key"
    assert decide(key, "accounts.own").why == "key"
    assert decide(key, "accounts.secure").why == "right"


# the place


@pytest.mark.parametrize(
    ("circle", "division", "allowed"),
    [("II", "", True), ("III", "", False), ("III", "4", True), ("", "", True), ("", "9", False)],
)
def test_an_officer_posted_somewhere_writes_there_and_reads_everywhere(circle, division, allowed):
    posted = officer("ee", circles=frozenset({"II"}), divisions=frozenset({"4"}))
    about = About(circle=circle, division=division)
    assert decide(posted, "projects.write", about).allowed is allowed
    assert decide(posted, "projects.read", about).allowed
    assert decide(officer("ee"), "projects.write", about).allowed, "an officer posted nowhere in particular"


def test_a_write_elsewhere_is_refused_in_words():
    posted = officer("ee", circles=frozenset({"II"}))
    with pytest.raises(NotPermitted, match="posted elsewhere"):
        require_place(posted, About(circle="III"))
    require_place(SYSTEM, About(circle="III"))


# the separation of duties


@pytest.mark.parametrize("act", POLICY["separation"])
def test_who_had_a_part_in_it_does_not_judge_it(act):
    judges = [role for role in ROLES if decide(officer(role), act).allowed]
    assert judges
    for role in judges:
        for part in POLICY["separation"][act]:
            assert decide(officer(role), act, About(done=frozenset({part}))).why == "separation"
        assert decide(officer(role), act, About(done=frozenset({"projects.write"}))).allowed


# instruments of delegation


def test_without_a_live_instrument_a_deputy_signs_nothing():
    assert decide(officer("dce"), DECIDE, CASE).why == "right"
    assert decide(delegate(), DECIDE, CASE, on=DAY) == (True, "instrument", "DI-2025-001")


@pytest.mark.parametrize(
    ("day", "allowed"),
    [("2025-01-27", False), ("2025-01-28", True), ("2025-02-15", True), ("2025-02-16", False)],
)
def test_the_first_and_the_last_day_count(day, allowed):
    assert decide(delegate(), DECIDE, CASE, on=dt.date.fromisoformat(day)).allowed is allowed


def test_an_instrument_without_a_last_day_goes_on():
    assert decide(delegate(ends=None), DECIDE, CASE, on=dt.date(2035, 1, 1)).allowed


def test_days_begin_at_midnight_in_india(monkeypatch):
    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return Clock.moment.astimezone(tz)

    monkeypatch.setattr("portal.core.calendar.dt.datetime", Clock)
    for minute, allowed in ((29, False), (30, True)):  # 18:30 UTC is midnight in India
        Clock.moment = dt.datetime(2025, 1, 27, 18, minute, tzinfo=dt.UTC)
        assert decide(delegate(), DECIDE, CASE).allowed is allowed


@pytest.mark.parametrize(
    ("amount", "allowed"),
    [("19999999.99", False), ("20000000.00", True), ("90000000.00", True), ("90000000.01", False), (None, False)],
)
def test_both_ends_of_the_band_are_inside_it(amount, allowed):
    acting = delegate(floor=Decimal("20000000"), ceiling=Decimal("90000000"))
    about = About(amount=Decimal(amount) if amount else None, circle="II")
    assert decide(acting, DECIDE, about, on=DAY).allowed is allowed


@pytest.mark.parametrize(
    ("role", "charge", "top"),
    [
        ("dce", "scoped", 100_000_000),
        ("ee", "scoped", 20_000_000),
        ("dce", "full_additional_charge", 500_000_000),
        ("ee", "full_additional_charge", 500_000_000),
    ],
)
def test_no_instrument_lends_more_than_the_policy_whatever_stands_in_it(role, charge, top):
    acting = delegate(role, charge=charge, ceiling=Decimal("9999999999"))
    assert decide(acting, DECIDE, About(amount=Decimal(top), circle="II"), on=DAY).allowed
    assert not decide(acting, DECIDE, About(amount=Decimal(top) + Decimal("0.01"), circle="II"), on=DAY).allowed


def test_looking_after_the_post_is_noting_and_never_deciding():
    acting = delegate(charge="look_after")
    assert decide(acting, "tech_sanction.query", CASE, on=DAY).allowed
    assert decide(acting, DECIDE, CASE, on=DAY).why == "right"


def test_class_and_circle_of_the_work_must_be_in_the_instrument():
    acting = delegate(classes=frozenset({"complex"}))
    assert not decide(acting, DECIDE, CASE, on=DAY).allowed
    assert not decide(delegate(), DECIDE, About(amount=CASE.amount, circle="I"), on=DAY).allowed
    assert not decide(delegate(), DECIDE, About(amount=CASE.amount), on=DAY).allowed


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("ce", "dce", "ee")])
def test_only_a_deputy_or_an_executive_engineer_can_be_lent_anything(role):
    assert not decide(delegate(role), DECIDE, CASE, on=DAY).allowed


def test_what_is_lent_is_not_lent_on():
    for act in ("delegations.issue", "delegations.write", "tech_sanction.write", "tech_sanction.review"):
        assert not decide(delegate(charge="full_additional_charge"), act, CASE, on=DAY).allowed


def test_an_instrument_reaches_its_own_circles_and_the_posting_the_rest():
    acting = officer("dce", circles=frozenset({"I"}), instruments=(lent(),))
    assert decide(acting, DECIDE, CASE, on=DAY).allowed
    assert decide(acting, "projects.write", About(circle="II"), on=DAY).why == "place"


def test_the_first_instrument_that_covers_it_is_the_one_named():
    short = lent(number="DI-2025-001", ceiling=Decimal(1))
    acting = officer("dce", instruments=(short, lent(number="DI-2025-002"), lent(number="DI-2025-003")))
    assert decide(acting, DECIDE, CASE, on=DAY).instrument == "DI-2025-002"


def test_the_name_under_an_act_says_for_whom_it_was_done():
    acting = officer("dce", name="M. Fatima")
    assert acting.under("").signature == "M. Fatima"
    assert acting.under("DI-2025-001").signature == "M. Fatima, for Chief Engineer, instrument DI-2025-001"
    assert acting.under("DI-2025-001") == acting, "it is the same officer"


def test_the_portal_itself_may_do_everything_and_an_officer_learns_who_can():
    assert all(decide(SYSTEM, act).allowed for act in ACTS)
    assert who_may("accounts.secure") == ["Portal administrator"]
    with pytest.raises(NotPermitted, match="Executive Engineer"):
        require(officer("ae"), "projects.import", NOTHING)
