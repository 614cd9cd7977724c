"""A project is entered once, corrected by one officer at a time, and seen by those who may."""

import datetime as dt
import io
from decimal import Decimal

import pytest

from portal.core.calendar import today
from portal.core.errors import NotFound, NotPermitted, RuleBroken, Stale
from portal.core.events import StoredEvent
from portal.projects import commands, queries
from portal.projects.forms import ProjectForm
from portal.projects.models import ConsultantAssignment, Project
from portal.projects.queries.register import _assigned_projects
from tests.projects.reports import content

VALUES = {
    "name": "Kompally link road",
    "work": "Link road from 0/0 to 2/450",
    "work_type": "road",
    "financial_year": "2025-26",
    "circle": "C1",
    "code": "",
}


def test_a_project_is_its_own_project_and_gets_the_next_number(session, actor, recorded):
    first = commands.create_project(actor("ae"), dict(VALUES))
    second = commands.create_project(actor("ae"), VALUES | {"work": "Another", "circle": ""})
    assert (first.code, second.code) == ("INFRA-RT-2025-001-C1", "INFRA-RT-2025-002")
    assert (first.project_id, recorded()) == (first.id, ["hmda.stage2.project.created"] * 2)


def test_the_same_work_or_number_is_not_entered_twice(session, actor):
    made = commands.create_project(actor("ae"), dict(VALUES))
    with pytest.raises(RuleBroken) as twin:
        commands.create_project(actor("ae"), VALUES | {"work": "LINK ROAD, from 0/0 to 2/450."})
    with pytest.raises(RuleBroken) as taken:
        commands.create_project(actor("ae"), VALUES | {"work": "Other", "code": made.code})
    assert (twin.value.field, taken.value.field) == ("work", "code")


def test_an_edit_records_what_was_and_what_is_and_nothing_when_nothing_changed(session, actor, recorded):
    project = commands.create_project(actor("ae"), dict(VALUES))
    commands.edit_project(actor("ae"), project.id, {"name": VALUES["name"]}, seen=1)
    commands.edit_project(actor("ae"), project.id, {"estimate_amount": Decimal("41200000.00")}, seen=1)
    fact = session.query(StoredEvent).filter_by(topic="hmda.stage2.project.updated").one()
    assert (fact.payload["before"], fact.payload["after"]) == (
        {"estimate_amount": None},
        {"estimate_amount": "41200000.00"},
    )
    assert (project.version, project.amount) == (2, Decimal("41200000.00"))
    with pytest.raises(Stale):
        commands.edit_project(actor("ae"), project.id, {"name": "Mine"}, seen=1)
    with pytest.raises(RuleBroken):
        commands.edit_project(actor("ae"), project.id, {"code": ""}, seen=2)


def test_size_and_stage_follow_from_what_is_known(session, make_project):
    road = make_project(as_amount=Decimal(10), ecv=Decimal(9))
    assert (road.amount, road.reached, road.amount_source) == (9, "tendered", "ecv")
    assert make_project(loa="LOA/1").reached == "contracted"
    assert make_project(grounded_on=dt.date(2025, 1, 1)).reached == "grounded"
    assert (make_project().amount, make_project().reached) == (None, "before_tender")


def test_readers_do_not_write_and_a_stranger_to_the_project_does_not_see_it(session, actor, make_project):
    project = make_project()
    for role in ("to", "qr", "fa", "ec"):
        with pytest.raises(NotPermitted):
            commands.edit_project(actor(role, [project.id]), project.id, {"name": "Mine"}, seen=1)
    for ask in (queries.get_project, queries.timeline, queries.list_flags, queries.list_shared, queries.list_access):
        with pytest.raises(NotFound):
            ask(actor("ec"), project.id)


def test_a_consultant_reaches_a_project_between_two_days(session, actor, make_project, make_officer, recorded):
    consultant, here, day = make_officer("ec"), today(), dt.timedelta(days=1)
    spans = [(here - day, None), (here - day, here + day), (here + day, None), (here - 2 * day, here - 2 * day)]
    projects = [make_project() for _span in spans]
    for project, (first, last) in zip(projects, spans, strict=True):
        values = {"consultant": consultant.username, "from_date": first, "to_date": last}
        commands.assign_consultant(actor("ee"), project.id, values)
    assert _assigned_projects(consultant.id) == {project.id for project in projects[:2]}
    assert recorded() == ["hmda.projects.consultant.assigned"] * 4


def test_a_released_consultant_no_longer_reaches_it(session, actor, make_project, make_officer):
    project, consultant = make_project(), make_officer("ec")
    values = {"consultant": consultant.username, "from_date": dt.date(2026, 1, 1), "to_date": None}
    made = commands.assign_consultant(actor("ee"), project.id, values)
    with pytest.raises(RuleBroken):
        commands.assign_consultant(actor("ee"), project.id, values)
    commands.release_consultant(actor("ee"), made.id)
    assert _assigned_projects(consultant.id) == frozenset()
    with pytest.raises(NotPermitted):
        commands.assign_consultant(actor("ae"), project.id, values)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1,23,45,678.50", "12345678.50"),
        ("Rs. 500/-", "500.00"),
        ("4.5 crore", "45000000.00"),
        ("82 lakh", "8200000.00"),
    ],
)
def test_amounts_are_typed_as_officers_write_them(session, typed, read):
    form = ProjectForm.from_json({"estimate_amount": typed})
    form.validate()
    assert (str(form.estimate_amount.data), list(form.estimate_amount.errors)) == (read, [])
    wrong = ProjectForm.from_json({"estimate_amount": "sixty", "as_amount": "-5", "percent_done": "120"})
    wrong.validate()
    assert {"estimate_amount", "as_amount", "percent_done"} <= wrong.errors.keys()


def fields(project, **changes):
    form = ProjectForm(obj=project)
    typed = {
        name: field._value() if hasattr(field, "_value") else field.data or "" for name, field in form._fields.items()
    }
    return typed | {"version": project.version} | changes


def test_a_project_is_entered_seen_and_corrected_in_the_browser(session, redis, signed_in):
    browser = signed_in("ee")
    wrong = browser.post("/projects/new", data={"name": "Lake"})
    assert (wrong.status_code, "Name of the work" in wrong.text) == (422, True)
    made = browser.post("/projects/new", data=VALUES | {"estimate_amount": "41.2 crore"})
    assert made.status_code == 303, made.text
    seen = browser.get(made.headers["Location"]).text
    assert "₹41.20 Cr" in seen
    assert "INFRA-RT-2025-001-C1" in seen
    for place in ("boq-estimates", "attachments", "doc-assembly"):
        assert f'hx-get="/{place}/of/' in seen


def test_two_tabs_saving_the_same_project_lose_no_word(session, redis, signed_in, make_project):
    project, browser = make_project(name="Lake road"), signed_in("ee")
    place = f"/projects/{project.id}/edit"
    mine, theirs = fields(project, mandal="Mine", village="Both"), fields(project, mandal="Theirs", district="Medak")
    assert 'value="Lake road"' in browser.get(place).text
    assert browser.post(place, data=theirs).status_code == 303
    stale = browser.post(place, data=mine)
    assert stale.status_code == 409
    assert "Theirs, saved" in stale.text
    for word in ("Theirs", "Mine", "Both", "Medak"):
        assert word in stale.text
    assert 'name="version" value="2"' in stale.text
    assert browser.post(place, data=mine | {"version": 2}).status_code == 303
    session.expire_all()
    assert (project.mandal, project.village) == ("Mine", "Both")


def test_an_edit_says_which_version_it_means(session, redis, signed_in, api, make_project):
    project = make_project()
    unseen = {name: value for name, value in fields(project, mandal="Mine").items() if name != "version"}
    assert signed_in("ee").post(f"/projects/{project.id}/edit", data=unseen).status_code == 409
    client = api("ee")
    place = f"/api/v1/projects/{project.id}"
    assert client.patch(place, json={"mandal": "M"}).status_code == 428
    saved = client.patch(place, json={"mandal": "M", "estimate_amount": "500"}, headers={"If-Match": '"1"'})
    assert (saved.status_code, saved.json["mandal"], saved.json["estimate_amount"]) == (200, "M", "500.00")
    assert client.patch(place, json={"mandal": "N"}, headers={"If-Match": '"1"'}).status_code == 412
    assert client.get(place + "/timeline").json["_embedded"]["items"][0]["topic"] == "hmda.stage2.project.updated"


def test_a_project_page_of_a_reader_offers_nothing_to_press(session, redis, signed_in, make_project):
    project, browser = make_project(), signed_in("qr")
    assert f"/projects/{project.id}/edit" not in browser.get(f"/projects/{project.id}").text
    assert browser.get(f"/projects/{project.id}/edit").status_code == 403
    assert browser.get("/projects/new").status_code == 403
    assert browser.get("/projects/import").status_code == 403


def test_a_consultant_is_assigned_and_released_on_the_page(session, redis, signed_in, make_project, make_officer):
    project, browser, consultant = make_project(), signed_in("ee"), make_officer("ec")
    place = f"/projects/{project.id}/consultants"
    assert consultant.name in browser.get(place).text
    wrong = browser.post(
        place, data={"consultant": consultant.username, "from_date": "05-01-2026", "to_date": "01-01-2026"}
    )
    assert wrong.status_code == 422
    assert browser.post(place, data={"consultant": consultant.username, "from_date": "01-01-2026"}).status_code == 303
    outside = signed_in("ec", consultant)
    assert outside.get(f"/projects/{project.id}").status_code == 200
    made = session.query(ConsultantAssignment).one()
    assert browser.post(f"/projects/consultants/{made.id}/release").status_code == 303
    assert outside.get(f"/projects/{project.id}").status_code == 404


def test_a_consultant_does_not_learn_of_another_work_from_what_is_shared(session, redis, api, make_officer):
    officer = make_officer("ee")
    chief = api("ee", officer)
    sent = {"file": (io.BytesIO(content()), "works.xlsx")}
    batch = chief.post("/api/v1/projects/reports", data=sent).json
    assert chief.post(batch["_links"]["commit"]["href"]).status_code == 200
    first, second = (session.query(Project).filter_by(name=f"{name} layout").one() for name in ("Lakshmipur", "Rampur"))
    consultant = make_officer("ec")
    place = f"/api/v1/projects/{second.id}"
    chief.post(f"{place}/consultants", json={"consultant": consultant.username, "from_date": "01-01-2026"})
    outside = api("ec", consultant)
    seen = [outside.get("/api/v1/projects"), outside.get(place), outside.get(f"{place}/timeline")]
    assert [answer.status_code for answer in seen] == [200, 200, 200]
    assert not any("lakshmipur" in answer.text.lower() for answer in seen)
    shared = seen[1].json["_links"]["shared"]["href"]
    assert outside.get(shared).json["_embedded"]["items"] == []
    assert [one["id"] for one in chief.get(shared).json["_embedded"]["items"]] == [str(first.id)]
