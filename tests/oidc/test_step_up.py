"""A fresh proof by the organisation: the provider asks again, and only what it saw of this very officer counts."""

import datetime as dt
import re

import pytest

from portal.core.audit import AuditRecord
from portal.core.calendar import now
from portal.core.oidc import tokens
from tests.accounts.test_factors import SECRET
from tests.oidc.conftest import asked
from tests.oidc.test_sign_in import found, last_witnessed

PROVE = "/prove/organisation"


def grown_old(someone):
    with someone.portal.session_transaction() as kept:
        kept["proven_at"] = (now() - dt.timedelta(hours=1)).isoformat()


def needs_proof(someone):
    """Whether a page that asks for a fresh proof leads to it."""
    return someone.portal.get("/account/factors/new").headers.get("Location", "").startswith("/prove")


@pytest.fixture
def asha(officer):
    """Somebody who signed in by the organisation long ago."""
    made = officer("asha", "ee")
    made.sign_in()
    grown_old(made)
    return made


def test_the_provider_asks_again_and_what_waited_opens(asha, session):
    led = asha.portal.get("/account/factors/new").headers["Location"]
    offered = re.search(rf'href="({PROVE}[^"]*)"', asha.portal.get(led).text)[1]
    url = asha.ask(offered)
    assert (asked(url)["prompt"], asked(url)["max_age"]) == ("login", "0")
    assert "/interaction/" in asha.provider.get(url, timeout=5).url, "signed in there, and asked all the same"
    back = asha.sign_in(offered)
    assert (back.status_code, back.headers["Location"]) == (303, led)
    assert last_witnessed(session)[:2] == ("accounts.prove", "renewed")
    on = asha.portal.get(led).headers["Location"]
    assert asha.portal.get(on).headers["Location"] == "/account/factors/new"
    assert not needs_proof(asha)


def test_somebody_else_proves_nothing(asha, officer, session):
    officer("ravi", "ce").sign_in()
    answer = asha.sign_in(PROVE, login="ravi")
    assert answer.status_code == 400
    assert "somebody else" in answer.text
    assert last_witnessed(session) == ("accounts.prove", "failed", "another account of the provider")
    assert needs_proof(asha)


def test_an_answer_without_a_new_proof_counts_for_nothing(asha, portal, session, monkeypatch):
    read = tokens.CodeIDToken.validate
    monkeypatch.setattr(
        tokens.CodeIDToken, "validate", lambda own, **how: (read(own, **how), own.update(auth_time=1))[0]
    )
    assert asha.sign_in(PROVE).status_code == 400
    assert last_witnessed(session)[1:] == ("failed", "not proven anew")
    assert needs_proof(asha)


def test_one_factor_at_the_provider_is_not_enough_for_who_has_two(asha, add_app, session):
    add_app(found(session, "asha"), SECRET)
    asha.is_now("ee", amr=["pwd"])
    answer = asha.sign_in(PROVE)
    assert answer.status_code == 400
    assert "one factor only" in answer.text
    assert last_witnessed(session) == ("accounts.prove", "failed", "one factor")
    assert needs_proof(asha)
    asha.is_now("ee", amr=["pwd", "otp"])
    assert asha.sign_in(PROVE).status_code == 303
    assert not needs_proof(asha)


def test_who_was_signed_out_meanwhile_is_told_so(asha, session):
    url = asha.at_provider(asha.ask(PROVE))
    with asha.portal.session_transaction() as kept:
        for name in ("_user_id", "sid"):
            kept.pop(name, None)
    answer = asha.back(url)
    assert answer.status_code == 400
    assert "signed out here meanwhile" in answer.text
    assert session.query(AuditRecord).filter_by(act="accounts.prove", outcome="renewed").count() == 0


def test_an_old_password_of_the_portal_proves_nothing_where_local_accounts_are_off(signed_in, portal, monkeypatch):
    browser = signed_in("ee")
    with browser.session_transaction() as kept:
        kept["proven_at"] = (now() - dt.timedelta(hours=1)).isoformat()
    assert "Your password" in browser.get("/prove").text
    monkeypatch.setitem(portal.config, "LOCAL_ACCOUNTS", "no")
    shown = browser.get("/prove").text
    assert "Your password" not in shown
    assert PROVE in shown
    assert browser.post("/prove", data={"password": "correct horse battery staple"}).status_code == 422
