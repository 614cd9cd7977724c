"""Links that work once: the administrator passes one on, the officer chooses a password, nobody else learns it."""

import datetime as dt
import html
import re
import threading

import pytest
from sqlalchemy import select, text

from portal.accounts import commands
from portal.accounts.commands.inviting import LIFE, _hash, _take_up
from portal.accounts.models import Factor, Invitation, Officer
from portal.accounts.queries.officers import _as_actor, _by_username
from portal.core.audit import AuditRecord
from portal.core.db import db, now, transaction
from portal.core.errors import RuleBroken
from portal.core.events import StoredEvent
from tests.accounts.test_factors import required
from tests.conftest import PASSWORD
from tests.core.test_limits import limited

__all__ = ["limited", "required"]
NEW = {"username": "s.rao", "name": "S. Rao", "role": "ee"}
CHOSEN = "violin harbour seventeen clouds"
CHOICE = {"password": CHOSEN, "repeated": CHOSEN}


@pytest.fixture
def desk(signed_in, redis):
    """A browser in which an administrator is signed in."""
    return signed_in("admin")


@pytest.fixture
def guest(app, session):
    """A browser in which nobody is signed in."""
    return app.test_client()


def link_in(answer):
    """The path of the link that a page shows."""
    assert answer.status_code == 200, answer.text
    return re.search(r'value="http://[^/"]+(/invitation/[^"]+)"', html.unescape(answer.text))[1]


def test_from_invitation_to_the_first_page(desk, guest, session, recorded):
    link = link_in(desk.post("/officers/new", data=NEW))
    officer = _by_username("s.rao")
    assert (officer.state, officer.password_hash, officer.role) == ("invited", "", "ee")
    page = guest.get(link)
    assert page.status_code == 200
    assert "Your user name is s.rao" in page.text
    entered = guest.post(link, data=CHOICE)
    assert (entered.status_code, entered.headers["Location"]) == (303, "/")
    assert guest.get("/projects/").status_code == 200
    assert officer.state == "active"
    assert [topic.removeprefix("hmda.accounts.") for topic in recorded()] == [
        "officer.added",
        "link.given",
        "link.taken_up",
        "officer.signed_in",
    ]
    guest.post("/sign-out")
    again = guest.post("/sign-in", data={"username": "s.rao", "password": CHOSEN})
    assert again.status_code == 303


def test_the_secret_of_a_link_is_kept_nowhere(desk, session):
    secret = link_in(desk.post("/officers/new", data=NEW)).rpartition("/")[2]
    assert len(secret) >= 43
    for model in (Invitation, AuditRecord, StoredEvent):
        for row in session.scalars(select(model)):
            assert secret not in str([getattr(row, column.key) for column in row.__table__.columns])


@pytest.mark.parametrize("how", ["unknown", "used", "run out", "replaced", "withdrawn", "disabled", "locked"])
def test_a_link_that_does_not_work_is_answered_always_the_same(desk, guest, session, how):
    link = link_in(desk.post("/officers/new", data=NEW))
    officer = _by_username("s.rao")
    wanted = guest.get("/invitation/never-given-out")
    spoil(how, desk, guest, officer, link, session)
    for answer in (guest.get(link), guest.post(link, data=CHOICE)):
        assert answer.status_code == wanted.status_code == 404
        assert answer.text.replace(link, "") == wanted.text.replace("/invitation/never-given-out", "")
    assert "ask the portal administrator for a new link" in wanted.text


def spoil(how, desk, guest, officer, link, session):
    """Make a link one that does not work."""
    with transaction():
        if how == "unknown":
            session.delete(session.scalars(select(Invitation)).one())
        elif how == "run out":
            session.scalars(select(Invitation)).one().expires_at = now()
        elif how == "disabled":
            officer.disable("Never came")
        elif how == "locked":
            officer.lock("Odd")
    if how == "used":
        guest.post(link, data=CHOICE)
        guest.post("/sign-out")
    elif how == "replaced":
        desk.post(f"/officers/{officer.id}/link")
    elif how == "withdrawn":
        desk.post(f"/officers/{officer.id}/link/withdraw")


@pytest.mark.parametrize(
    ("password", "repeated", "said"),
    [
        ("short", "short", "12 to 200 characters"),
        ("my name is rao s.rao", "my name is rao s.rao", "without your name or user name"),
        ("password1234", "password1234", "among the first to be guessed"),
        (CHOSEN, CHOSEN + "!", "The two are not the same"),
        ("", "", "This field is required"),
    ],
)
def test_a_password_that_will_not_do_leaves_the_link_as_it_is(desk, guest, password, repeated, said):
    link = link_in(desk.post("/officers/new", data=NEW))
    answer = guest.post(link, data={"password": password, "repeated": repeated})
    assert answer.status_code == 422
    assert said in answer.text
    assert guest.post(link, data=CHOICE).status_code == 303


def test_a_link_is_good_for_seven_days(desk, session):
    desk.post("/officers/new", data=NEW)
    left = session.scalars(select(Invitation)).one().expires_at - now()
    assert dt.timedelta(days=6, hours=23) < left <= LIFE == dt.timedelta(days=7)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("username", "S Rao", "Use a-z, 0-9"),
        ("username", " ", "This field is required"),
        ("name", "", "This field is required"),
        ("role", "", "Choose a role"),
        ("role", "king", "Not a valid choice"),
        ("email", "rao at home", "This is no e-mail address"),
    ],
)
def test_an_invitation_says_what_is_wrong_beside_the_field(desk, session, field, typed, said):
    answer = desk.post("/officers/new", data=NEW | {field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert _by_username("s.rao") is None


def test_a_user_name_is_taken_once_however_it_is_written(desk, make_officer):
    make_officer("ae", username="s.rao")
    answer = desk.post("/officers/new", data=NEW | {"username": " S.RAO "})
    assert answer.status_code == 422
    assert _by_username("s.rao").role == "ae"


def test_a_forgotten_password_is_reset_by_a_link_and_ends_every_session(desk, guest, signed_in):
    browser = signed_in("ee")
    officer = browser.officer
    assert "Reset the password of" in desk.get(f"/officers/{officer.id}/link").text
    link = link_in(desk.post(f"/officers/{officer.id}/link"))
    assert browser.get("/projects/").status_code == 200
    assert guest.post(link, data=CHOICE).status_code == 303
    assert browser.get("/projects/").headers["Location"].startswith("/sign-in")
    guest.post("/sign-out")
    for password, status in ((PASSWORD, 422), (CHOSEN, 303)):
        assert guest.post("/sign-in", data={"username": officer.username, "password": password}).status_code == status


def test_a_link_is_no_way_around_the_second_factor(desk, guest, make_officer, session, required):
    officer = make_officer("ee")
    with transaction():
        session.add(Factor(officer_id=officer.id, kind="totp", name="Phone", confirmed_at=now(), secret="x"))
    link = link_in(desk.post(f"/officers/{officer.id}/link"))
    assert guest.post(link, data=CHOICE).headers["Location"].endswith("/second")
    assert guest.get("/projects/").status_code == 302
    required("ae")
    link = link_in(desk.post("/officers/new", data=NEW | {"role": "ae"}))
    assert "/enrol" in guest.post(link, data=CHOICE).headers["Location"]
    assert guest.get("/projects/").status_code == 302


def test_nobody_gets_a_link_to_a_closed_account(desk, make_officer):
    officer = make_officer("ee", active=False)
    assert desk.post(f"/officers/{officer.id}/link").status_code == 409


def test_taking_an_invitation_back_removes_the_account_and_frees_the_name(desk, session, recorded):
    desk.post("/officers/new", data=NEW)
    officer = _by_username("s.rao")
    answer = desk.post(f"/officers/{officer.id}/link/withdraw")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/officers")
    assert _by_username("s.rao") is None
    assert recorded()[-1] == "hmda.accounts.invitation.removed"
    link_in(desk.post("/officers/new", data=NEW))


def test_taking_a_reset_link_back_leaves_the_account(desk, make_officer, session):
    officer = make_officer("ee")
    assert desk.post(f"/officers/{officer.id}/link/withdraw").status_code == 409
    desk.post(f"/officers/{officer.id}/link")
    assert desk.post(f"/officers/{officer.id}/link/withdraw").headers["Location"] == f"/officers/{officer.id}"
    assert session.scalars(select(Invitation)).all() == []
    assert officer.state == "active"


def test_an_account_that_records_name_is_not_removed(redis, make_officer, begin):
    admin, officer = _as_actor(make_officer("admin")), make_officer("ee", password_hash="")
    begin(officer, "web")
    with pytest.raises(RuleBroken, match="Records name"):
        commands.withdraw_link(admin, officer.id)
    assert db.session.get(Officer, officer.id) is officer


def test_links_are_tried_at_most_twenty_times_a_minute(limited):
    guest = limited(STRANGER_REQUESTS=100).test_client()
    tried = [guest.get(f"/invitation/guess-{number}").status_code for number in range(21)]
    assert tried == [404] * 20 + [429]


def test_a_link_opened_twice_at_once_is_used_once(app, redis):
    """Real transactions on real connections: the second waits for the officer, and finds the link used."""
    entered, start = [], threading.Barrier(3)
    with app.app_context():
        officer = Officer(username="twice", name="Twice", role="ee", password_hash="")
        with transaction():
            db.session.add(officer)
        with transaction():
            link = Invitation(officer_id=officer.id, purpose="invite", secret_hash=_hash("the-secret"))
            link.expires_at = now() + LIFE
            db.session.add(link)

    def use():
        with app.app_context():
            start.wait()
            entered.append(_take_up("the-secret", CHOSEN) is not None)
            db.session.remove()

    threads = [threading.Thread(target=use) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), db.engine.begin() as line:
        line.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("event", "outbox", "audit_record", "audit_day", "invitation", "officer"):
            line.execute(text(f"DELETE FROM {table}"))
    assert sorted(entered) == [False, False, True]


def test_the_api_invites_and_shows_the_link_once(api, guest, session, redis):
    caller = api("admin")
    made = caller.post("/api/v1/accounts", json=NEW, headers={"Idempotency-Key": "one-and-the-same"})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    link = made.json["link"]
    assert link["purpose"] == "invite"
    assert link["address"].rpartition("/")[2] not in caller.get(f"/api/v1/accounts/{made.json['id']}").text
    again = caller.post("/api/v1/accounts", json=NEW, headers={"Idempotency-Key": "one-and-the-same"})
    assert (again.status_code, again.json["errors"][0]["pointer"]) == (422, "#/username")
    fresh = caller.post(f"/api/v1/accounts/{made.json['id']}/link").json["link"]["address"]
    path = "/invitation/" + fresh.rpartition("/")[2]
    assert guest.post(path, data=CHOICE).status_code == 303
    assert caller.delete(f"/api/v1/accounts/{made.json['id']}/link").status_code == 409
