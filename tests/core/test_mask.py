"""Logs, exports and pages show personal data only where the policy says so, and leave the figures of works alone."""

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.access import SYSTEM
from portal.core.mask import Masking, checks, masked, personal

AADHAAR = "234123412346"  # a made-up number with a right check digit


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("invited s.rao@hmda.gov.in today", "invited s•••@hmda.gov.in today"),
        ("GET /officers?q=s.rao%40hmda.gov.in", "GET /officers?q=s•••%40hmda.gov.in"),
        ("call 9848022338", "call XXXXXXXX38"),
        ("call +91 98480 22338.", "call XXXXXXXX38."),
        ("call +91-9848022338, now", "call XXXXXXXX38, now"),
        ("phone 98480 22338", "phone XXXXXXXX38"),
        ("Aadhaar 2341 2341 2346", "Aadhaar XXXX XXXX 2346"),
        ("Aadhaar 2341-2341-2346", "Aadhaar XXXX XXXX 2346"),
        (f"uid {AADHAAR}", "uid XXXX XXXX 2346"),
        ("PAN ABCPK1234F of the agency", "PAN XXXXXXXXXX of the agency"),
        ("Authorization: Bearer abcdef.ghi-jkl_mno", "Authorization: Bearer •••"),
        ("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "got •••"),
        ("key hk_a1b2c3d4_Zm9vYmFyYmF6cXV4", "key hk_a1b2c3d4_•••"),
        ("password=Horse-Battery next", "password=••• next"),
        ('{"otp": "123456", "username": "ee"}', '{"otp": "•••", "username": "ee"}'),
    ],
)
def test_what_identifies_a_person_or_opens_a_door_is_masked(said, shown):
    assert masked(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "₹ 41,20,00,000.00 is ₹ 41.20 cr",
        "Rs. 9848022338 released",
        "₹9848022338",
        "9848022338.50 with taxes",
        "amount 182500000000 rupees",  # twelve digits without a check digit
        "Widening from 0+000 to 3+200, chainage 12+345.678",
        "G.O.Ms.No. 44, MA&UD, dt. 13-07-2026; G.O.Rt.No.1234",
        "estimate EST-2026-9848022338/1 of INFRA-RT-2026-234123412346",
        "request 0d9ec0f5ab9848022338ffee00112233",
        "5f0b1f04-2341-4341-9346-984802233812",
        "SHA-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "10000.00,98480.22,9848022338.00",
        "09848/2026, RC.No.9848022338/2026",
        "hmda.stage2.project.created by S. Rao (ee)",
        "token is missing; password: None",
    ],
)
def test_money_chainages_orders_and_numbers_of_records_are_left_alone(said):
    assert masked(said) == said


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_no_amount_with_paise_is_ever_masked(amount):
    assert masked(f"say {amount} only") == f"say {amount} only"


@given(st.integers(2, 9), st.text("0123456789", min_size=10, max_size=10))
def test_exactly_one_last_digit_makes_an_aadhaar_number(first, middle):
    assert sum(checks(f"{first}{middle}{last}") for last in range(10)) == 1


@given(st.text())
def test_masking_twice_is_masking_once(text):
    assert masked(masked(text)) == masked(text)


def test_fields_of_a_person_are_plain_only_for_roles_that_need_them(actor):
    for role in ("admin", "ce"):
        assert personal("s.rao@hmda.gov.in", "email", actor(role)) == "s.rao@hmda.gov.in"
    assert personal("10.4.2.17", "address", SYSTEM) == "10.4.2.17"
    for who in (actor("ee"), actor("ec"), None):
        assert personal("s.rao@hmda.gov.in", "email", who) == "s•••@hmda.gov.in"
        assert personal("9848022338", "phone", who) == "•••38"
        assert personal("10.4.2.17", "address", who) == "10.4.•••"
        assert personal("2001:db8::7", "address", who) == "2001:db8:•••"
        assert personal("S. Rao", "name", who) == "S. Rao"
        assert personal(None, "email", who) == ""


def test_a_line_of_the_log_and_its_traceback_are_masked():
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(Masking())
    log = logging.Logger("of this test")
    log.addHandler(handler)
    log.warning("no answer to %s about ₹ %s", "s.rao@hmda.gov.in", "41,20,00,000.00")
    try:
        raise ValueError("Key (email)=(m.fatima@hmda.gov.in) exists")
    except ValueError:
        log.exception("failed")
    said = out.getvalue()
    assert "s•••@hmda.gov.in about ₹ 41,20,00,000.00" in said
    assert "(m•••@hmda.gov.in)" in said
    assert "Traceback" in said
    assert "fatima" not in said
