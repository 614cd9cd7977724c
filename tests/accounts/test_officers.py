"""The administrator's desk: officers are found, every act has its rule, one administrator stays whatever comes."""

import csv
import datetime as dt
import io
import re
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from portal.accounts import commands, queries
from portal.accounts.commands.officers import _lock_officer
from portal.accounts.models import Factor, Officer, OfficerSession
from portal.accounts.queries.officers import _as_actor
from portal.core.access import ROLES, SYSTEM
from portal.core.audit import AuditRecord
from portal.core.calendar import today
from portal.core.cards import card_of
from portal.core.db import db, now, transaction
from portal.core.errors import Invalid, NotPermitted, NotProven, RuleBroken, Stale
from portal.projects.commands import assign_consultant

WHY = {"why": "Transferred on 12-11-2026"}
PARTICULARS = {"name": "S. Rao", "email": "", "phone": "", "circles": "", "divisions": ""}


@pytest.fixture
def admin(make_officer, redis):
    """An administrator acting, freshly proven."""
    return _as_actor(make_officer("admin"))


@pytest.fixture
def desk(signed_in, redis):
    """A browser in which an administrator is signed in."""
    return signed_in("admin")


def place(officer, act=""):
    return f"/officers/{officer.id}{act}"


# The list


def test_the_list_finds_filters_and_counts(desk, make_officer):
    make_officer("ee", name="Sarada Devi", email="sarada@example.org")
    make_officer("ee", name="V. Kishore", active=False)
    make_officer("ae", name="Never Came", password_hash="")
    make_officer("none", name="From Elsewhere")
    make_officer("qr", name="Locked Out", locked_at=now())
    page = desk.get("/officers").text
    assert "6 accounts" in page
    for name in ("Sarada Devi", "V. Kishore", "Never Came", "From Elsewhere", "Locked Out"):
        assert name in page
    assert "One officer signed in by the organisation and waits for a role" in page
    assert re.search(r"disabled\D+1\b", page)
    only = desk.get("/officers?role=ee&state=active&state=disabled").text
    assert "Sarada Devi" in only
    assert "V. Kishore" in only
    assert "Never Came" not in only
    for asked, found in (("sarada@", "Sarada Devi"), ("locked out", "Locked Out"), ("kish v.", "V. Kishore")):
        assert found in desk.get("/officers", query_string={"q": asked}).text
    assert "Nobody fits" in desk.get("/officers?q=100%25_nobody").text


@pytest.mark.parametrize("sort", ["name", "-name", "username", "role", "-state", "last", "-last"])
def test_every_order_has_pages_that_hold_everybody_once(desk, make_officer, begin, sort):
    for number in range(28):
        officer = make_officer("ee", name=f"Officer {number % 3}")
        if number % 2:
            begin(officer, "web", started_at=now() - dt.timedelta(hours=number % 5))
    seen, address = [], f"/officers?size=25&sort={sort}"
    while address:
        page = desk.get(address).text
        seen += re.findall(r'<th scope="row"><a href="/officers/([^"]+)"', page)
        following = re.search(r'href="(/officers\?[^"]*after=[^"]*)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 29


def test_an_order_or_a_page_that_does_not_exist_is_no_crash(desk):
    assert desk.get("/officers?sort=password_hash&size=7&state=asleep&role=king").status_code == 200
    assert desk.get("/officers?after=garbage").status_code == 422


def test_the_export_holds_what_the_list_finds_and_no_formula(desk, make_officer):
    make_officer("ee", name="=HYPERLINK(1)", phone="+91 40 2345 6789", email="a@example.org", circles=["I", "II"])
    make_officer("ae", name="Somebody else")
    answer = desk.get("/officers/export.csv?role=ee")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="officers.csv"'
    assert rows[0] == ["User name", "Name", "E-mail", "Telephone", "Role", "Circles", "Divisions", "Active"]
    (row,) = rows[1:]
    assert row[1:] == ["'=HYPERLINK(1)", "a@example.org", "'+91 40 2345 6789", "EE", "I, II", "", "yes"]


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_nobody_else_reaches_the_desk(signed_in, api, make_officer, role, redis):
    officer, browser, caller = make_officer("ae"), signed_in(role), api(role)
    for address in ("/officers", "/officers/new", "/officers/bulk", "/officers/export.csv", place(officer)):
        assert browser.get(address).status_code == 403, address
    assert browser.post(place(officer, "/disable"), data=WHY).status_code == 403
    assert caller.get("/api/v1/accounts").status_code == 403
    assert officer.active


# The page of an officer


def test_the_page_shows_everything_the_administrator_needs(desk, make_officer, begin, make_project, session, actor):
    officer = make_officer("ec", name="K. Devi", email="devi@example.org", circles=["Nowhere"])
    project = make_project(circle="III", division="IV")
    spell = {"consultant": officer.username, "from_date": dt.date(2026, 1, 1), "to_date": None}
    assign_consultant(actor("ee"), project.id, spell)
    begin(officer, "web", device="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    with transaction():
        session.add(Factor(officer_id=officer.id, kind="totp", name="Office phone", confirmed_at=now()))
    page = desk.get(place(officer)).text
    for text_ in ("devi@example.org", project.code, "Firefox", "Office phone", "Reset second factor", "Nowhere"):
        assert text_ in page, text_
    assert "No project of the register lies in Nowhere" in page
    assert f"Stays assigned: {project.code}" in desk.get(place(officer, "/disable")).text


def test_a_page_of_nobody_is_not_found(desk, admin):
    for act in ("", "/edit", "/role", "/disable", "/enable", "/link"):
        assert desk.get(f"/officers/{SYSTEM.id}{act}").status_code == 404


# Particulars


def test_particulars_are_corrected_and_the_fact_names_fields_not_values(desk, make_officer, recorded, session):
    officer = make_officer("ee", name="S. Rao")
    data = {"name": "S. Rao", "email": "rao@example.org", "circles": "III, I, III", "version": officer.version}
    assert desk.post(place(officer, "/edit"), data=data).status_code == 303
    assert (officer.email, officer.circles) == ("rao@example.org", ["III", "I"])
    (fact,) = queries.list_officer_events(_as_actor(desk.officer), officer.id)[0]
    assert fact.topic == "hmda.accounts.officer.changed"
    assert fact.payload["fields"] == "email, circles"
    assert card_of(officer.id).circles == {"III", "I"}


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "This field is required"),
        ("email", "nobody at home", "This is no e-mail address"),
        ("phone", "call me", "This is no telephone number"),
        ("circles", "a circle with far too long a name", "longer than the 20 signs"),
        ("divisions", ",".join(f"D{n}" for n in range(21)), "At most 20"),
    ],
)
def test_what_is_badly_written_is_said_beside_the_field(desk, make_officer, field, typed, said):
    officer = make_officer("ee", name="S. Rao")
    answer = desk.post(place(officer, "/edit"), data=PARTICULARS | {field: typed, "version": 1})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'id="{field}-error"' in answer.text


def test_an_address_belongs_to_one_officer(desk, make_officer):
    make_officer("ae", username="first", email="Rao@Example.org")
    officer = make_officer("ee")
    answer = desk.post(place(officer, "/edit"), data=PARTICULARS | {"email": "rao@example.ORG", "version": 1})
    assert answer.status_code == 422
    assert "first has this e-mail address already" in answer.text


def test_the_second_saver_sees_both_texts(desk, admin, make_officer):
    officer = make_officer("ee", name="S. Rao")
    seen = officer.version
    commands.edit_officer(
        admin, officer.id, PARTICULARS | {"phone": "+91 40 1111 1111", "circles": [], "divisions": []}
    )
    answer = desk.post(place(officer, "/edit"), data=PARTICULARS | {"phone": "+91 40 2222 2222", "version": seen})
    assert answer.status_code == 409
    assert "+91 40 1111 1111" in answer.text
    assert "+91 40 2222 2222" in answer.text
    assert officer.phone == "+91 40 1111 1111"


# Role


def test_a_new_role_is_shown_before_it_is_given_and_ends_every_session(desk, signed_in, make_officer, recorded):
    other = signed_in("ae")
    before = desk.get(place(other.officer, "/role?role=fa")).text
    assert "Technical sanction" in before
    assert "Change role to Financial Analyst" in before
    assert other.get("/").status_code == 302
    data = {"role": "fa", "version": other.officer.version}
    assert desk.post(place(other.officer, "/role"), data=data).status_code == 303
    assert other.officer.role == "fa"
    assert other.get("/projects/").headers["Location"].startswith("/sign-in")
    assert recorded()[-2:] == ["hmda.accounts.officer.role_changed", "hmda.accounts.sessions.ended"]


def test_a_role_that_does_not_exist_is_neither_shown_nor_given(desk, admin, make_officer):
    officer = make_officer("ee")
    assert "Change role to" not in desk.get(place(officer, "/role?role=king")).text
    assert desk.post(place(officer, "/role"), data={"role": "king"}).status_code == 422
    with pytest.raises(Invalid):
        commands.change_role(admin, officer.id, {"role": "king"})
    assert officer.role == "ee"


def test_nobody_changes_or_disables_their_own_account(desk, make_officer, session):
    make_officer("admin")
    own = desk.officer
    page = desk.get(place(own)).text
    assert "Another administrator changes your role" in page
    assert "Change role" not in page
    answer = desk.post(place(own, "/role"), data={"role": "ce"})
    assert (answer.status_code, own.role) == (422, "admin")
    assert "Nobody changes their own role" in answer.text
    assert desk.post(place(own, "/disable"), data=WHY).status_code == 409
    assert own.active


def test_whoever_saw_an_older_copy_changes_nothing(admin, make_officer):
    officer = make_officer("ee")
    seen = officer.version
    commands.edit_officer(admin, officer.id, PARTICULARS | {"circles": [], "divisions": []})
    for act, values in ((commands.change_role, {"role": "fa"}), (commands.disable_officer, WHY)):
        with pytest.raises(Stale):
            act(admin, officer.id, values, seen=seen)
    assert (officer.role, officer.active) == ("ee", True)


# Open and closed


def test_a_disabled_officer_is_out_at_once_everywhere(desk, signed_in, api, make_officer):
    browser = signed_in("ee")
    officer = browser.officer
    caller = api("ee", officer)
    assert (browser.get("/projects/").status_code, caller.get("/api/v1/projects").status_code) == (200, 200)
    assert desk.post(place(officer, "/disable"), data=WHY).status_code == 303
    assert browser.get("/projects/").headers["Location"].startswith("/sign-in")
    assert caller.get("/api/v1/projects").status_code == 401
    assert card_of(officer.id) is None
    assert "Disabled: Transferred on 12-11-2026" in desk.get(place(officer)).text
    assert desk.post(place(officer, "/disable"), data=WHY).status_code == 409


def test_an_enabled_officer_signs_in_as_before_and_old_sessions_stay_ended(desk, signed_in):
    browser = signed_in("ee")
    desk.post(place(browser.officer, "/disable"), data=WHY)
    assert desk.post(place(browser.officer, "/enable"), data={"why": "Back from leave"}).status_code == 303
    assert browser.officer.state == "active"
    assert browser.get("/projects/").headers["Location"].startswith("/sign-in")
    assert desk.post(place(browser.officer, "/enable"), data={"why": "Twice"}).status_code == 409


def test_a_reason_is_asked_for(desk, make_officer):
    officer = make_officer("ee")
    for act in ("/disable", "/enable"):
        assert desk.post(place(officer, act), data={"why": "  "}).status_code == 422
    assert officer.active


def test_a_locked_account_is_unlocked(desk, signed_in, recorded):
    browser = signed_in("ee")
    with transaction():
        _lock_officer(SYSTEM, browser.officer.id, "Odd downloads at night")
    assert browser.get("/projects/").headers["Location"].startswith("/sign-in")
    assert "Odd downloads at night" in desk.get(place(browser.officer)).text
    assert desk.post(place(browser.officer, "/unlock")).status_code == 303
    assert browser.officer.state == "active"
    assert desk.post(place(browser.officer, "/unlock")).status_code == 409


def test_a_lost_phone_is_reset_and_ends_every_session(desk, signed_in, session, recorded):
    browser = signed_in("ee")
    with transaction():
        session.add(Factor(officer_id=browser.officer.id, kind="totp", name="Phone", confirmed_at=now()))
    assert desk.post(place(browser.officer, "/factors/reset")).status_code == 303
    assert session.scalars(select(Factor)).all() == []
    assert browser.get("/projects/").headers["Location"].startswith("/sign-in")
    assert "hmda.accounts.factors.reset" in recorded()
    assert desk.post(place(browser.officer, "/factors/reset")).status_code == 409


@pytest.mark.parametrize(
    "act", ["/role", "/disable", "/enable", "/unlock", "/factors/reset", "/link", "/link/withdraw"]
)
def test_every_act_on_an_account_asks_for_a_fresh_proof(desk, make_officer, act):
    officer = make_officer("ee")
    with desk.session_transaction() as kept:
        kept["proven_at"] = (now() - dt.timedelta(minutes=6)).isoformat()
    answer = desk.post(place(officer, act), data=WHY | {"role": "fa"})
    assert answer.headers["Location"] == "/prove?held=1"
    assert (officer.role, officer.active) == ("ee", True)


def test_the_trail_says_what_was_before_and_after(admin, make_officer, session):
    officer = make_officer("ee")
    commands.change_role(admin, officer.id, {"role": "fa"})
    kept = session.scalars(select(AuditRecord).where(AuditRecord.act == "accounts.secure")).all()[-1]
    (row,) = [row for row in kept.changes["rows"] if row["table"] == "officer"]
    assert row["columns"]["role"] == ["ee", "fa"]
    assert str(officer.id) in kept.subjects


# One administrator stays


def test_the_last_administrator_keeps_role_and_account(admin, make_officer):
    (other, sleeping, invited) = (
        make_officer("admin"),
        make_officer("admin", active=False),
        make_officer("admin", password_hash=""),
    )
    commands.disable_officer(admin, other.id, WHY)
    assert (sleeping.active, invited.has_a_way_in) == (False, False)
    for act in (
        lambda: commands.change_role(SYSTEM, admin.id, {"role": "ce"}),
        lambda: commands.disable_officer(SYSTEM, admin.id, WHY),
        lambda: locked(admin.id),
    ):
        with pytest.raises(RuleBroken, match="only administrator"):
            act()
    assert db.session.get(Officer, admin.id).state == "active"


def locked(officer_id):
    with transaction():
        _lock_officer(SYSTEM, officer_id, "by hand")


def test_a_former_administrator_acts_no_more(admin, make_officer):
    other = make_officer("admin")
    commands.change_role(_as_actor(other), admin.id, {"role": "ce"})
    with pytest.raises(NotPermitted):
        commands.disable_officer(admin, other.id, WHY)
    assert other.active


def test_without_a_fresh_proof_not_even_the_command_runs(make_officer, actor):
    with pytest.raises(NotProven):
        commands.change_role(replace(actor("admin"), proven_at=None), make_officer("ee").id, {"role": "fa"})


LEFT = ("event", "outbox", "audit_record", "audit_day", "officer_session", "officer")


@pytest.fixture
def two(app, redis):
    """Two administrators in rows of the database that every connection sees; all is taken away afterwards."""
    with app.app_context():
        made = [Officer(username=f"admin-{n}", name=f"Admin {n}", role="admin", password_hash="x") for n in (1, 2)]
        with transaction():
            db.session.add_all(made)
        yield [_as_actor(one) for one in made]
        db.session.rollback()
        with db.engine.begin() as line:
            line.execute(text("SET LOCAL session_replication_role = replica"))
            for table in LEFT:
                line.execute(text(f"DELETE FROM {table}"))
        db.session.remove()


@pytest.mark.parametrize("act", ["disable", "demote"])
def test_of_two_administrators_who_remove_each_other_at_once_exactly_one_wins(app, two, act):
    start, won, refused = threading.Barrier(2), [], []

    def remove(own, other):
        with app.app_context():
            start.wait()
            try:
                if act == "disable":
                    commands.disable_officer(own, other.id, WHY)
                else:
                    commands.change_role(own, other.id, {"role": "ce"})
                won.append(own.id)
            except (NotPermitted, RuleBroken) as said:
                refused.append(said)
            db.session.remove()

    threads = [threading.Thread(target=remove, args=pair) for pair in (two, two[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(refused)) == (1, 1)
    left = db.session.scalars(select(Officer.id).where(Officer.role == "admin", Officer.active)).all()
    assert left == won


# Over the API


def test_the_api_reads_changes_and_refuses_like_the_desk(api, make_officer, session):
    caller, officer = api("admin"), make_officer("ee", name="S. Rao", email="rao@example.org")
    here = f"/api/v1/accounts/{officer.id}"
    read = caller.get(here)
    assert read.json["state"] == "active"
    assert "password" not in read.text
    assert caller.patch(here, json={"phone": "+91 40 2345 6789"}).status_code == 428
    answer = caller.patch(here, json={"phone": "+91 40 2345 6789"}, headers={"If-Match": read.headers["ETag"]})
    assert (answer.status_code, officer.phone, officer.email) == (200, "+91 40 2345 6789", "rao@example.org")
    stale = caller.patch(here, json={"name": "Other"}, headers={"If-Match": read.headers["ETag"]})
    assert (stale.status_code, stale.json["current"]["name"]) == (412, "S. Rao")
    wrong = caller.patch(here, json={"email": "nobody"}, headers={"If-Match": "*"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "#/email")
    assert caller.patch(here, json={"role": "admin"}, headers={"If-Match": "*"}).status_code == 422


def test_the_api_lists_with_filters_and_a_cursor(api, make_officer, redis):
    caller = api("admin")
    for _each in range(3):
        make_officer("ee")
    first = caller.get("/api/v1/accounts?role=ee&size=2")
    assert len(first.json["_embedded"]["items"]) == 2
    rest = caller.get(first.json["_links"]["next"]["href"])
    assert len(rest.json["_embedded"]["items"]) == 1


def test_acts_of_the_api_end_sessions_and_want_a_reason(api, signed_in, redis):
    caller, browser = api("admin"), signed_in("ee")
    here, any_version = f"/api/v1/accounts/{browser.officer.id}", {"If-Match": "*"}
    answer = caller.put(f"{here}/role", json={"role": "fa"}, headers=any_version)
    assert (answer.status_code, answer.json["role"]) == (200, "fa")
    assert browser.get("/projects/").status_code == 302
    assert caller.post(f"{here}/disable", json={"why": " "}, headers=any_version).status_code == 422
    assert caller.post(f"{here}/disable", json=WHY, headers=any_version).json["state"] == "disabled"
    assert caller.post(f"{here}/enable", json={"why": "Back"}, headers=any_version).json["state"] == "active"
    assert caller.post(f"{here}/unlock", headers=any_version).status_code == 409
    own = f"/api/v1/accounts/{caller.officer.id}/role"
    assert caller.put(own, json={"role": "ce"}, headers=any_version).status_code == 422
    topics = [one["topic"] for one in caller.get(f"{here}/events").json["_embedded"]["items"]]
    assert "hmda.accounts.officer.role_changed" in topics


def test_sessions_of_the_officer_are_ended_in_the_database_too(desk, signed_in, session):
    browser = signed_in("ee")
    desk.post(place(browser.officer, "/disable"), data=WHY)
    ended = session.scalars(select(OfficerSession).where(OfficerSession.officer_id == browser.officer.id)).all()
    assert [one.ended_why for one in ended] == ["the account was disabled"]


def test_keys_for_programs_stop_while_the_account_is_disabled(app, desk, make_officer):
    officer, machine = make_officer("ee"), app.test_client()
    values = {"name": "Nightly", "scopes": ["projects.read"], "expires_on": today() + dt.timedelta(days=30)}
    bearer = {"Authorization": f"Bearer {commands.make_key(_as_actor(officer), values).secret}"}
    assert machine.get("/api/v1/projects", headers=bearer).status_code == 200
    desk.post(place(officer, "/disable"), data=WHY)
    assert machine.get("/api/v1/projects", headers=bearer).status_code == 401
    desk.post(place(officer, "/enable"), data=WHY)
    assert machine.get("/api/v1/projects", headers=bearer).status_code == 200
