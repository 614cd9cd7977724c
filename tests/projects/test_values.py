"""What officers write as an amount is read as they mean it, or said to be doubtful; never a silent guess."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.projects.works_report.values import read_amount, to_rupees

CR = 10_000_000


@given(st.decimals(0, 10**9, places=2))
def test_a_number_is_crore_or_rupees_or_held_and_never_silently_wrong(number):
    read = to_rupees(number, "", "crore")
    if number < 1000:
        assert read.rupees == number * CR
    elif number < 100_000:
        assert (read.rupees, read.held) == (None, number * 100_000)
    else:
        assert read.rupees == number


@pytest.mark.parametrize(
    ("written", "doubt", "parts"),
    [
        ("2.50 + 1.75 crore", "several_amounts", [25_000_000, 17_500_000]),
        ("Rs. 2 Cr + Rs. 75 lakhs", "several_amounts", [20_000_000, 7_500_000]),
        ("10.00 crore / 12.00 crore", "unreadable_amount", []),
        ("10.00 crore (12.00 crore)", "unreadable_amount", []),
        ("4.5.2 crore", "unreadable_amount", []),
        ("99999999999 crore", "too_large", []),
        ("9" * 40, "too_large", []),
        (Decimal("1E+300"), "too_large", []),
    ],
)
def test_a_cell_with_more_than_one_amount_or_one_beyond_measure_is_said_to_be_doubtful(written, doubt, parts):
    read = read_amount(written)
    assert (read.rupees, read.held, read.doubt, list(read.parts)) == (None, None, doubt, parts)


@pytest.mark.parametrize(
    "written", ["4.50 crore", "Rs.4.50 Cr (18% GST)", "4.50 crores (Revised from Rs.3.30 Cr)", "450 lakhs"]
)
def test_a_remark_on_tax_or_an_earlier_figure_is_no_second_amount(written):
    assert read_amount(written) == (45_000_000, None, "", ())
