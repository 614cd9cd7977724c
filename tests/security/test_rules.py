"""Each rule of the watch, by worked examples and by what must hold for every sequence."""

import datetime as dt
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.calendar import IST
from portal.security.rules.catalogue import ACTIONS, RULES, SEVERITIES
from portal.security.rules.hours import by_night, is_open
from portal.security.rules.parameters import DEFAULTS, GROUPS, PARAMETERS, Figures
from portal.security.rules.signs import (
    Seen,
    Spot,
    burst,
    impossible_speed,
    new_place,
    night_downloads,
    spraying,
    tampering,
    unusual_day,
    unusual_hour,
)
from tests.security.sim import Life, alerts_of

OFFICER = uuid.uuid4()
NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=IST)  # a Tuesday
SECOND, MINUTE, DAY = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(days=1)


def seen(at=NOON, act="accounts.sign_in", **facts):
    return Seen(position=int(at.timestamp()), at=at, act=act, **{"officer": OFFICER, "name": "S. Rao"} | facts)


def every(gap, count, start=NOON, **facts):
    return [seen(start + number * gap, **facts) for number in range(count)]


def says(found):
    return str(RULES[found.rule].says).format(**found.facts)


HOME = every(-DAY, 6, NOON - DAY, address="10.1.1.5", device="Firefox, Windows")


def test_a_new_network_with_a_new_device_is_told_with_both():
    found = new_place(seen(address="203.0.113.9", device="Safari, iOS"), HOME, DEFAULTS)
    assert says(found) == (
        "Signed in from network 203.0.113.0/24 with Safari, iOS, neither seen in 6 sign-ins of 90 days."
    )
    assert (found.officer, found.records) == (OFFICER, (int(NOON.timestamp()),))


@pytest.mark.parametrize(
    ("address", "device", "before"),
    [
        ("10.1.1.200", "Safari, iOS", HOME),  # the office network
        ("203.0.113.9", "Firefox, Windows", HOME),  # one's own computer on a journey
        ("203.0.113.9", "Safari, iOS", HOME[:4]),  # no history yet
        ("", "Safari, iOS", HOME),  # the command line has no address
    ],
)
def test_one_of_the_two_alone_or_no_history_is_ordinary(address, device, before):
    assert new_place(seen(address=address, device=device), before, DEFAULTS) is None


PLACES = {
    "10.1.1.5": Spot("Hyderabad", 17.385, 78.4867),
    "10.9.9.9": Spot("Delhi", 28.6139, 77.2090),
    "10.1.2.5": Spot("Secunderabad", 17.4399, 78.4983),
}


def test_delhi_half_an_hour_after_hyderabad_is_impossible():
    last, signed = seen(NOON - 30 * MINUTE, address="10.1.1.5"), seen(address="10.9.9.9")
    found = impossible_speed(signed, last, PLACES.get, DEFAULTS)
    assert says(found) == (
        "Delhi is 1255 km from Hyderabad, where the officer signed in 30 minutes before: 2511 km an hour."
    )
    assert found.records == (last.position, signed.position)


@pytest.mark.parametrize(
    ("address", "before"),
    [("10.9.9.9", 120 * MINUTE), ("10.1.2.5", 1 * SECOND), ("10.77.1.1", 1 * MINUTE)],
    ids=["a flight", "the next town", "a place nobody configured"],
)
def test_a_flight_or_a_place_nobody_knows_is_ordinary(address, before):
    last = seen(NOON - before, address="10.1.1.5")
    assert impossible_speed(seen(address=address), last, PLACES.get, DEFAULTS) is None
    assert impossible_speed(seen(address=address), None, PLACES.get, DEFAULTS) is None


def test_fourteen_refusals_in_ten_minutes_are_told_with_rate_and_chance():
    found = burst("refusals", every(40 * SECOND, 14, outcome="refused"), 0.3, DEFAULTS)
    assert says(found) == "14 refusals in 10 minutes; usual 0.3 an hour; chance < 0.00001."
    assert len(found.records) == 14


def test_five_refusals_of_one_who_is_often_refused_are_no_burst():
    records = every(MINUTE, 5, outcome="refused")
    assert burst("refusals", records, 0.3, DEFAULTS)
    assert burst("refusals", records, 12.0, DEFAULTS) is None  # two in ten minutes are usual: chance 0.05
    assert burst("refusals", records[:4], 0.0, DEFAULTS) is None


@given(st.lists(st.integers(0, 7200), max_size=30).map(sorted), st.floats(0, 50))
def test_a_burst_is_never_told_for_fewer_than_the_least_within_the_span(offsets, hourly):
    records = [seen(NOON + second * SECOND, outcome="refused") for second in offsets]
    found = burst("refusals", records, hourly, DEFAULTS)
    densest = max((sum(1 for b in offsets if a - 600 < b <= a) for a in offsets), default=0)
    if found:
        assert densest >= 5
        assert found.facts["count"] <= len(records)
    elif hourly <= 0.3:
        assert densest < 5


def test_failures_of_one_name_are_told_once_with_all_there_are():
    records = every(2 * SECOND, 30, officer=None, name="ee", outcome="failed")
    found = burst("failures", records, 0.0, DEFAULTS, {"name": "ee"})
    assert says(found).startswith("30 failed sign-ins of “ee” in 10 minutes; usual 0.5 an hour; chance < 0.00001")
    assert found.about == "ee"


def test_many_names_from_one_network_are_spraying_and_one_forgetful_officer_is_not():
    names = [seen(NOON + n * MINUTE, officer=None, name=f"officer{n}", outcome="failed") for n in range(6)]
    found = spraying("203.0.113.0/24", names, DEFAULTS)
    assert says(found) == "Failed sign-ins of 5 names from network 203.0.113.0/24 in 10 minutes, 5 in all."
    assert found.about == "network 203.0.113.0/24"
    assert spraying("203.0.113.0/24", every(SECOND, 30, name="ee", outcome="failed"), DEFAULTS) is None


NIGHT = NOON.replace(hour=23)


def test_a_mass_download_at_night_is_told_with_the_usual_and_the_limit():
    tonight = every(10 * SECOND, 14, NIGHT, act="doc_assembly.read", outcome="read")
    earlier = [NIGHT - number * DAY for number in range(1, 6) for _ in range(2)]
    found = night_downloads(tonight, earlier, 60, DEFAULTS)
    assert says(found) == "14 files in the night of 24-11-2026; usual 0.17 a night, limit 10 (n = 60 nights)."


def test_who_reads_much_every_night_may_go_on():
    tonight = every(10 * SECOND, 25, NIGHT, act="doc_assembly.read", outcome="read")
    earlier = [NIGHT - number * DAY for number in range(1, 61) for _ in range(15 + number % 11)]
    assert night_downloads(tonight, earlier, 60, DEFAULTS) is None
    assert night_downloads([], earlier, 60, DEFAULTS) is None


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        (dt.datetime(2026, 11, 24, 7, 0, tzinfo=IST), True),
        (dt.datetime(2026, 11, 24, 6, 59, tzinfo=IST), False),
        (dt.datetime(2026, 11, 24, 21, 0, tzinfo=IST), False),
        (dt.datetime(2026, 11, 22, 12, 0, tzinfo=IST), False),  # a Sunday
        (dt.datetime(2026, 11, 14, 12, 0, tzinfo=IST), False),  # the second Saturday
        (dt.datetime(2026, 11, 21, 12, 0, tzinfo=IST), True),  # the third one
        (dt.datetime(2026, 11, 25, 12, 0, tzinfo=IST), False),  # entered as a holiday
        (dt.datetime(2026, 11, 24, 1, 29, tzinfo=dt.UTC), False),  # 06:59 at the desks
    ],
)
def test_office_hours_are_those_of_the_desks(moment, opened):
    assert is_open(moment, Figures({"hours.holidays": "25-11-2026"})) == opened


def test_two_in_the_morning_belongs_to_the_night_before():
    moments = [NIGHT, NIGHT + 3 * dt.timedelta(hours=1), NOON]
    assert by_night(moments, DEFAULTS) == {dt.date(2026, 11, 24): 2}


def worked(days, hour, count):
    """So many acts at that hour of each of the days before."""
    return {(NOON.date() - dt.timedelta(days=number), hour): count for number in range(1, days + 1)}


def test_acts_in_an_hour_that_is_usually_quiet_are_told():
    now = every(SECOND, 60, NOON.replace(hour=20), act="boq_estimates.write")
    found = unusual_hour(now, worked(40, 11, 20), DEFAULTS)
    assert says(found) == "60 acts between 20:00 and 20:59; usual 0 (median of 33 days); z = 11.7."
    assert unusual_hour(now, worked(40, 20, 30), DEFAULTS) is None


def test_a_day_of_many_times_the_usual_volume_is_told():
    now = every(SECOND, 900, act="boq_estimates.write")
    found = unusual_day(now, worked(40, 11, 60), DEFAULTS)
    assert says(found) == "900 acts today; usual 60 (median of 40 days); z = 7.7."
    assert unusual_day(now, worked(13, 11, 60), DEFAULTS) is None  # too short a history
    assert unusual_day(now[:150], worked(40, 11, 60), DEFAULTS) is None


def test_tampering_is_told_always_and_names_the_network_of_a_stranger():
    stranger = seen(act="accounts.token", outcome="tampering", officer=None, name="", address="203.0.113.9", why="alg")
    found = tampering(stranger)
    assert (found.about, found.facts["why"]) == ("network 203.0.113.0/24", "alg")
    assert tampering(seen(outcome="refused")) is None


def test_every_rule_has_its_words_and_every_figure_its_group():
    for name, rule in RULES.items():
        assert rule.severity in SEVERITIES, name
        assert rule.suggests in ACTIONS, name
        assert str(rule.title)
        assert str(rule.how)
        assert rule.group in {"", *GROUPS}
    assert {one.group for one in PARAMETERS.values()} == set(GROUPS)


def test_fifty_ordinary_officers_give_fewer_than_one_alert_each_a_month():
    said = [found for seed in range(50) for found in alerts_of(Life(seed).live())]
    assert len(said) / 50 < 0.5  # 0.2 on this and other seeds; the limit to stay under is 1
