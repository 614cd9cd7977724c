"""Signing out at the portal leads to the provider, and what the provider ends is ended here: exactly that, at once."""

import re
import time

import pytest
from sqlalchemy import select

from portal.accounts.models import OfficerSession
from portal.accounts.queries.tokens import _token_of
from portal.core.audit import AuditRecord
from portal.core.cards import card_of, topic_of
from portal.core.oidc import tokens
from tests.oidc.conftest import asked
from tests.oidc.test_sign_in import found, open_sessions

BACK, FRONT = "/sign-out/back", "/sign-out/front"
AWAY = "signed out by the organisation"


def last(session):
    record = session.scalars(select(AuditRecord).order_by(AuditRecord.position.desc()).limit(1)).one()
    return record.act, record.outcome, record.why


def is_in(someone):
    return someone.portal.get("/projects/").status_code == 200


def number_of(session, sub):
    """The provider's number of the one session this officer has open."""
    (begun,) = open_sessions(session, found(session, sub))
    return begun.provider_session


def leave(someone):
    """Sign out at the portal, as a browser walks; returns where it is sent to at the provider."""
    assert someone.portal.post("/sign-out").headers["Location"] == "/signed-out"
    shown = someone.portal.get("/signed-out")
    assert shown.headers["Refresh"] == "1;url=/sign-out/organisation"
    assert "signed out of the organisation" in shown.text
    return someone.portal.get("/sign-out/organisation").headers["Location"]


@pytest.fixture
def tell_back(app, portal):
    """What the provider tells at the back channel; a machine without any cookie."""
    return lambda token: app.test_client().post(BACK, data={"logout_token": token})


# From the portal (RP-Initiated Logout 1.0)


def test_signing_out_here_signs_out_there(officer, session):
    asha = officer("asha", "ee")
    asha.sign_in()
    url = leave(asha)
    assert open_sessions(session, found(session, "asha")) == []
    sent = asked(url)
    assert (sent["client_id"], sent["post_logout_redirect_uri"]) == ("portal", "http://localhost/sign-in")
    assert sent["id_token_hint"].count(".") == 2
    assert asha.sign_out_there(url) == "http://localhost/sign-in"
    assert "/interaction/" in asha.provider.get(asha.ask(), timeout=5).url, "the provider asks who it is again"


def test_the_identity_token_is_kept_sealed_and_used_once(officer, session):
    asha = officer("asha", "ee")
    asha.sign_in()
    (begun,) = open_sessions(session, found(session, "asha"))
    hint = asked(leave(asha))["id_token_hint"]
    assert hint not in begun.id_token
    assert asha.portal.get("/sign-out/organisation").status_code == 200
    assert asha.portal.get("/signed-out").headers.get("Refresh") is None


def test_who_signed_in_with_a_password_is_not_led_to_the_provider(portal, signed_in):
    assert signed_in("ee").post("/sign-out").headers["Location"] == "/sign-in"


def test_while_the_provider_is_away_one_is_signed_out_here_and_told_the_rest(officer, portal, session, monkeypatch):
    asha = officer("asha", "ee")
    asha.sign_in()
    provider = portal.extensions["oidc"]
    monkeypatch.setattr(provider, "_kept", {})
    monkeypatch.setattr(provider, "_away_until", time.monotonic() + 60)
    asha.portal.post("/sign-out")
    told = asha.portal.get("/sign-out/organisation")
    assert (told.status_code, "may still be signed in there" in told.text) == (200, True)
    assert open_sessions(session, found(session, "asha")) == []


# From the provider, told by itself (Back-Channel Logout 1.0)


def test_signing_out_there_ends_the_session_here(officer, session, ear, tell_back, recorded):
    asha, ravi = officer("asha", "ee"), officer("ravi", "ee")
    asha.sign_in()
    ravi.sign_in()
    asha.sign_out_there(asha.ask_to_leave())
    (told,) = [asked("?" + form)["logout_token"] for form in ear[1]]
    assert is_in(asha)
    assert tell_back(told).status_code == 200
    assert recorded()[-1] == "hmda.accounts.sessions.ended"
    assert last(session)[:2] == ("accounts.secure", "done")
    assert (is_in(asha), is_in(ravi)) == (False, True)


def test_of_two_browsers_the_one_that_left_is_ended(officer, session, logout_token, tell_back):
    here, there = officer("asha", "ee"), officer("asha", "ee")
    here.sign_in()
    mine = number_of(session, "asha")
    there.sign_in()
    assert tell_back(logout_token(sid=mine)).status_code == 200
    assert (is_in(here), is_in(there)) == (False, True)


def test_a_token_that_names_a_person_ends_all_they_have_by_the_provider(
    officer, session, logout_token, tell_back, signed_in
):
    here, there, other = officer("asha", "ee"), officer("asha", "ee"), officer("ravi", "ee")
    for one in (here, there, other):
        one.sign_in()
    by_password = signed_in("ee", found(session, "asha"))
    assert tell_back(logout_token(sub="asha")).status_code == 200
    assert [is_in(one) for one in (here, there, other)] == [False, False, True]
    assert by_password.get("/projects/").status_code == 200
    ended = session.scalars(select(OfficerSession.ended_why).where(OfficerSession.ended_at.is_not(None))).all()
    assert ended == [AWAY] * 2


def test_number_and_person_must_both_fit(officer, session, logout_token, tell_back):
    asha, ravi = officer("asha", "ee"), officer("ravi", "ee")
    asha.sign_in()
    ravi.sign_in()
    mine = number_of(session, "asha")
    assert tell_back(logout_token(sid=mine, sub="ravi")).status_code == 200
    assert (is_in(asha), is_in(ravi)) == (True, True)


def test_tokens_and_streams_of_an_ended_session_end_with_it(officer, session, redis, app, logout_token, tell_back):
    asha = officer("asha", "ee")
    asha.sign_in()
    who, (begun,) = found(session, "asha"), open_sessions(session, found(session, "asha"))
    bearer = {"Authorization": f"Bearer {_token_of(who.id, begun.id.hex)}"}
    assert app.test_client().get("/api/v1/projects", headers=bearer).status_code == 200
    heard = redis.pubsub(ignore_subscribe_messages=True)
    heard.subscribe(f"live:{topic_of(who.id)}")
    assert heard.get_message(timeout=1) is None
    tell_back(logout_token(sub="asha"))
    assert app.test_client().get("/api/v1/projects", headers=bearer).status_code == 401
    assert heard.get_message(timeout=1), "open streams are told to look again"
    assert begun.id.hex not in card_of(who.id).sessions
    heard.close()


def test_a_session_that_waits_for_its_second_factor_is_ended_too(
    officer, session, logout_token, tell_back, make_officer
):
    make_officer("admin")
    asha = officer("asha", "admin")
    asha.sign_in()
    assert len(open_sessions(session, found(session, "asha"))) == 1
    tell_back(logout_token(sub="asha"))
    assert open_sessions(session, found(session, "asha")) == []


def test_a_logout_token_works_once(officer, session, logout_token, tell_back):
    asha = officer("asha", "ee")
    asha.sign_in()
    told = logout_token(sub="asha")
    assert tell_back(told).status_code == 200
    asha.sign_in()
    again = tell_back(told)
    assert (again.status_code, again.json) == (400, {"error": "invalid_request"})
    assert again.headers["Cache-Control"] == "no-store"
    assert is_in(asha)
    assert last(session) == ("accounts.token", "tampering", "logout token: told twice")


NOT_SOUND = {
    "another issuer": {"iss": "http://127.0.0.1:1"},
    "no issuer": {"iss": None},
    "another portal": {"aud": "another"},
    "no audience": {"aud": None},
    "no moment": {"iat": None},
    "tomorrow": {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
    "over": {"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600},
    "over, without saying so": {"iat": int(time.time()) - 7200, "exp": None},
    "no number of its own": {"jti": None},
    "an odd number of its own": {"jti": 7},
    "with a nonce: an identity token": {"nonce": "n"},
    "no event": {"events": None},
    "another event": {"events": {"http://example.org/another": {}}},
    "an event that says nothing": {"events": {"http://schemas.openid.net/event/backchannel-logout": None}},
    "nobody": {"sub": None},
    "an odd person": {"sub": ["asha"]},
}


@pytest.mark.parametrize("changed", NOT_SOUND.values(), ids=NOT_SOUND)
def test_a_logout_token_that_is_not_sound_ends_nothing(officer, session, logout_token, tell_back, changed):
    asha = officer("asha", "ee")
    asha.sign_in()
    assert tell_back(logout_token(**{"sub": "asha"} | changed)).status_code == 400
    assert is_in(asha)
    assert last(session)[:2] == ("accounts.token", "tampering")


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "ey.ey."])
def test_what_is_no_token_ends_nothing(tell_back, session, text):
    assert tell_back(text).status_code == 400
    assert last(session)[:2] == ("accounts.token", "tampering")


def test_a_logout_token_must_be_signed_by_the_provider(officer, logout_token, tell_back):
    asha = officer("asha", "ee")
    asha.sign_in()
    head, body, signature = logout_token(sub="asha").split(".")
    unsigned = re.sub(r"\s", "", "eyJhbGciOiJub25lIn0")  # {"alg":"none"}
    other = logout_token(sub="mani").split(".")[2]
    for forged in (f"{unsigned}.{body}.", f"{head}.{body}.{other}", f"{head}.{body}."):
        assert tell_back(forged).status_code == 400
    assert tell_back(logout_token({"kid": "another"}, sub="asha")).status_code == 400
    assert is_in(asha)
    assert tell_back(f"{head}.{body}.{signature}").status_code == 200


@pytest.mark.parametrize(("late_s", "status"), [(150, 200), (200, 400)])
def test_a_minute_of_difference_between_the_clocks_is_tolerated(
    officer, session, logout_token, tell_back, monkeypatch, late_s, status
):
    told = logout_token(sub="asha")
    officer("asha", "ee").sign_in()
    monkeypatch.setattr(tokens, "clock", lambda: time.time() + late_s)
    assert tell_back(told).status_code == status


def test_keys_that_were_rotated_since_are_asked_for(officer, tell, logout_token, tell_back):
    asha = officer("asha", "ee")
    asha.sign_in()
    tell("keys")
    assert tell_back(logout_token(sub="asha")).status_code == 200
    assert not is_in(asha)


def test_a_provider_that_cannot_be_asked_for_its_keys_is_told_to_come_again(
    officer, portal, logout_token, tell_back, monkeypatch
):
    told = logout_token(sub="asha")
    monkeypatch.setattr(portal.extensions["oidc"], "_away_until", time.monotonic() + 60)
    answer = tell_back(told)
    assert (answer.status_code, answer.json) == (503, {"error": "temporarily_unavailable"})


# From the provider's page, in a frame (Front-Channel Logout 1.0)


def test_the_providers_page_ends_a_session_in_a_frame(officer, app, session, issuer):
    here, there = officer("asha", "ee"), officer("asha", "ee")
    here.sign_in()
    mine = number_of(session, "asha")
    there.sign_in()
    answer = app.test_client().get(FRONT, query_string={"iss": issuer, "sid": mine})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert f"frame-ancestors {issuer}" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert (is_in(here), is_in(there)) == (False, True)


@pytest.mark.parametrize("said", [{"iss": "http://evil.example"}, {"sid": "another"}, {"sid": ""}, {"iss": ""}])
def test_a_frame_that_names_another_provider_or_session_ends_nothing(officer, app, session, issuer, said):
    asha = officer("asha", "ee")
    asha.sign_in()
    sound = {"iss": issuer, "sid": number_of(session, "asha")}
    assert app.test_client().get(FRONT, query_string=sound | said).status_code == 200
    assert is_in(asha)


def test_no_other_page_may_be_shown_in_a_frame(portal):
    assert "frame-ancestors 'none'" in portal.test_client().get("/sign-in").headers["Content-Security-Policy"]


def test_a_portal_without_a_provider_is_told_nothing(app, session, redis):
    assert app.extensions["oidc"] is None
    client = app.test_client()
    assert client.post(BACK, data={"logout_token": "x"}).status_code == 400
    assert client.get(FRONT, query_string={"iss": "x", "sid": "y"}).status_code == 400
