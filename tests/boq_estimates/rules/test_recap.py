"""The recapitulation to the rupee, as worked out by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.boq_estimates.rules.amounts import amount_of, escalation_factor, in_lakh, works_total
from portal.boq_estimates.rules.recap import TRANSLATED, Choice, head_of, recapitulate, seed_rows

HEADS = [head_of(row) for row in seed_rows()]
MONEY = st.decimals(min_value=0, max_value=10**12, places=2)
PERCENTS = st.decimals(min_value=0, max_value=10, places=2)
ROAD = [
    ("492.00", "142.50", "70110.00"),
    ("144.00", "1980.40", "285177.60"),
    ("69.00", "4612.70", "318276.30"),
    ("131.34", "6985.90", "917528.11"),
    ("70.35", "7245.30", "509706.86"),
    ("5.628", "74850.00", "421255.80"),
    ("400", "412.00", "164800.00"),
    ("1", "50000.00", "50000.00"),
]


def amounts(recap):
    return {line.head.code: int(line.amount) for line in recap.lines if line.amount}


def test_the_road_of_120_metres_comes_out_to_the_rupee():
    priced = [amount_of(Decimal(quantity), Decimal(rate)) for quantity, rate, _amount in ROAD]
    assert priced == [Decimal(amount) for _quantity, _rate, amount in ROAD]
    works = works_total(priced)
    assert works == Decimal("2736854.67")
    entered = {"seigniorage": Choice(amount=Decimal("35282.40")), "utility_shifting": Choice(amount=Decimal(205000))}
    recap = recapitulate(works, HEADS, entered, months=9)
    assert amounts(recap) == {
        "works": 2736855,
        "seigniorage": 35282,
        "dmft": 10585,
        "smet": 706,
        "nac": 2737,
        "labour_cess": 27369,
        "gst": 506436,
        "quality_control": 27369,
        "contingencies": 136843,
        "utility_shifting": 205000,
        "pmc": 41053,
        "consultancy": 27369,
        "gst_services": 12316,
        "rounding": 80,
    }
    assert (recap.taxable, recap.grand_total, recap.say) == (2813534, 3769920, 3770000)
    assert in_lakh(recap.say) == Decimal("37.70")


@pytest.mark.parametrize(
    ("works", "amount"),
    [("10000000", 500000), ("10000000.01", 500000), ("12000000", 500000), ("480000000", 14400000), ("0", 0)],
)
def test_contingencies_slide_with_the_works_total(works, amount):
    assert amounts(recapitulate(Decimal(works), HEADS)).get("contingencies", 0) == amount


def test_an_edited_contingency_has_no_floor_and_the_default_entered_again_keeps_it():
    works = Decimal(12000000)
    assert amounts(recapitulate(works, HEADS, {"contingencies": Choice(pct=Decimal(2))}))["contingencies"] == 240000
    assert amounts(recapitulate(works, HEADS, {"contingencies": Choice(pct=Decimal(3))}))["contingencies"] == 500000


def test_escalation_counts_only_beyond_eighteen_months():
    works = Decimal(480000000)
    assert escalation_factor(36, Decimal(3)) == Decimal("0.045336")
    assert amounts(recapitulate(works, HEADS, months=36))["escalation"] == 21761280
    assert "escalation" not in amounts(recapitulate(works, HEADS, months=18))
    free = recapitulate(works, HEADS, {"escalation": Choice(pct=Decimal(0))}, months=36)
    assert "escalation" not in amounts(free)


def test_every_label_can_be_translated():
    assert [str(label) for label in TRANSLATED] == [row["label"] for row in seed_rows()]


def test_every_head_has_a_date_and_an_order():
    assert all(row["effective_from"] and row["order_ref"] for row in seed_rows())
    assert len({head.code for head in HEADS}) == len(HEADS)


@given(MONEY, MONEY, MONEY, PERCENTS, st.integers(1, 120))
def test_heads_always_sum_to_the_say_figure(works, seigniorage, shifting, pct, months):
    entered = {
        "seigniorage": Choice(amount=seigniorage),
        "utility_shifting": Choice(amount=shifting),
        "contingencies": Choice(pct=pct),
    }
    recap = recapitulate(works, HEADS, entered, months=months)
    assert sum(line.amount for line in recap.lines) == recap.say
    assert all(line.amount == int(line.amount) for line in recap.lines)
    assert 0 <= recap.say - recap.grand_total < 1000
    assert recap.say % 1000 == 0
