"""The day the provider is away: others are told why, an administrator with a second factor comes in all the same."""

import socket
import time
from importlib import import_module
from types import SimpleNamespace

import pyotp
import pytest
from sqlalchemy import select

from portal.accounts.models import OfficerSession
from portal.core.oidc import Provider, ProviderAway, ProviderSettings, provider
from tests.accounts.test_factors import SECRET, first_step, second_step
from tests.oidc.test_sign_in import START, last_witnessed

protocol = import_module("portal.core.oidc.provider")
NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def away(app, session, redis, monkeypatch):
    """The app with a provider that does not answer, and local accounts for an emergency only."""

    def at(issuer=NOBODY, local="break-glass"):
        found = Provider(ProviderSettings(issuer=issuer, client_id="portal", name="the HMDA account"))
        monkeypatch.setitem(app.extensions, "oidc", found)
        monkeypatch.setitem(app.config, "LOCAL_ACCOUNTS", local)
        return app.test_client()

    return at


def test_who_comes_by_the_organisation_is_told_why_it_does_not_work_and_what_to_do(away):
    browser = away()
    answer = browser.get(START)
    assert answer.status_code == 503
    for words in ("does not answer at the moment", "Nothing is wrong with your account", "Try again in a minute"):
        assert words in answer.text
    assert "An administrator with a second factor can sign in without it meanwhile" in answer.text
    assert browser.get("/sign-in").status_code == 200


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ("break-glass", "for administrators with a second factor"),
        ("no", "takes no passwords of its own"),
        ("yes", "Sign in with the HMDA account"),
    ],
)
def test_the_sign_in_page_says_who_may_use_its_form(away, local, words):
    assert words in away(local=local).get("/sign-in").text


def test_an_administrator_with_a_second_factor_comes_in(away, make_officer, add_app, session):
    visitor, officer = away(), make_officer("admin")
    add_app(officer, SECRET)
    assert first_step(visitor, officer).headers["Location"] == "/sign-in/second"
    assert visitor.get("/officers").headers["Location"].startswith("/sign-in"), "the password alone opens nothing"
    assert second_step(visitor, code=pyotp.TOTP(SECRET).now()).status_code == 303
    assert visitor.get("/officers").status_code == 200
    assert session.scalars(select(OfficerSession.method)).all() == ["password+totp"]


@pytest.mark.parametrize("role", ["admin", "ce", "ee"])
def test_without_a_second_factor_or_the_role_nobody_does(away, make_officer, add_app, session, role):
    visitor, officer = away(), make_officer(role)
    if role != "admin":
        add_app(officer, SECRET)
    answer = first_step(visitor, officer)
    assert (answer.status_code, "Sign in by the account of your organisation" in answer.text) == (422, True)
    assert last_witnessed(session) == ("accounts.sign_in", "failed", "not local")
    refused = visitor.post(
        "/api/v1/token", json={"username": officer.username, "password": "correct horse battery staple"}
    )
    assert refused.status_code in (401, 422)
    assert session.scalars(select(OfficerSession)).all() == []


def test_a_wrong_password_is_not_told_which_accounts_are_local(away, make_officer):
    visitor = away()
    for role in ("admin", "ee"):
        officer = make_officer(role)
        answer = visitor.post("/sign-in", data={"username": officer.username, "password": "not this one"})
        assert "do not belong together" in answer.text
        assert "organisation." not in answer.text.partition("do not belong together")[0][-200:]


def test_with_local_accounts_off_not_even_the_administrator(away, make_officer, add_app):
    visitor, officer = away(local="no"), make_officer("admin")
    add_app(officer, SECRET)
    assert first_step(visitor, officer).status_code == 422


def test_a_provider_that_hangs_is_waited_for_once_and_then_left_alone(away, monkeypatch):
    monkeypatch.setattr(protocol, "TIMEOUT_S", (1, 1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        browser = away(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert browser.get(START).status_code == 503
        began = time.monotonic()
        assert browser.get(START).status_code == 503
        assert time.monotonic() - began < 0.8


def test_it_is_asked_again_when_it_is_back(away, issuer, tell, app, monkeypatch):
    tell("portal", redirect_uris=["http://localhost/sign-in/organisation/back"])
    browser = away(issuer)
    monkeypatch.setattr(app.extensions["oidc"], "_away_until", time.monotonic() + 10)
    assert browser.get(START).status_code == 503
    monkeypatch.setattr(app.extensions["oidc"], "_away_until", 0.0)
    assert browser.get(START).status_code == 302


def test_what_it_said_before_goes_on_counting_for_a_day(officer, portal, monkeypatch):
    officer("asha", "ee").sign_in()
    found = provider()
    moment = time.monotonic()
    monkeypatch.setattr(found, "_away_until", moment + 10**6)
    monkeypatch.setattr(protocol, "time", SimpleNamespace(monotonic=lambda: moment + 7200))
    assert found.metadata()["issuer"] == found.settings.issuer
    monkeypatch.setattr(protocol, "time", SimpleNamespace(monotonic=lambda: moment + 90_000))
    with pytest.raises(ProviderAway):
        found.metadata()
