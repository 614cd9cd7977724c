"""Signing in: one answer for every wrong pair, a fresh session, nowhere else to be sent."""

import base64
import hmac
import json
import time

import pytest
from joserfc import jwt
from sqlalchemy import select

from portal.accounts import commands, queries
from portal.accounts.models import Officer
from portal.core.audit import AuditRecord
from portal.core.cards import drop
from portal.core.db import transaction
from portal.core.errors import Invalid
from portal.core.tokens import AUDIENCE, ISSUER
from tests.conftest import PASSWORD


@pytest.fixture
def visitor(app, session, redis):
    return app.test_client()


def sign_in(visitor, officer, password=PASSWORD, target=""):
    return visitor.post(f"/sign-in{target}", data={"username": officer.username, "password": password})


def test_the_right_password_opens_the_portal_and_is_recorded(visitor, session, make_officer, recorded):
    officer = make_officer("ee")
    answer = sign_in(visitor, officer)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert recorded() == ["hmda.accounts.officer.signed_in"]
    assert session.scalars(select(AuditRecord)).one().actor_name == officer.name
    assert visitor.get("/").headers["Location"] == "/projects/"


def test_a_wrong_name_and_a_wrong_password_are_told_the_same(visitor, make_officer):
    officer = make_officer("ee")
    wrong = sign_in(visitor, officer, "not the password")
    unknown = visitor.post("/sign-in", data={"username": "nobody-here", "password": "not the password"})
    assert wrong.status_code == unknown.status_code == 422
    assert "do not belong together" in wrong.text
    assert wrong.text.replace(officer.username, "nobody-here") == unknown.text


def test_a_disabled_officer_stays_outside_and_an_open_session_ends(visitor, session, make_officer):
    officer = make_officer("ee")
    sign_in(visitor, officer)
    with transaction():
        officer.active = False
    drop(officer.id)
    assert visitor.get("/").headers["Location"].startswith("/sign-in")
    assert sign_in(visitor, officer).status_code == 422


def test_the_session_id_changes_when_somebody_signs_in(visitor, make_officer):
    visitor.get("/sign-in")
    before = visitor.get_cookie("portal")
    sign_in(visitor, make_officer("ee"))
    after = visitor.get_cookie("portal")
    assert after
    assert before is None or before.value != after.value
    assert after.http_only
    assert after.same_site == "Lax"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(visitor, make_officer, target):
    assert sign_in(visitor, make_officer("ee"), target=f"?next={target}").headers["Location"] == "/"


def test_the_page_asked_for_is_opened_after_signing_in(visitor, make_officer):
    asked = visitor.get("/projects/?q=lake")
    assert asked.headers["Location"] == "/sign-in?next=/projects/?q%3Dlake"
    assert sign_in(visitor, make_officer("ee"), target="?next=/projects/?q%3Dlake").headers["Location"] == (
        "/projects/?q=lake"
    )


def test_signing_out_ends_the_session_on_the_server(visitor, make_officer, redis):
    sign_in(visitor, make_officer("ee"))
    kept = visitor.get_cookie("portal").value
    visitor.post("/sign-out")
    assert not redis.get(f"session:{kept}") or b"_user_id" not in redis.get(f"session:{kept}")
    assert visitor.get("/").headers["Location"].startswith("/sign-in")


def test_forms_without_their_token_are_refused(app, visitor, make_officer):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = sign_in(visitor, make_officer("ee"))
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 400
    assert "nothing was saved" in answer.text


def test_every_answer_carries_the_safe_headers(visitor):
    headers = visitor.get("/sign-in").headers
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_refusals_are_pages_for_people_and_problems_for_machines(visitor, signed_in, api):
    assert signed_in("ee").get("/no/such/page").status_code == 404
    answer = api("ee").get("/api/v1/no-such-thing")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    stranger = visitor.get("/api/v1/accounts")
    assert (stranger.status_code, stranger.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_token_is_given_for_a_password_and_opens_the_api(visitor, make_officer):
    officer = make_officer("admin")
    given = visitor.post("/api/v1/auth/token", json={"username": officer.username, "password": PASSWORD})
    assert (given.status_code, given.json["expires_in"]) == (200, 900)
    with_token = {"Authorization": f"Bearer {given.json['access_token']}"}
    assert visitor.get("/api/v1/accounts", headers=with_token).status_code == 200
    assert visitor.post("/api/v1/auth/token", json={"username": officer.username, "password": "x"}).status_code == 401
    assert visitor.post("/api/v1/auth/token", json={"username": officer.username}).status_code == 422


def encoded(part):
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def forged(change, claims, key):
    """A token as an attacker would make it."""
    if change in ("none", "hs256"):
        body = f"{encoded({'alg': 'HS256' if change == 'hs256' else 'none'})}.{encoded(claims)}"
        signature = hmac.new(key.as_pem(private=False), body.encode(), "sha256").digest() if change == "hs256" else b""
        return f"{body}.{encoded(signature)}"
    changed = {"expired": {"exp": claims["iat"] - 120}, "audience": {"aud": "another"}}.get(change, {})
    token = jwt.encode({"alg": "RS256"}, claims | changed, key)
    return token[:-8] + "AAAAAAAA" if change == "tampered" else token


@pytest.mark.parametrize("change", ["none", "hs256", "expired", "audience", "tampered"])
def test_a_token_that_is_not_ours_is_refused(app, visitor, make_officer, change):
    moment = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(make_officer("ee").id)}
    claims |= {"exp": moment + 900, "nbf": moment, "iat": moment}
    token = forged(change, claims, app.extensions["token_key"])
    assert visitor.get("/api/v1/projects", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_an_account_is_made_by_the_administrator_only(session, actor):
    values = {"username": "new.ee", "name": "A. New", "role": "ee", "password": PASSWORD}
    commands.add_officer(actor("admin"), values)
    with pytest.raises(Invalid, match="taken"):
        commands.add_officer(actor("admin"), values)
    with pytest.raises(Invalid, match="role"):
        commands.add_officer(actor("admin"), values | {"username": "x", "role": "king"})
    (officers, _cursor) = queries.list_officers(actor("admin"))
    assert [officer.username for officer in officers] == ["new.ee"]
    assert session.scalars(select(Officer)).one().password_hash.startswith("$argon2id$")


def test_the_language_is_kept_for_the_session(visitor):
    assert visitor.post("/language", data={"language": "te", "next": "/sign-in"}).headers["Location"] == "/sign-in"
    assert 'lang="te"' in visitor.get("/sign-in").text
