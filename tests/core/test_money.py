"""Rounding, grouping, words, and numbers as officers write them."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import Invalid
from portal.core.money import (
    LARGEST,
    crore_lakh,
    figure,
    in_words,
    parse_amount,
    parse_number,
    plain_number,
    round2,
    rupees,
    rupees0,
)

AMOUNTS = st.decimals(min_value=-(10**14), max_value=10**14, places=2, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("12345678.5", "1,23,45,678.50"),
        ("0", "0.00"),
        ("-0.004", "0.00"),
        ("999.995", "1,000.00"),
        ("-1234.5", "−1,234.50"),
        ("100000", "1,00,000.00"),
        ("12345678901234.56", "1,23,45,67,89,01,234.56"),
    ],
)
def test_amounts_are_grouped_the_indian_way(value, shown):
    assert rupees(Decimal(value)) == shown


def test_whole_rupees_and_quantities_have_their_own_decimals():
    assert rupees0(Decimal("2736854.67")) == "27,36,855"
    assert plain_number(Decimal("131.34"), 3) == "131.340"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("12300000", "₹1.23 Cr"),
        ("9999999.99", "₹1.00 Cr"),
        ("9999000", "₹99.99 L"),
        ("100000", "₹1.00 L"),
        ("99999.50", "₹99,999.50"),
        ("-21761280", "−₹2.18 Cr"),
        ("49852000000000", "₹49,85,200.00 Cr"),
    ],
)
def test_headings_speak_in_crore_and_lakh(value, shown):
    assert crore_lakh(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            "123456789.50",
            "Rupees Twelve Crore Thirty Four Lakh Fifty Six Thousand Seven Hundred Eighty Nine and Paise Fifty only",
        ),
        ("0", "Rupees Zero only"),
        ("0.07", "Paise Seven only"),
        ("100001", "Rupees One Lakh One only"),
        ("1234500000000", "Rupees One Lakh Twenty Three Thousand Four Hundred Fifty Crore only"),
        ("-19", "Minus Rupees Nineteen only"),
    ],
)
def test_amounts_in_english_words(value, said):
    assert in_words(Decimal(value)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            "123456789.50",
            "పన్నెండు కోట్ల ముప్పై నాలుగు లక్షల యాభై ఆరు వేల ఏడు వందల ఎనభై తొమ్మిది రూపాయల యాభై పైసలు మాత్రమే",
        ),
        ("0", "సున్నా రూపాయలు మాత్రమే"),
        ("1", "ఒక రూపాయి మాత్రమే"),
        ("10000000", "ఒక కోటి రూపాయలు మాత్రమే"),
        ("1100", "వెయ్యి వంద రూపాయలు మాత్రమే"),
        ("2121", "రెండు వేల నూట ఇరవై ఒక్క రూపాయలు మాత్రమే"),
        ("0.01", "ఒక పైసా మాత్రమే"),
    ],
)
def test_amounts_in_telugu_words(value, said):
    assert in_words(Decimal(value), "te") == said


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,23,45,678.50", "12345678.50"),
        ("12,345,678", "12345678"),
        ("Rs. 43,50,000/-", "4350000"),
        ("₹ 500", "500"),
        ("Rs.28.00", "28.00"),
        (" 1 23 456 ", "123456"),
        ("1\u00a0234.5", "1234.5"),
        ("౧౨౩.౫", "123.5"),
        ("45.20-", "-45.20"),
        ("(45.20)", "-45.20"),
        ("−89.40", "-89.40"),
        ("-Rs. 10/-", "-10"),
        ("1/2", "0.5"),
        ("3 1/2", "3.5"),
        (".5", "0.5"),
        ("7.", "7"),
        ("1.2E+05", "120000"),
        ("+4", "4"),
        ("-0", "0"),
    ],
)
def test_numbers_are_read_as_officers_write_them(text, number):
    assert parse_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "abc",
        "1.2.3",
        "1,5",
        "12,34",
        "1,2345",
        "NaN",
        "inf",
        "-Infinity",
        "1e308",
        "9" * 40,
        "1/0",
        "5%",
        "12 cum",
        "0x10",
        "1_000",
        "--5",
        "(5",
        "=1+1",
        "²",
        "1e99999",
    ],
)
def test_what_is_no_number_is_refused_with_words(text):
    with pytest.raises(Invalid):
        parse_number(text)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1E+308"), LARGEST])
def test_numbers_beyond_any_estimate_are_refused(value):
    with pytest.raises(Invalid):
        parse_number(value)


@given(AMOUNTS)
def test_what_is_printed_can_be_read_back(amount):
    assert parse_number(rupees(amount)) == amount


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=5, allow_nan=False))
def test_halves_go_away_from_zero(amount):
    assert round2(amount) == amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    assert abs(round2(amount) - amount) <= Decimal("0.005")


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_refused(text):
    try:
        number = parse_number(text)
    except Invalid:
        return
    assert number.is_finite()


@given(AMOUNTS)
def test_words_never_hold_double_spaces_or_digits(amount):
    for language in ("en", "te"):
        said = in_words(amount, language)
        assert "  " not in said
        assert said == said.strip()
        assert not any(sign.isdigit() for sign in said)


def test_figures_show_no_more_decimals_than_they_have():
    values = ("131.3400", "400", "1E+2", "0.1000", "-1234567.5")
    assert [figure(Decimal(value)) for value in values] == ["131.34", "400", "100", "0.1", "−12,34,567.5"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("4.5 crore", "45000000"),
        ("Rs. 82.25 lakhs", "8225000"),
        ("₹ 1,00 lacs", None),
        ("2 Cr.", "20000000"),
        ("1,23,456.50", "123456.50"),
        ("three crore", None),
        ("99999999999 crore", None),
    ],
)
def test_an_amount_may_have_its_unit_behind_it(text, amount):
    if amount is None:
        with pytest.raises(Invalid):
            parse_amount(text)
    else:
        assert parse_amount(text) == Decimal(amount)
