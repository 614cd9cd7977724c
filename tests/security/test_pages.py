"""The watch from outside: pages, API, and what its acts do to the browser of another."""

import re

import pytest

from portal.accounts.models import Officer
from portal.core.db import now
from portal.security.models import Incident
from tests.conftest import PASSWORD


@pytest.fixture
def desk(signed_in, redis):
    """A browser in which the administrator is signed in."""
    return signed_in("admin")


@pytest.fixture
def incident(make_officer, trail, watch, incidents):
    """An incident about an engineer whose token was used twice."""
    officer = make_officer("ee", name="S. Rao", username="s.rao")
    trail(officer, [now()], "accounts.token", "tampering", why="refresh token used twice", address="203.0.113.9")
    watch()
    return incidents()[0]


def place(incident, act=""):
    return f"/security/incidents/{incident.id}{act}"


def test_thirty_wrong_passwords_at_the_door_are_an_incident_on_the_page(app, redis, desk, make_officer, watch):
    make_officer("ee", username="s.rao", name="S. Rao")
    stranger = app.test_client()
    for _try in range(30):
        for key in redis.scan_iter("tries:*"):
            redis.delete(key)  # a patient guesser, who waits the delay out
        stranger.post("/sign-in", data={"username": "s.rao", "password": "wrong"})
    watch()
    page = desk.get("/security/").text
    for said in ("30 failed sign-ins of “s.rao” in 10 minutes", "One incident waits for an owner", "S. Rao", "Medium"):
        assert said in page, said
    shown = desk.get("/security/records?kind=failed").text
    assert shown.count('<th scope="row"><time') == 30


def test_reusing_a_refresh_token_is_an_alert_with_its_suggestion(app, session, desk, make_officer, watch):
    officer = make_officer("ee", name="S. Rao")
    caller = app.test_client()
    first = caller.post("/api/v1/auth/token", json={"username": officer.username, "password": PASSWORD})
    assert first.status_code == 200, first.text
    cookie = first.headers["Set-Cookie"].split(";")[0]
    refresh = "/api/v1/auth/refresh"
    assert caller.post(refresh, headers={"Cookie": cookie}).status_code == 200
    thief = app.test_client(use_cookies=False)
    assert thief.post(refresh, headers={"Cookie": cookie, "User-Agent": "curl"}).status_code == 401
    assert [one.rule for one in watch()] == ["tampering"]
    page = desk.get(place(session.query(Incident).one())).text
    for said in ("A token was forged or used again", "refresh token used twice", "Suggested: End all sessions."):
        assert said in page, said


def test_from_the_incident_a_session_ends_and_the_browser_of_the_officer_is_out(
    incident, desk, signed_in, make_officer, session
):
    officer = session.query(Officer).filter_by(username="s.rao").one()
    browser = signed_in("ee", officer)
    assert browser.get("/projects/").status_code == 200
    asked = desk.get(place(incident)).text
    assert "S. Rao is signed out everywhere at once" in asked
    done = desk.post(place(incident, "/do/end_sessions"), follow_redirects=True)
    assert "Done: End all sessions." in done.text
    assert browser.get("/projects/").status_code == 302
    assert desk.post(place(incident, "/do/dance")).status_code == 404


def test_one_session_or_all_of_a_person_end_from_the_list(desk, signed_in, make_officer, session):
    officer = make_officer("ee", name="S. Rao")
    one, two = signed_in("ee", officer), signed_in("ee", officer)
    page = desk.get("/security/sessions?who=s.+rao").text
    assert page.count("S. Rao is signed out everywhere at once") == 2
    assert "2 sessions are open" in page
    ending = re.search(r'action="(/security/sessions/[^"]+/end)"', page)[1]
    desk.post(ending)
    assert sorted([one.get("/projects/").status_code, two.get("/projects/").status_code]) == [200, 302]
    desk.post(f"/security/officers/{officer.id}/end-sessions")
    assert {one.get("/projects/").status_code, two.get("/projects/").status_code} == {302}


def test_an_incident_is_taken_noted_in_closed_and_opened_again_on_its_page(incident, desk):
    assert desk.post(place(incident, "/take")).status_code == 303
    assert "You handle it" in desk.get(place(incident)).text
    assert "This field is required" in desk.post(place(incident, "/notes"), data={"text": ""}).text
    desk.post(place(incident, "/notes"), data={"text": "Telephone lost"})
    version = re.search(r'name="version" value="(\d+)"', desk.get(place(incident, "/close")).text)[1]
    closing = {"version": version, "reason": "", "words": ""}
    assert desk.post(place(incident, "/close"), data=closing).status_code == 422
    stale = closing | {"version": "0", "reason": "harmless", "words": "Known"}
    assert desk.post(place(incident, "/close"), data=stale).status_code == 409
    assert desk.post(place(incident, "/close"), data=stale | {"version": version}).status_code == 303
    page = desk.get(place(incident)).text
    for said in ("as harmless: Known", "Telephone lost", "Open again"):
        assert said in page, said
    version = re.search(r'name="version" value="(\d+)"', desk.get(place(incident, "/reopen")).text)[1]
    assert desk.post(place(incident, "/reopen"), data={"version": version, "why": "Not known"}).status_code == 303
    assert "in progress" in desk.get("/security/incidents?state=progress&mine=1").text
    assert desk.get(place(incident, "/assign")).status_code == 200


def test_whom_it_is_about_sees_no_button(make_officer, signed_in, trail, watch, incidents):
    browser = signed_in("admin")
    trail(browser.officer, [now()], "accounts.token", "tampering", why="header")
    watch()
    (incident,) = incidents()
    page = browser.get(place(incident)).text
    assert "This incident is about you" in page
    assert "Close incident" not in page
    assert browser.post(place(incident, "/take")).status_code == 403


def test_the_administrator_sees_acts_and_no_engineering_record(desk, make_project, make_officer, trail, watch):
    officer, project = make_officer("to", name="P. Das"), make_project(name="Secret lake bund")
    trail(officer, [now()] * 6, "projects.write", "refused", why="right", subjects=[str(project.id)])
    watch()
    for address in ("/security/", "/security/records?kind=refused", "/security/alerts", "/api/v1/security/records"):
        page = desk.get(address).text
        assert "Secret lake bund" not in page
        assert str(project.id) not in page
    assert "projects.write" in desk.get("/security/records?kind=refused").text
    assert "/audit-trail/" not in desk.get("/security/records?kind=refused").text


@pytest.mark.parametrize("role", ["dce", "ee", "ae", "to", "qr", "fa", "ec"])
def test_nobody_else_opens_the_watch(role, signed_in, redis):
    browser = signed_in(role)
    assert {browser.get(f"/security/{place}").status_code for place in ("", "sessions", "rules", "alerts")} == {403}


def test_a_rule_is_set_from_today_with_the_reason(desk, signed_in):
    assert "Impossible speed" in desk.get("/security/rules").text
    asked = desk.get("/security/rules/speed.kmh").text
    starts = re.search(r'name="starts"[^>]*value="([\d-]+)"', asked)[1]
    wrong = desk.post("/security/rules/speed.kmh", data={"value": "fast", "starts": starts, "why": "x"})
    assert (wrong.status_code, "Enter a whole number from 100 to 5000." in wrong.text) == (422, True)
    right = {"value": "1,200", "starts": starts, "why": "Officers fly"}
    assert desk.post("/security/rules/speed.kmh", data=right).status_code == 303
    assert "Officers fly" in signed_in("ce").get("/security/rules").text
    assert desk.get("/security/rules/nothing.here").status_code == 404


def test_lists_are_paged_without_gap_and_odd_addresses_are_answered(desk, trail, make_officer, watch):
    officer = make_officer("ee", name="S. Rao")
    trail(officer, [now()] * 60, "accounts.token", "renewed")
    first = desk.get("/security/records?kind=renewed").text
    after = re.search(r'rel="next" href="[^"]*after=([^"&]+)', first)[1]
    second = desk.get(f"/security/records?kind=renewed&after={after}").text
    assert (first.count("<tr>"), second.count("<tr>")) == (51, 11)
    for address in ("records?kind=%F0%9F%98%80&who=%25&address=x", "records?after=zzz", "alerts?state=what&after=1"):
        assert desk.get(f"/security/{address}").status_code in (200, 422)


def test_the_same_over_the_api(incident, api, session):
    clerk = api("admin")
    base = "/api/v1/security"
    (alert,) = clerk.get(f"{base}/alerts?state=open").json["_embedded"]["items"]
    assert alert["says"].startswith("A token was forged or used again, from 203.0.113.9")
    (behind,) = clerk.get(alert["_links"]["records"]["href"]).json["_embedded"]["items"]
    assert (behind["act"], "changes" in behind) == ("accounts.token", False)
    one = clerk.get(alert["_links"]["incident"]["href"])
    assert clerk.post(f"{one.json['_links']['self']['href']}/take", json={}).status_code == 428
    href, tag = one.json["_links"]["self"]["href"], {"If-Match": one.headers["ETag"]}
    taken = clerk.post(f"{href}/take", json={}, headers=tag)
    assert (taken.status_code, taken.json["state"]) == (200, "progress")
    assert clerk.post(f"{href}/take", json={}, headers=tag).status_code == 412
    noted = clerk.post(f"{href}/notes", json={"text": "By programme"})
    assert (noted.status_code, noted.json["text"]) == (201, "By programme")
    tag = {"If-Match": taken.headers["ETag"]}
    closed = clerk.post(f"{href}/close", json={"reason": "other", "words": "Tried"}, headers=tag)
    assert (closed.status_code, closed.json["state"]) == (200, "closed")
    assert len(clerk.get(f"{href}/events").json["_embedded"]["items"]) == 5
    for address in ("today", "sessions", "rules", "rules/speed.kmh", "incidents", "records?kind=tampering"):
        assert clerk.get(f"{base}/{address}").status_code == 200, address
    assert api("ee").get(f"{base}/alerts").status_code == 403
