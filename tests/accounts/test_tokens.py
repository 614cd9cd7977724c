"""Tokens of the API: given for every proof the officer has to bring, renewed once, gone at once; keys that change."""

import base64
import datetime as dt
import json
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import replace

import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import select

from portal.accounts import commands
from portal.accounts.commands import factors as made
from portal.accounts.commands.sessions import _begin_session
from portal.accounts.commands.tokens import _give, _renew
from portal.accounts.models import Officer, OfficerSession, RefreshToken, SigningKey
from portal.accounts.queries import factors as asked
from portal.accounts.queries.officers import _as_actor
from portal.config import settings
from portal.core import tokens
from portal.core.access import Actor
from portal.core.audit import AuditRecord
from portal.core.cards import drop
from portal.core.db import db, now, transaction
from portal.core.errors import NotPermitted, NotProven
from portal.core.origin import ORIGIN, Origin
from portal.core.tokens import BadToken, KeyRing, NotSignedIn
from tests.accounts.authenticator import code_of_the_step_before
from tests.conftest import PASSWORD

LOCAL = "https://localhost"
COOKIE = {"domain": "localhost", "path": "/api/v1/auth"}


@pytest.fixture
def client(app, session, redis):
    return app.test_client()


@pytest.fixture
def keys(app, session):
    """The keys of a test are forgotten with it."""
    yield lambda: app.extensions["token_keys"]
    app.extensions["token_keys"] = KeyRing()


def ask(client, officer, **more):
    body = {"username": officer.username, "password": PASSWORD} | more
    return client.post("/api/v1/auth/token", json=body, base_url=LOCAL)


def renew(client):
    return client.post("/api/v1/auth/refresh", base_url=LOCAL)


def refresh_token(client):
    return client.get_cookie("portal_refresh", **COOKIE).value


def bring(client, secret):
    client.set_cookie("portal_refresh", secret, **COOKIE)


def uses(client, token):
    return client.get("/api/v1/projects", headers={"Authorization": f"Bearer {token}"}, base_url=LOCAL).status_code


def decoded(part):
    return base64.urlsafe_b64decode(part + "==")


def claims_of(token):
    return json.loads(decoded(token.split(".")[1]))


def witnessed(session):
    found = session.scalars(select(AuditRecord).where(AuditRecord.act == "accounts.token").order_by(AuditRecord.number))
    return [(one.outcome, one.why) for one in found]


# Giving


def test_a_password_gives_a_token_of_fifteen_minutes(client, make_officer, session):
    officer = make_officer("ee")
    answer = ask(client, officer)
    assert answer.json.keys() == {"access_token", "token_type", "expires_in"}
    assert (answer.status_code, answer.json["token_type"], answer.json["expires_in"]) == (200, "Bearer", 900)
    assert answer.headers["Cache-Control"] == "no-store"
    claims = claims_of(answer.json["access_token"])
    assert claims.keys() == {
        *("iss", "aud", "sub", "role", "permissions", "project_access", "sid", "auth_time", "iat", "nbf", "exp", "jti"),
    }
    assert (claims["sub"], claims["role"], claims["project_access"]) == (str(officer.id), "ee", ["*"])
    assert claims["exp"] - claims["iat"] == 900
    assert "boq_estimates.write" in claims["permissions"]
    assert "accounts.secure" not in claims["permissions"]
    assert uses(client, answer.json["access_token"]) == 200


def test_a_consultant_carries_the_assigned_projects_only(client, make_officer):
    assert claims_of(ask(client, make_officer("ec")).json["access_token"])["project_access"] == []


def test_no_script_and_no_other_address_sees_the_refresh_token(client, make_officer):
    answer = ask(client, make_officer("ee"))
    cookie = answer.headers["Set-Cookie"]
    for part in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/api/v1/auth", f"Max-Age={7 * 24 * 3600}"):
        assert part in cookie
    assert refresh_token(client) not in answer.text


def test_of_a_refresh_token_only_the_hash_is_kept(client, make_officer, session):
    ask(client, make_officer("ee"))
    kept = session.scalars(select(RefreshToken)).one()
    assert refresh_token(client) not in repr(vars(kept))


@pytest.fixture
def with_app(make_officer, monkeypatch):
    """An officer with an authenticator app."""
    officer, secret = make_officer("ee"), pyotp.random_base32()
    sealed = made.seal(secret.encode(), made._purpose(officer.id))
    earlier = code_of_the_step_before(secret, monkeypatch)
    codes = commands.add_app(_as_actor(officer), {"name": "Phone", "code": earlier}, sealed=sealed)
    return officer, pyotp.TOTP(secret), codes


def test_the_password_alone_gives_no_token_where_there_is_a_second_factor(client, session, with_app):
    officer, app, _codes = with_app
    answer = ask(client, officer)
    assert (answer.status_code, answer.json["type"]) == (401, "/api/v1/#second-factor-needed")
    assert answer.json["errors"][0]["pointer"] == "#/otp"
    assert "Set-Cookie" not in answer.headers
    assert not session.scalars(select(OfficerSession)).all()
    assert ask(client, officer, otp="000000").status_code == 401
    code = app.now()
    good = ask(client, officer, otp=code)
    assert (good.status_code, uses(client, good.json["access_token"])) == (200, 200)
    assert session.scalars(select(OfficerSession.method)).all() == ["password+totp"]
    again = ask(client, officer, otp=code)
    assert (again.status_code, again.json["type"]) == (401, "about:blank")


def test_a_recovery_code_gives_a_token_once(client, with_app):
    officer, _app, codes = with_app
    assert ask(client, officer, otp=codes[0]).status_code == 200
    assert ask(client, officer, otp=codes[0]).status_code == 401


def test_a_wrong_password_says_nothing_of_the_second_factor(client, make_officer, with_app):
    answers = [ask(client, one, password="wrong") for one in (with_app[0], make_officer("ee"))]
    assert answers[0].json == answers[1].json
    assert answers[0].json["type"] == "about:blank"


def test_a_role_that_needs_a_second_factor_gets_no_token_before_one_is_set_up(client, make_officer, monkeypatch):
    needed = replace(settings(), second_factor_roles=frozenset({"all"}))
    monkeypatch.setattr(asked, "settings", lambda: needed)
    answer = ask(client, make_officer("ee"), otp="123456")
    assert (answer.status_code, answer.json["type"]) == (401, "/api/v1/#second-factor-needed")


@pytest.mark.parametrize("body", [None, [], "text", {"username": "ee"}, {"username": 1, "password": 2}, {"who": "me"}])
def test_what_is_no_name_and_password_is_said_so(client, body):
    answer = client.post("/api/v1/auth/token", json=body)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")


def test_a_wrong_name_and_a_wrong_password_are_told_the_same(client, make_officer):
    wrong = ask(client, make_officer("ee"), password="not the password")
    unknown = client.post("/api/v1/auth/token", json={"username": "nobody", "password": "not the password"})
    assert (wrong.status_code, wrong.json) == (unknown.status_code, unknown.json)
    assert wrong.headers["WWW-Authenticate"] == "Bearer"


# Renewing


def test_a_refresh_token_works_once_and_brings_the_next(client, make_officer, session):
    first = ask(client, make_officer("ee")).json["access_token"]
    before = refresh_token(client)
    answer = renew(client)
    second = answer.json["access_token"]
    assert refresh_token(client) != before
    assert (uses(client, first), uses(client, second)) == (200, 200)
    assert witnessed(session) == [("renewed", "")]
    old, new = claims_of(first), claims_of(second)
    assert old["jti"] != new["jti"]
    assert (old["sid"], old["auth_time"]) == (new["sid"], new["auth_time"])


def test_the_moment_of_the_proof_survives_renewing(client, make_officer, session):
    ask(client, make_officer("ce"))
    began = now() - dt.timedelta(hours=5)
    with transaction():
        session.scalars(select(OfficerSession)).one().started_at = began
    assert claims_of(renew(client).json["access_token"])["auth_time"] == int(began.timestamp())


def test_a_refresh_token_that_comes_back_ends_everything_of_the_person(
    client, app, make_officer, signed_in, session, recorded
):
    officer = make_officer("ee")
    browser = signed_in("ee", officer)
    first = ask(client, officer).json["access_token"]
    stolen = refresh_token(client)
    second = renew(client).json["access_token"]
    thief = app.test_client()
    bring(thief, stolen)
    answer = thief.post("/api/v1/auth/refresh", base_url=LOCAL, headers={"User-Agent": "thief/1"})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (401, False)
    assert (uses(client, first), uses(client, second), renew(client).status_code) == (401, 401, 401)
    assert browser.get("/projects/").headers["Location"].startswith("/sign-in")
    assert witnessed(session)[:2] == [("renewed", ""), ("tampering", "refresh token used twice")]
    assert "hmda.accounts.sessions.ended" in recorded()


def test_a_twin_of_the_same_request_is_refused_and_ends_nothing(client, make_officer, session):
    ask(client, make_officer("ee"))
    before = refresh_token(client)
    given = renew(client).json["access_token"]
    after = refresh_token(client)
    bring(client, before)
    assert renew(client).status_code == 401
    bring(client, after)
    assert (uses(client, given), renew(client).status_code) == (200, 200)
    assert "tampering" not in [outcome for outcome, _why in witnessed(session)]


@pytest.mark.parametrize("secret", ["", "rt_unknown", "x" * 3000, "rt_'; drop table officer; --"])
def test_what_is_no_refresh_token_is_refused_alike(client, make_officer, secret):
    ask(client, make_officer("ee"))
    bring(client, secret)
    answer = renew(client)
    assert (answer.status_code, answer.json["title"]) == (401, "Sign in first")


def test_a_refresh_token_ends_after_seven_days_unused_and_thirty_in_all(client, make_officer, session):
    ask(client, make_officer("ee"))
    token = session.scalars(select(RefreshToken)).one()
    assert abs(token.expires_at - now() - dt.timedelta(days=7)) < dt.timedelta(minutes=1)
    opened = session.scalars(select(OfficerSession)).one()
    with transaction():
        opened.started_at = now() - dt.timedelta(days=28)
    renew(client)
    assert opened.expires_at == opened.started_at + dt.timedelta(days=30)
    with transaction():
        session.scalars(select(RefreshToken).where(RefreshToken.used_at.is_(None))).one().expires_at = now()
    assert renew(client).status_code == 401
    assert witnessed(session)[-1] == ("refused", "expired")


def test_a_closed_account_renews_nothing(client, make_officer, session):
    officer = make_officer("ee")
    ask(client, officer)
    with transaction():
        officer.active = False
    drop(officer.id)
    assert renew(client).status_code == 401


def test_of_many_renewals_at_once_exactly_one_wins(committed, enrolled):
    """Real transactions on real connections: the row of the token is locked while it is used up."""
    known, _name = enrolled()
    won, start = [], threading.Barrier(6)
    with committed.app_context():
        first = _give(_begin_session(db.session.get_one(Officer, known), "api", "password")).refresh
        db.session.remove()

    def ask_at_once():
        with committed.app_context():
            ORIGIN.set(Origin("api", "10.0.0.1", device="client"))
            start.wait()
            with suppress(NotSignedIn):
                won.append(_renew(first))
            db.session.remove()

    threads = [threading.Thread(target=ask_at_once) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    with committed.app_context():
        links = db.session.scalars(select(RefreshToken)).all()
        assert sorted(link.used_at is None for link in links) == [False, True]
        db.session.remove()


# Ending


def test_revoking_ends_the_family_by_cookie_or_by_token(client, app, make_officer, session):
    officer = make_officer("ee")
    token = ask(client, officer).json["access_token"]
    answer = client.post("/api/v1/auth/revoke", base_url=LOCAL)
    assert (answer.status_code, "Max-Age=0" in answer.headers["Set-Cookie"]) == (204, True)
    assert uses(client, token) == 401
    other = app.test_client()
    token = ask(other, officer).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert app.test_client().post("/api/v1/auth/revoke", headers=bearer).status_code == 204
    assert (uses(other, token), renew(other).status_code) == (401, 401)


def test_revoking_what_is_unknown_is_answered_the_same(client):
    assert client.post("/api/v1/auth/revoke").status_code == 204
    assert client.post("/api/v1/auth/revoke", headers={"Authorization": "Bearer x.y.z"}).status_code == 204


# Keys


def test_anybody_can_verify_a_token_by_the_published_keys(client, make_officer):
    token = ask(client, make_officer("ee")).json["access_token"]
    answer = client.get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.content_type == "application/jwk-set+json"
    private = {"d", "p", "q", "dp", "dq", "qi"}
    assert all(key["use"] == "sig" and not private & key.keys() for key in answer.json["keys"])
    (key,) = [key for key in answer.json["keys"] if key["kid"] == kid_of(token)]
    public = RSAPublicNumbers(*(int.from_bytes(decoded(key[part]), "big") for part in ("e", "n"))).public_key()
    signed, _dot, signature = token.rpartition(".")
    public.verify(decoded(signature), signed.encode(), PKCS1v15(), SHA256())  # raises for any other
    again = client.get("/.well-known/jwks.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.fixture
def later(monkeypatch):
    """The clock of the keys, so much later."""

    def by(**time):
        monkeypatch.setattr(tokens, "now", lambda: now() + dt.timedelta(**time))

    return by


def admin(make_officer):
    return _as_actor(make_officer("admin"))


def kid_of(token):
    return json.loads(decoded(token.split(".")[0]))["kid"]


def issued():
    return tokens.issue(uuid.uuid4(), "ee", "a-session")


def test_a_new_key_is_shown_first_signs_later_and_the_old_one_verifies_for_a_day(keys, make_officer, later):
    before = issued()
    new = commands.rotate_token_keys(admin(make_officer)).kid
    keys()._look(0)
    assert new in {key["kid"] for key in keys().published()}
    assert kid_of(issued()) == kid_of(before) != new
    later(minutes=6)
    after = issued()
    assert kid_of(after) == new
    assert {tokens.read(before)["role"], tokens.read(after)["role"]} == {"ee"}
    later(hours=24, minutes=6)
    with pytest.raises(BadToken, match="retired key") as refused:
        tokens.read(before)
    assert not refused.value.forged
    assert kid_of(before) not in {key["kid"] for key in keys().published()}
    assert tokens.read(after)["role"] == "ee"


def test_a_leaked_key_is_good_for_nothing_from_that_moment(keys, make_officer, recorded):
    before = issued()
    commands.rotate_token_keys(admin(make_officer), leaked=True)
    keys()._look(0)
    with pytest.raises(BadToken, match="retired key"):
        tokens.read(before)
    assert tokens.read(issued())["role"] == "ee"
    assert recorded()[-2:] == ["hmda.accounts.token_key.made", "hmda.accounts.token_key.withdrawn"]


def test_another_process_meets_a_new_key_by_its_unknown_name(keys, app, make_officer):
    keys().signing()
    commands.rotate_token_keys(admin(make_officer), leaked=True)
    app.extensions["token_keys"] = KeyRing()
    token = issued()
    old = KeyRing()
    old.kept = {}
    old.read_at = time.monotonic() - tokens.SELDOM_S
    assert old.verifying(kid_of(token)).kid == kid_of(token)
    old.kept, old.read_at = {"another": object()}, time.monotonic()
    with pytest.raises(BadToken, match="unknown key"):  # a flood of unknown names asks the database seldom
        old.verifying(kid_of(token))


def test_the_only_key_of_earlier_versions_becomes_the_first(keys, app, session):
    with transaction():
        session.execute(SigningKey.__table__.delete())
    key = RSAKey.generate_key(2048)
    tokens.earlier_key().write_bytes(key.as_pem(private=True))
    app.extensions["token_keys"] = KeyRing()
    token = issued()
    assert jwt.decode(token, key, algorithms=["RS256"]).claims["role"] == "ee"
    assert not tokens.earlier_key().exists()
    assert "PRIVATE" not in session.scalars(select(SigningKey.private_sealed)).one()


def test_only_an_administrator_with_a_fresh_proof_changes_keys(keys, make_officer):
    with pytest.raises(NotPermitted):
        commands.rotate_token_keys(_as_actor(make_officer("ce")))
    with pytest.raises(NotProven):
        commands.rotate_token_keys(Actor(make_officer("admin").id, "admin"))
