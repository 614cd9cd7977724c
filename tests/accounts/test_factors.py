"""The second step: a code once, a passkey of this officer for this portal, a recovery code at the last; no more."""

import json
import re
import threading
import time
from contextlib import suppress
from dataclasses import replace

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from portal.accounts import commands
from portal.accounts.commands import factors as made
from portal.accounts.commands.proving import STEP_S, SignInFailed, _by_code, _step_of
from portal.accounts.commands.signing_in import SecondFactorNeeded, _sign_in
from portal.accounts.models import Factor, Officer, OfficerSession, RecoveryCode
from portal.accounts.queries import factors as asked
from portal.accounts.queries.factors import Site
from portal.accounts.queries.officers import _as_actor
from portal.app import create_app
from portal.config import BadSetting, settings
from portal.core.db import db, now, transaction
from portal.core.errors import NotFound, RuleBroken
from tests.accounts.authenticator import Authenticator, code_of_the_step_before
from tests.conftest import PASSWORD

LOCAL = "http://localhost"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of RFC 6238, appendix B


@pytest.fixture
def visitor(app, session, redis):
    return app.test_client()


@pytest.fixture
def required(monkeypatch):
    """The setting SECOND_FACTOR_ROLES."""

    def by(*roles):
        monkeypatch.setattr(asked, "settings", lambda: replace(settings(), second_factor_roles=frozenset(roles)))

    return by


@pytest.fixture
def with_app(session, redis, make_officer, monkeypatch):
    """An officer with an authenticator app, and its secret."""

    def make(role="ee"):
        officer, secret = make_officer(role), pyotp.random_base32()
        sealed = made.seal(secret.encode(), made._purpose(officer.id))
        earlier = code_of_the_step_before(secret, monkeypatch)
        officer.codes = commands.add_app(_as_actor(officer), {"name": "Phone", "code": earlier}, sealed=sealed)
        return officer, pyotp.TOTP(secret)

    return make


def first_step(visitor, officer, target=""):
    given = {"username": officer.username, "password": PASSWORD}
    return visitor.post(f"/sign-in{target}", data=given, base_url=LOCAL)


def second_step(visitor, **given):
    return visitor.post("/sign-in/second", data=given, base_url=LOCAL)


def options(visitor, purpose):
    return visitor.post("/passkey/options", data={"purpose": purpose}, base_url=LOCAL).text


def add_passkey(browser, device, **changed):
    answer = device.create(options(browser, "enrol"), **changed)
    return browser.post("/account/factors/new", data={"name": "Laptop", "credential": answer}, base_url=LOCAL)


# Codes


@pytest.mark.parametrize(("at", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_the_standard(at, code):
    """RFC 6238, appendix B, the last six digits."""
    assert _step_of(SECRET, code, at // STEP_S, 0) == at // STEP_S


@given(st.integers(2, 10**9), st.integers(-5, 5), st.integers(0, 10**9))
def test_a_code_is_good_for_its_step_and_the_neighbours_and_never_again(present, away, last_used):
    code = pyotp.TOTP(SECRET).generate_otp(max(0, present + away))
    found = _step_of(SECRET, code, present, last_used)
    if found:
        assert found > last_used
        assert abs(found - present) <= 1
        assert not _step_of(SECRET, code, present, found)
    elif abs(away) <= 1:
        assert present + away <= last_used


def test_after_the_password_a_code_of_the_app_opens_the_portal(visitor, session, with_app):
    officer, otp = with_app()
    assert first_step(visitor, officer, "?next=/projects/").headers["Location"] == "/sign-in/second"
    answer = second_step(visitor, code=f"{otp.now()[:3]} {otp.now()[3:]}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/projects/")
    assert visitor.get("/projects/", base_url=LOCAL).status_code == 200
    assert session.scalars(select(OfficerSession.method)).all() == ["password+totp"]


def test_half_signed_in_opens_nothing(visitor, session, with_app):
    officer, _otp = with_app()
    first_step(visitor, officer)
    for address in ("/", "/projects/", "/account", "/account/factors", "/account/factors/new", "/prove"):
        assert visitor.get(address, base_url=LOCAL).headers["Location"].startswith("/sign-in"), address
    assert visitor.get("/sign-in/enrol", base_url=LOCAL).headers["Location"] == "/sign-in"
    assert session.scalars(select(OfficerSession)).all() == []


def test_half_signed_in_lasts_five_minutes(visitor, with_app, monkeypatch):
    officer, otp = with_app()
    first_step(visitor, officer)
    late = time.time() + 301
    monkeypatch.setattr("portal.accounts.pages.steps.time.time", lambda: late)
    assert second_step(visitor, code=otp.at(late)).headers["Location"] == "/sign-in"


def test_the_second_step_is_nothing_without_the_first(visitor):
    assert visitor.get("/sign-in/second").headers["Location"] == "/sign-in"
    assert second_step(visitor, code="123456").headers["Location"] == "/sign-in"


def test_a_code_works_once(app, visitor, with_app):
    officer, otp = with_app()
    code = otp.now()
    first_step(visitor, officer)
    assert second_step(visitor, code=code).status_code == 303
    other = app.test_client()
    first_step(other, officer)
    answer = second_step(other, code=code)
    assert answer.status_code == 422
    assert "was used before" in answer.text


def test_codes_are_not_guessed(visitor, with_app):
    officer, otp = with_app()
    first_step(visitor, officer)
    for _try in range(3):
        assert second_step(visitor, code="000000").status_code == 422
    refused = second_step(visitor, code=otp.now())
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) <= 2


def test_an_account_closed_between_the_steps_stays_closed(visitor, session, with_app):
    officer, otp = with_app()
    first_step(visitor, officer)
    with transaction():
        officer.disable("left")
    refused = second_step(visitor, code=otp.now())
    assert refused.status_code == 401
    assert session.scalars(select(OfficerSession)).all() == []


def test_the_secret_is_sealed_where_it_is_kept(session, with_app):
    _officer, otp = with_app()
    (factor,) = session.scalars(select(Factor))
    assert otp.secret not in factor.secret
    assert factor.secret.startswith("s1.")


# Recovery codes


def test_a_recovery_code_signs_in_once(app, visitor, session, with_app, recorded):
    officer, _otp = with_app()
    assert len(officer.codes) == 10
    first_step(visitor, officer)
    assert second_step(visitor, code=officer.codes[3].upper()).status_code == 303
    assert session.scalars(select(OfficerSession.method)).all() == ["recovery"]
    assert "hmda.accounts.recovery_code.used" in recorded()
    assert "9 are left" in visitor.get("/account", base_url=LOCAL).text
    other = app.test_client()
    first_step(other, officer)
    assert second_step(other, code=officer.codes[3]).status_code == 422


def test_recovery_codes_are_kept_as_hashes(session, with_app):
    officer, _otp = with_app()
    kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert len(kept) == 10
    assert not set(kept) & {code.replace("-", "") for code in officer.codes}


def test_new_recovery_codes_replace_the_old_and_are_shown_once(visitor, with_app):
    officer, _otp = with_app()
    first_step(visitor, officer)
    second_step(visitor, code=officer.codes[0])
    visitor.post("/account/recovery-codes", base_url=LOCAL)
    shown = re.findall(r"<code>([a-z0-9-]{19})</code>", visitor.get("/account/recovery-codes", base_url=LOCAL).text)
    assert len(set(shown)) == 10
    assert shown[0] not in visitor.get("/account/recovery-codes", base_url=LOCAL).text
    with pytest.raises(SignInFailed):
        _by_code(officer.id, officer.codes[1])
    assert _by_code(officer.id, shown[1]) == "recovery"


def test_one_code_sent_twice_at_once_works_once(app, redis, monkeypatch):
    """Real transactions on real connections: the row of the officer is locked while a code is looked at."""
    monkeypatch.setattr("portal.accounts.commands.proving.audit.witness", lambda *said, **more: None)
    monkeypatch.setattr("portal.core.attempts.FREE", 10)
    taken, start, code = [], threading.Barrier(4), pyotp.TOTP(SECRET).now()
    with app.app_context():
        officer = Officer(username="twice", name="Twice", role="ee")
        with transaction():
            db.session.add(officer)
        known = officer.id
        factor = Factor(officer_id=known, kind="totp", name="Phone", confirmed_at=now())
        factor.secret = made.seal(SECRET.encode(), made._purpose(known))
        with transaction():
            db.session.add(factor)

    def use():
        with app.app_context():
            start.wait()
            with suppress(SignInFailed):
                taken.append(_by_code(known, code))
            db.session.remove()

    threads = [threading.Thread(target=use) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), transaction():
        db.session.execute(delete(Factor).where(Factor.officer_id == known))
        db.session.execute(delete(Officer).where(Officer.id == known))
    assert taken == ["totp"]


# Passkeys


def test_a_passkey_is_the_second_step(visitor, session, signed_in):
    browser, device = signed_in("ee"), Authenticator()
    assert add_passkey(browser, device).headers["Location"] == "/account/recovery-codes"
    first_step(visitor, browser.officer)
    assert json.loads(options(visitor, "second"))["allowCredentials"]
    answer = second_step(visitor, credential=device.get(options(visitor, "second")))
    assert answer.status_code == 303
    assert "password+passkey" in session.scalars(select(OfficerSession.method)).all()


def by_passkey(visitor, credential):
    return visitor.post("/sign-in/passkey", data={"credential": credential}, base_url=LOCAL)


def test_a_passkey_that_looks_at_its_owner_signs_in_by_itself(visitor, session, signed_in):
    browser, device = signed_in("ee"), Authenticator()
    add_passkey(browser, device)
    answer = by_passkey(visitor, device.get(options(visitor, "sign_in")))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "passkey" in session.scalars(select(OfficerSession.method)).all()


def test_a_touch_alone_is_not_enough_without_the_password(visitor, signed_in):
    browser, device = signed_in("ee"), Authenticator(verifies=False)
    add_passkey(browser, device)
    assert by_passkey(visitor, device.get(options(visitor, "sign_in"))).status_code == 422
    first_step(visitor, browser.officer)
    assert second_step(visitor, credential=device.get(options(visitor, "second"))).status_code == 303


@pytest.mark.parametrize("attack", ["replay", "origin", "purpose", "other", "unknown", "garbage", "kind", "counter"])
def test_an_answer_that_is_not_for_this_sign_in_is_refused(visitor, session, signed_in, attack):
    browser, device, other = signed_in("ee"), Authenticator(), Authenticator()
    add_passkey(browser, device)
    asked_for = options(visitor, "second" if attack == "purpose" else "sign_in")
    if attack == "purpose":
        first_step(visitor, browser.officer)
        asked_for = options(visitor, "second")
    changed = {"origin": {"origin": "http://localhost.evil"}, "kind": {"type": "webauthn.create"}}.get(attack, {})
    if attack == "other":
        other.id, other.user = device.id, device.user
    credential = (other if attack in ("other", "unknown") else device).get(asked_for, **changed)
    if attack == "replay":
        assert by_passkey(visitor, credential).status_code == 303
        visitor.post("/sign-out", base_url=LOCAL)
        options(visitor, "sign_in")
    if attack == "counter":
        assert by_passkey(visitor, credential).status_code == 303
        device.counter = 0
        credential = device.get(options(visitor, "sign_in"))
    assert by_passkey(visitor, "{}" if attack == "garbage" else credential).status_code == 422


def test_another_officers_passkey_is_no_second_step(visitor, signed_in, with_app):
    browser, device = signed_in("ae"), Authenticator()
    add_passkey(browser, device)
    officer, _otp = with_app()
    first_step(visitor, officer)
    assert second_step(visitor, credential=device.get(options(visitor, "second"))).status_code == 422


def test_an_answer_for_another_site_makes_no_passkey(signed_in, session):
    browser = signed_in("ee")
    assert add_passkey(browser, Authenticator("http://evil.example")).status_code == 422
    assert session.scalars(select(Factor)).all() == []


def test_a_stranger_is_asked_for_any_passkey_and_told_of_none(visitor, signed_in):
    add_passkey(signed_in("ee"), Authenticator())
    assert json.loads(options(visitor, "sign_in"))["allowCredentials"] == []
    for purpose in ("second", "prove", "enrol", ""):
        assert visitor.post("/passkey/options", data={"purpose": purpose}, base_url=LOCAL).status_code == 422


@pytest.mark.parametrize(("name", "offered"), [("127.0.0.1", False), ("::1", False), ("portal.example", True)])
def test_at_an_address_of_numbers_no_passkey_is_offered(name, offered):
    assert Site(name, f"https://{name}").has_a_name == offered


def test_who_opens_the_portal_by_numbers_is_told_why_there_is_no_passkey(app, signed_in):
    browser = signed_in("ee")
    kept = browser.get_cookie("portal").value
    browser.set_cookie("portal", kept, domain="127.0.0.1")
    assert "opened by its name" in browser.get("/account/factors/new", base_url="http://127.0.0.1:8000").text


# Required by role


def test_a_role_that_needs_one_is_led_to_set_one_up_before_anything_opens(visitor, session, make_officer, required):
    required("ce", "admin")
    officer = make_officer("ce")
    assert first_step(visitor, officer, "?next=/projects/").headers["Location"] == "/sign-in/enrol"
    assert visitor.get("/projects/", base_url=LOCAL).headers["Location"].startswith("/sign-in?")
    shown = visitor.get("/sign-in/enrol", base_url=LOCAL).text
    assert 'src="data:image/svg+xml' in shown
    secret = re.search(r'<code class="hash">([A-Z2-7 ]+)</code>', shown)[1].replace(" ", "")
    assert visitor.post("/sign-in/enrol", data={"name": "", "code": "000000"}, base_url=LOCAL).status_code == 422
    answer = visitor.post("/sign-in/enrol", data={"name": "", "code": pyotp.TOTP(secret).now()}, base_url=LOCAL)
    assert answer.headers["Location"] == "/account/recovery-codes"
    assert "/projects/" in visitor.get("/account/recovery-codes", base_url=LOCAL).text
    assert session.scalars(select(OfficerSession.method)).all() == ["password+totp"]


def test_a_role_that_does_not_exist_stops_the_start(monkeypatch):
    wrong = replace(settings(), second_factor_roles=frozenset({"adnim"}))
    monkeypatch.setattr("portal.app.settings", lambda: wrong)
    with pytest.raises(BadSetting, match="adnim"):
        create_app()


@pytest.mark.parametrize(("roles", "step"), [((), "/"), (("ce",), "/"), (("ee",), "/sign-in/enrol"), (("all",), None)])
def test_whose_role_needs_none_signs_in_as_before(visitor, make_officer, required, roles, step):
    required(*roles)
    assert first_step(visitor, make_officer("ee")).headers["Location"] == (step or "/sign-in/enrol")


def test_the_last_factor_stays_where_the_role_needs_one(session, with_app, required):
    officer, _otp = with_app("ce")
    (factor,) = session.scalars(select(Factor))
    required("ce")
    with pytest.raises(RuleBroken, match="Add another"):
        commands.remove_factor(_as_actor(officer), factor.id)
    required()
    commands.remove_factor(_as_actor(officer), factor.id)
    assert session.scalars(select(Factor)).all() == []
    assert session.scalars(select(RecoveryCode)).all() == []


def test_nobody_removes_anothers_factor(session, with_app, make_officer):
    with_app()
    (factor,) = session.scalars(select(Factor))
    with pytest.raises(NotFound):
        commands.remove_factor(_as_actor(make_officer("admin")), factor.id)


def test_who_came_by_the_organisation_gets_the_session_that_was_begun_there(visitor, session, with_app, begin):
    officer, otp = with_app()
    begun = begin(officer, "web", method="oidc")
    half = {"officer_id": officer.id.hex, "first": "oidc", "step": "second", "target": "/projects/"}
    with visitor.session_transaction(base_url=LOCAL) as kept:
        kept["half"] = half | {"begun": begun.id.hex, "until": time.time() + 60}
    assert second_step(visitor, code=otp.now()).headers["Location"] == "/projects/"
    assert visitor.get("/projects/", base_url=LOCAL).status_code == 200
    assert session.scalars(select(OfficerSession.method)).all() == ["oidc"]


# The API


def test_the_api_asks_for_the_code(with_app, required):
    officer, otp = with_app()
    with pytest.raises(SecondFactorNeeded, match="otp"):
        _sign_in(officer.username, PASSWORD, "api")
    with pytest.raises(SignInFailed, match="not right"):
        _sign_in(officer.username, PASSWORD, "api", otp="000000")
    assert _sign_in(officer.username, PASSWORD, "api", otp=otp.now()).method == "password+totp"


def test_the_api_sends_who_has_no_factor_to_the_browser(session, redis, make_officer, required):
    required("all")
    with pytest.raises(SecondFactorNeeded, match="browser"):
        _sign_in(make_officer("ee").username, PASSWORD, "api", otp="123456")
