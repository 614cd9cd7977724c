"""Units, amounts, section totals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.boq_estimates.rules.amounts import amount_of, section_totals, share, works_total
from portal.boq_estimates.rules.units import UNITS, find_unit

TREE = {"A": None, "A.1": "A", "A.2": "A", "A.2.1": "A.2", "B": None}


@pytest.mark.parametrize(
    ("text", "code", "per", "alias"),
    [
        ("Cum", "cum", 1, False),
        ("Cu.M.", "cum", 1, False),
        ("m³", "cum", 1, True),
        ("m2", "sqm", 1, True),
        ("M2", "sqm", 1, True),
        ("Sq. M", "sqm", 1, False),
        ("per 10 sqm", "sqm", 10, False),
        ("100 m2", "sqm", 100, True),
        ("MT", "t", 1, True),
        ("Each", "nos", 1, True),
        ("Nos.", "nos", 1, False),
        ("L.S", "LS", 1, False),
        ("Lump sum", "LS", 1, True),
        ("Rmt", "rm", 1, True),
    ],
)
def test_spellings_of_units_are_folded(text, code, per, alias):
    found = find_unit(text)
    assert found is not None
    assert (found.unit.code, found.per, found.alias) == (code, per, alias)


@pytest.mark.parametrize("text", ["", "furlong", "10", "per", "0 sqm", "sqm 10"])
def test_other_words_are_no_units(text):
    assert find_unit(text) is None


def test_every_unit_knows_its_own_code():
    assert all(find_unit(unit.code).unit is unit for unit in UNITS)


def test_a_rate_may_be_for_more_than_one_unit():
    assert amount_of(Decimal("131.34"), Decimal("6985.90")) == Decimal("917528.11")
    assert amount_of(Decimal(250), Decimal("330.10"), 100) == Decimal("825.25")


@given(st.lists(st.tuples(st.sampled_from(sorted(TREE)), st.decimals(0, 10**9, places=2)), max_size=60))
def test_the_sections_at_the_top_sum_to_the_works_total(amounts):
    totals = section_totals(TREE, amounts)
    works = works_total(amount for _code, amount in amounts)
    assert totals["A"] + totals["B"] == works
    assert totals["A"] >= totals["A.1"] + totals["A.2"]


def test_shares_are_percentages_of_the_works_total():
    assert share(Decimal("355287.60"), Decimal("2736854.67")) == Decimal("12.98")
    assert share(Decimal(0), Decimal(0)) == 0
