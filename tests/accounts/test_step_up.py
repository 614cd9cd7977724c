"""A fresh proof: what was refused for want of one waits and is carried out as it was; over the API RFC 9470."""

import datetime as dt
import re

import pyotp
import pytest
from sqlalchemy import select

from portal.accounts import commands
from portal.accounts.commands import factors as made
from portal.accounts.models import Factor
from portal.accounts.queries.officers import _as_actor
from portal.core import stepup
from portal.core.audit import AuditRecord
from portal.core.db import now
from tests.accounts.authenticator import Authenticator
from tests.accounts.test_factors import LOCAL, SECRET, add_passkey, options, required
from tests.conftest import PASSWORD

__all__ = ["required"]
LONG_AGO = (now() - dt.timedelta(hours=1)).isoformat()


def grown_old(browser):
    with browser.session_transaction(base_url=LOCAL) as kept:
        kept["proven_at"] = LONG_AGO
    return browser


@pytest.fixture
def with_app(session, redis, signed_in):
    """A browser whose proof is old, of an officer with an authenticator app."""
    browser = signed_in("ee")
    sealed = made.seal(SECRET.encode(), made._purpose(browser.officer.id))
    code = pyotp.TOTP(SECRET).at(now() - dt.timedelta(seconds=30))
    commands.add_app(_as_actor(browser.officer), {"name": "Phone", "code": code}, sealed=sealed)
    return grown_old(browser)


def remove(browser, session):
    (factor,) = session.scalars(select(Factor))
    return browser.post(f"/account/factors/{factor.id}/remove", data={"typed": "kept, not lost"}, base_url=LOCAL)


def test_what_was_refused_waits_and_one_press_carries_it_out(with_app, session):
    led = remove(with_app, session)
    assert (led.status_code, led.headers["Location"]) == (303, "/prove?held=1")
    assert session.scalars(select(Factor)).all()
    place = led.headers["Location"]
    assert "Code of the authenticator app" in with_app.get(place, base_url=LOCAL).text
    proven = with_app.post(place, data={"code": pyotp.TOTP(SECRET).now()}, base_url=LOCAL)
    assert proven.headers["Location"] == "/prove/on?held=1"
    shown = with_app.get(proven.headers["Location"], base_url=LOCAL).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown))
    assert fields["typed"] == "kept, not lost"
    address = re.search(r'<form method="post" action="(/account/factors/[^"]+)"', shown)[1]
    assert with_app.post(address, data=fields, base_url=LOCAL).headers["Location"] == "/account/factors"
    assert session.scalars(select(Factor)).all() == []


def test_what_waits_is_sealed(with_app, session, redis):
    remove(with_app, session)
    assert not any(b"not lost" in redis.get(key) for key in redis.keys("session:*"))


def test_a_page_that_asks_for_a_proof_opens_after_it(with_app):
    led = with_app.get("/account/factors/new", base_url=LOCAL).headers["Location"]
    on = with_app.post(led, data={"code": pyotp.TOTP(SECRET).now()}, base_url=LOCAL).headers["Location"]
    assert with_app.get(on, base_url=LOCAL).headers["Location"] == "/account/factors/new"
    assert with_app.get("/account/factors/new", base_url=LOCAL).status_code == 200


def test_a_proof_counts_for_five_minutes(with_app, session):
    with with_app.session_transaction(base_url=LOCAL) as kept:
        kept["proven_at"] = (now() - dt.timedelta(minutes=4, seconds=50)).isoformat()
    assert remove(with_app, session).headers["Location"] == "/account/factors"


def test_htmx_is_led_there_as_a_whole_page(with_app, session):
    (factor,) = session.scalars(select(Factor))
    headers = {"HX-Request": "true"}
    led = with_app.post(f"/account/factors/{factor.id}/remove", headers=headers, base_url=LOCAL)
    assert (led.status_code, led.headers["HX-Redirect"]) == (204, "/prove?held=1")


def test_what_was_never_kept_or_too_long_is_said_so(with_app, session, monkeypatch):
    remove(with_app, session)
    with with_app.session_transaction(base_url=LOCAL) as kept:
        kept["held"]["1"]["at"] -= stepup.HELD_S + 1
        kept["proven_at"] = now().isoformat()
    for number in ("1", "77", ""):
        assert with_app.get(f"/prove/on?held={number}", base_url=LOCAL).headers["Location"] == "/account"
    assert "forgotten meanwhile" in with_app.get("/account", base_url=LOCAL).text


def test_the_newest_five_wait(with_app, session):
    for _each in range(7):
        remove(with_app, session)
    with with_app.session_transaction(base_url=LOCAL) as kept:
        assert list(kept["held"]) == ["3", "4", "5", "6", "7"]


def test_the_password_counts_only_without_a_factor_and_where_none_is_needed(signed_in, redis, required):
    browser = grown_old(signed_in("ce"))
    assert "Your password" in browser.get("/prove", base_url=LOCAL).text
    assert browser.post("/prove", data={"password": PASSWORD}, base_url=LOCAL).status_code == 303
    required("ce")
    grown_old(browser)
    assert browser.post("/prove", data={"password": PASSWORD}, base_url=LOCAL).status_code == 422
    assert "Sign out and in again" in browser.get("/prove", base_url=LOCAL).text


def test_with_a_factor_the_password_proves_nothing(with_app):
    assert with_app.post("/prove", data={"password": PASSWORD}, base_url=LOCAL).status_code == 422


def test_a_recovery_code_proves_nothing_a_second_time(with_app, session):
    codes = commands.renew_recovery_codes(_as_actor(with_app.officer))
    assert with_app.post("/prove", data={"code": codes[0]}, base_url=LOCAL).status_code == 422


def test_a_passkey_proves_it(signed_in, session):
    browser, device = signed_in("ee"), Authenticator(verifies=False)
    add_passkey(browser, device)
    grown_old(browser)
    credential = device.get(options(browser, "prove"))
    assert browser.post("/prove", data={"credential": credential}, base_url=LOCAL).headers["Location"] == "/account"
    assert session.scalars(select(AuditRecord.act)).all()[-1] == "accounts.prove"


def test_proving_is_slowed_down_and_on_record(with_app, session):
    for _try in range(3):
        assert with_app.post("/prove", data={"code": "000000"}, base_url=LOCAL).status_code == 422
    assert with_app.post("/prove", data={"code": pyotp.TOTP(SECRET).now()}, base_url=LOCAL).status_code == 429
    failed = session.scalars(select(AuditRecord).where(AuditRecord.outcome == "failed")).all()
    assert [(kept.act, kept.why) for kept in failed] == [("accounts.prove", "code")] * 3


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example"])
def test_nobody_is_led_to_another_site_afterwards(with_app, path):
    headers = {"Referer": f"{LOCAL}{path}"}
    with_app.delete("/account/factors/new", headers=headers, base_url=LOCAL)
    with_app.post("/account/recovery-codes", data={"file": (__file__, "x")}, headers=headers, base_url=LOCAL)
    with with_app.session_transaction(base_url=LOCAL) as kept:
        kept["proven_at"] = now().isoformat()
    assert with_app.get("/prove/on?held=1", base_url=LOCAL).headers["Location"] == "/"


def test_the_api_says_how_old_a_proof_may_be(app, session, redis):
    from portal.core.errors import NotProven

    with app.test_request_context("/api/v1/accounts", method="POST"):
        answer = stepup.answer(NotProven("Prove once more that it is you; then this is carried out."))
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert 'error="insufficient_user_authentication"' in answer.headers["WWW-Authenticate"]
    assert "max_age=300" in answer.headers["WWW-Authenticate"]
