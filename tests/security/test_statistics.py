"""The arithmetic of the watch, against worked examples and against properties that hold for every sample."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import Invalid
from portal.security.rules.parameters import DEFAULTS, PARAMETERS, checked, in_force
from portal.security.rules.statistics import (
    distance_km,
    mean_and_deviation,
    network_of,
    poisson_tail,
    robust_z,
    shown_chance,
    shown_number,
)

COUNTS = st.lists(st.integers(0, 500), min_size=14, max_size=60)
PLACE = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("least", "mean", "chance"),
    [
        (0, 3.0, 1.0),
        (1, 3.0, 1 - math.exp(-3)),
        (5, 0.05, 2.497585e-09),  # 5 refusals in 10 minutes at 0.3 an hour
        (3, 0.5, 0.014387678),  # tables: 1 - e^-0.5 (1 + 0.5 + 0.125)
        (20, 10.0, 0.003454342),
    ],
)
def test_the_poisson_tail_agrees_with_the_tables(least, mean, chance):
    assert poisson_tail(least, mean) == pytest.approx(chance, rel=1e-5)


@given(st.integers(0, 80), st.floats(0.001, 60))
def test_the_poisson_tail_is_a_chance_that_falls_with_the_count_and_grows_with_the_mean(least, mean):
    here = poisson_tail(least, mean)
    assert 0 <= here <= 1
    assert poisson_tail(least + 1, mean) <= here + 1e-12
    assert poisson_tail(least, mean * 1.5) >= here - 1e-12


@given(st.integers(1, 60), st.floats(0.01, 30))
def test_the_two_ways_of_summing_the_tail_meet(least, mean):
    below = math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(least))
    assert poisson_tail(least, mean) == pytest.approx(1 - below, abs=1e-9)


def test_a_robust_deviation_is_one_for_the_usual_distance_from_the_median():
    sample = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]  # median 14
    logs = sorted(abs(math.log1p(x) - math.log1p(14)) for x in sample)
    spread = 1.4826 * logs[len(logs) // 2]
    assert robust_z(60, sample, 0.01) == pytest.approx((math.log1p(60) - math.log1p(14)) / spread)
    assert robust_z(14, sample, 0.35) == 0


@given(COUNTS, st.integers(0, 5000), st.integers(0, 5000))
def test_more_acts_never_deviate_less(sample, one, other):
    low, high = sorted((one, other))
    assert robust_z(low, sample, 0.35) <= robust_z(high, sample, 0.35)


@given(COUNTS, st.integers(0, 3))
def test_a_few_strange_days_do_not_move_the_baseline(sample, strange):
    spoilt = sample + [10**6] * min(strange, len(sample) // 20)
    assert robust_z(sorted(sample)[-1], spoilt, 0.35) < 1000
    assert abs(robust_z(sorted(spoilt)[len(spoilt) // 2], spoilt, 0.35)) < 1


@given(COUNTS)
def test_mean_and_deviation_agree_with_their_definition(sample):
    mean, deviation = mean_and_deviation(sample)
    assert mean == pytest.approx(sum(sample) / len(sample))
    assert deviation**2 * (len(sample) - 1) == pytest.approx(sum((x - mean) ** 2 for x in sample))
    assert mean_and_deviation([]) == (0, 0)
    assert mean_and_deviation([4]) == (4, 0)


def test_hyderabad_is_as_far_from_delhi_as_the_atlas_says():
    assert distance_km((17.3850, 78.4867), (28.6139, 77.2090)) == pytest.approx(1256, abs=3)


@given(PLACE, PLACE)
def test_a_distance_is_the_same_both_ways_and_never_more_than_half_the_globe(here, there):
    assert distance_km(here, there) == pytest.approx(distance_km(there, here), abs=1e-6)
    assert 0 <= distance_km(here, there) <= math.pi * 6371.0088 + 1e-6
    assert distance_km(here, here) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.20.30.40", "10.20.30.0/24"),
        ("::ffff:10.20.30.40", "10.20.30.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_an_address_counts_by_its_network(address, network):
    assert network_of(address) == network


def test_figures_are_written_as_officers_read_them():
    assert [shown_chance(x) for x in (0.00021, 2e-9, 0.05)] == ["0.00021", "< 0.00001", "0.05"]
    assert [shown_number(x) for x in (0.3, 4.25, 61.4)] == ["0.3", "4.2", "61"]


def test_a_setting_holds_from_its_day_and_the_later_entry_of_one_day_wins():
    monday, friday = dt.date(2026, 11, 23), dt.date(2026, 11, 27)
    entered = [("speed.kmh", "800", monday), ("speed.kmh", "700", friday), ("speed.kmh", "750", friday)]
    assert [in_force(entered, day)["speed.kmh"] for day in (dt.date(2026, 11, 1), monday, friday)] == [900, 800, 750]


def test_a_setting_entered_late_for_an_earlier_day_does_not_undo_a_later_one():
    entered = [("speed.kmh", "700", dt.date(2026, 11, 27)), ("speed.kmh", "800", dt.date(2026, 11, 23))]
    assert in_force(entered, dt.date(2026, 11, 30))["speed.kmh"] == 700


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("refusals.least", "5.5"),
        ("refusals.least", "1"),
        ("refusals.chance", "nan"),
        ("refusals.chance", "1e400"),
        ("speed.kmh", "fast"),
        ("speed.kmh", "९००"),
        ("hours.holidays", "26-01-2026, Holi"),
    ],
)
def test_a_value_that_a_rule_cannot_use_is_refused_in_words(name, text):
    with pytest.raises(Invalid) as refused:
        checked(name, text)
    assert refused.value.field == "value"


def test_every_default_is_a_value_the_page_would_take():
    for name, one in PARAMETERS.items():
        assert checked(name, one.default) == one.default
    assert checked("hours.holidays", "15-08-2026,26-01-2026, 15-08-2026") == "26-01-2026, 15-08-2026"
    assert DEFAULTS.holidays == frozenset()
