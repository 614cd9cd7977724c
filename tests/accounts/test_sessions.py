"""Where one is signed in: shown in words, ended from afar, gone with the next request."""

import datetime as dt
import re

import pytest
from sqlalchemy import select

from portal.accounts.models import OfficerSession
from portal.core.db import now, transaction
from tests.conftest import PASSWORD

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
SIGN_IN = {"username": "", "password": PASSWORD}


@pytest.fixture
def officer(make_officer, redis):
    return make_officer("ee")


@pytest.fixture
def browser(app, officer, session):
    """browser(agent) is another browser in which the officer signs in by the page."""

    def make(agent=FIREFOX, address="10.20.30.40"):
        client = app.test_client()
        client.environ_base |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address}
        answer = client.post("/sign-in", data=SIGN_IN | {"username": officer.username})
        assert answer.status_code == 303, answer.text
        return client

    return make


def rows(session):
    session.expire_all()
    return session.scalars(select(OfficerSession).order_by(OfficerSession.started_at)).all()


def test_the_page_says_with_what_from_where_and_since_when(browser):
    here = browser()
    browser("curl/8.5.0", "10.20.30.41")
    page = here.get("/account/sessions").text
    for words in ("Firefox 128 on Windows 10", "this one", "10.20.30.41", "curl", "password", "today"):
        assert words in page
    assert page.count("this one") == 1
    assert len(re.findall(r"/account/sessions/[0-9a-f-]{36}/end", page)) == 1  # not the one at hand


def test_a_session_ended_from_afar_is_refused_with_its_next_request(browser, session):
    here, there = browser(), browser("curl/8.5.0")
    other = rows(session)[1]
    assert there.get("/account/sessions").status_code == 200
    assert here.post(f"/account/sessions/{other.id}/end").status_code == 303
    assert there.get("/account/sessions").headers["Location"].startswith("/sign-in")
    assert here.get("/account/sessions").status_code == 200
    assert other.ended_why == "ended by the officer"


def test_everything_but_the_one_at_hand_ends_at_once(browser, session, client, officer):
    here, one, two = browser(), browser(), browser()
    token = client.post("/api/v1/auth/token", json=SIGN_IN | {"username": officer.username}).json["access_token"]
    answer = here.post("/account/sessions/end-others", follow_redirects=True)
    assert "Sessions that were ended: 3." in answer.text
    assert [bool(row.ended_at) for row in rows(session)] == [False, True, True, True]
    for gone in (one, two):
        assert gone.get("/account").status_code in (302, 303)
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/projects", headers=bearer).status_code == 401
    assert "Sign out everywhere else" not in here.get("/account/sessions").text


@pytest.fixture
def client(app, session, redis):
    return app.test_client()


def test_a_session_of_another_officer_is_not_there(browser, session, make_officer, signed_in):
    browser()
    mine = rows(session)[0]
    stranger = signed_in("ce")
    assert stranger.post(f"/account/sessions/{mine.id}/end").status_code == 404
    assert rows(session)[0].ended_at is None


def test_what_has_ended_or_run_out_is_not_listed(browser, session):
    here = browser("Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0")
    browser()
    with transaction():
        rows(session)[1].expires_at = now() - dt.timedelta(seconds=1)
    page = here.get("/account/sessions").text
    assert "Firefox" not in page
    assert "You are signed in here and nowhere else." in page


def test_over_the_api_one_sees_and_ends_ones_own(app, client, officer, browser, session):
    browser()
    token = client.post("/api/v1/auth/token", json=SIGN_IN | {"username": officer.username}).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    listed = client.get("/api/v1/accounts/sessions", headers=bearer).json["_embedded"]["items"]
    assert {one["kind"]: one["here"] for one in listed} == {"Browser": False, "Program": True}
    (web,) = [one for one in listed if one["kind"] == "Browser"]
    assert client.delete(f"/api/v1/accounts/sessions/{web['id']}", headers=bearer).status_code == 204
    assert client.delete("/api/v1/accounts/sessions", headers=bearer).json["ended"] == 0
    assert client.get("/api/v1/accounts/sessions", headers=bearer).status_code == 200


def test_a_region_of_the_page_is_told_of_every_change(browser):
    page = browser().get("/account/sessions").text
    assert 'hx-trigger="officer:' in page
    part = browser().get("/account/sessions", headers={"HX-Request": "true", "HX-Target": "div#sessions"}).text
    assert "<html" not in part
    assert "Firefox 128" in part
