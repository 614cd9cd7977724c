"""Files are taken in whole, or not at all."""

import hashlib
import io
import os

import pytest
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from portal.attachments import commands, queries
from portal.attachments.models import Attachment
from portal.core import storage
from portal.core.audit import AuditRecord
from portal.core.errors import Invalid, NotFound, RuleBroken, TooLarge
from portal.core.http import send
from tests.attachments.test_rules import pdf

VALUES = {"title": "Typical cross section", "kind": "drawing", "number": "ST-01", "dated": None}


class Upload(io.BytesIO):
    """A file as it arrives."""

    def __init__(self, content, filename="plan.pdf"):
        super().__init__(content)
        self.filename = filename


def test_a_file_is_stored_under_its_content_with_its_fact_and_its_audit_record(session, actor, make_project, recorded):
    project, officer = make_project(), actor("ae")
    made = commands.add_attachment(officer, project.id, Upload(pdf(2)), VALUES)
    assert (made.pages, made.mimetype) == (2, "application/pdf")
    assert storage.read(made.sha256)[:5] == b"%PDF-"
    assert recorded() == ["hmda.attachments.file.added"]
    audit = session.query(AuditRecord).one()
    assert (audit.role, audit.act, audit.subjects) == ("ae", "attachments.write", [str(project.id)])


def test_a_refused_file_leaves_nothing_behind(session, actor, make_project, recorded):
    project = make_project()
    with pytest.raises(Invalid, match="Office"):
        commands.add_attachment(actor("ae"), project.id, Upload(b"PK\x03\x04 a workbook", "plan.pdf"), VALUES)
    assert not session.query(Attachment).count()
    assert not recorded()
    assert not list((storage.store().root / "incoming").iterdir())


def test_the_same_file_under_the_same_title_is_bound_once(session, actor, make_project):
    project, officer, content = make_project(), actor("ae"), pdf(1)
    commands.add_attachment(officer, project.id, Upload(content), VALUES)
    with pytest.raises(RuleBroken, match="already"):
        commands.add_attachment(officer, project.id, Upload(content), VALUES)
    commands.add_attachment(officer, project.id, Upload(content), VALUES | {"title": "As built"})


def test_a_withdrawn_file_leaves_the_list_and_stays_readable(session, actor, make_project):
    project, officer = make_project(), actor("ee")
    made = commands.add_attachment(officer, project.id, Upload(pdf(1)), VALUES)
    commands.withdraw_attachment(officer, made.id)
    assert queries.list_attachments(officer, project.id) == []
    assert queries.get_attachment(officer, made.id).status == "withdrawn"


def test_a_consultant_elsewhere_finds_neither_the_file_nor_the_project(session, actor, make_project):
    project = make_project()
    made = commands.add_attachment(actor("ae"), project.id, Upload(pdf(1)), VALUES)
    for ask in (queries.get_attachment, queries.list_attachments, queries.page_attachments):
        with pytest.raises(NotFound):
            ask(actor("ec"), made.id if ask is queries.get_attachment else project.id)
    assert queries.get_attachment(actor("ec", [project.id]), made.id)


def upload(client, project, content=None, **fields):
    parts = VALUES | {"dated": ""} | fields | {"file": (io.BytesIO(content or pdf(1)), "plan.pdf")}
    return client.post(f"/api/v1/attachments/of/{project.id}", data=parts)


def test_the_api_takes_a_file_lists_it_and_hands_it_out_in_ranges(session, redis, api, make_project):
    project, client = make_project(), api("ae")
    made = upload(client, project)
    assert made.status_code == 201, made.text
    listed = client.get(f"/api/v1/attachments/of/{project.id}").json
    assert [item["title"] for item in listed["_embedded"]["items"]] == ["Typical cross section"]
    with client.get(made.json["_links"]["file"]["href"], headers={"Range": "bytes=0-4"}) as part:
        assert (part.status_code, part.data) == (206, b"%PDF-")
    assert client.get(made.headers["Location"]).headers["ETag"] == '"1"'


def test_the_api_names_the_field_that_is_at_fault(session, redis, api, make_project):
    project, client = make_project(), api("ae")
    answer = upload(client, project, kind="plan", title="")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert {fault["pointer"] for fault in answer.json["errors"]} == {"#/title", "#/kind"}
    answer = upload(client, project, content=b"hello")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "#/file"


def test_an_edit_without_if_match_is_428_and_a_stale_one_412(session, redis, api, make_project):
    project, client = make_project(), api("ae")
    place = upload(client, project).headers["Location"]
    assert client.patch(place, json={"title": "A"}).status_code == 428
    saved = client.patch(place, json={"title": "A"}, headers={"If-Match": '"1"'})
    assert (saved.status_code, saved.json["title"], saved.json["number"]) == (200, "A", "ST-01")
    stale = client.patch(place, json={"title": "B"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json["current"]["title"]) == (412, "A")


def test_the_same_idempotency_key_acts_once(session, redis, api, make_project):
    project, client = make_project(), api("ae")
    client.environ_base["HTTP_IDEMPOTENCY_KEY"] = "one"
    first, second = upload(client, project), upload(client, project)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert session.query(Attachment).count() == 1
    assert upload(client, project, title="Another").status_code == 422


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "two"}])
def test_a_refusal_half_way_through_a_command_leaves_nothing(session, redis, api, make_project, monkeypatch, headers):
    def refuse(*_args):
        raise RuleBroken("too late", "title")

    monkeypatch.setattr(commands, "record", refuse)
    client, project = api("ae"), make_project()
    client.environ_base |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    answer = upload(client, project)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "#/title")
    assert session.query(Attachment).count() == 0


def test_another_file_under_the_same_idempotency_key_is_refused(session, redis, api, make_project):
    project, client = make_project(), api("ae")
    client.environ_base["HTTP_IDEMPOTENCY_KEY"] = "three"
    assert upload(client, project, content=pdf(1)).status_code == 201
    assert upload(client, project, content=pdf(2)).status_code == 422


def test_a_title_cannot_be_changed_into_that_of_the_same_file(session, actor, make_project):
    project, officer, content = make_project(), actor("ae"), pdf(1)
    commands.add_attachment(officer, project.id, Upload(content), VALUES)
    other = commands.add_attachment(officer, project.id, Upload(content), VALUES | {"title": "Another"})
    with pytest.raises(RuleBroken, match="already"):
        commands.edit_attachment(officer, other.id, VALUES)
    commands.edit_attachment(officer, other.id, VALUES | {"title": "A third"})


def test_a_file_too_many_leaves_nothing_in_the_store(session, actor, make_project, monkeypatch):
    monkeypatch.setattr(commands, "PROJECT_BYTES", 10)
    content = pdf(7)
    with pytest.raises(TooLarge, match="4 GB"):
        commands.add_attachment(actor("ae"), make_project().id, Upload(content), VALUES)
    assert not storage.exists(hashlib.sha256(content).hexdigest())


def test_an_unknown_field_or_parameter_is_named(session, redis, api, make_project):
    project, client = make_project(), api("ae")
    place = upload(client, project).headers["Location"]
    answer = client.patch(place, json={"titel": "A"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "#/titel")
    assert client.get(f"/api/v1/attachments/of/{project.id}?page=2").status_code == 422


def test_the_page_answers_303_after_an_upload_and_422_with_the_reason(session, redis, signed_in, make_project):
    project, browser = make_project(), signed_in("ae")
    url = f"/attachments/of/{project.id}"
    good = browser.post(url, data=VALUES | {"dated": "01-11-2026", "file": (io.BytesIO(pdf(1)), "plan.pdf")})
    assert good.status_code == 303, good.text
    assert "Typical cross section" in browser.get(url).text
    bad = browser.post(url, data=VALUES | {"dated": "31-02-2026", "file": (io.BytesIO(b"no"), "plan.pdf")})
    assert bad.status_code == 422
    missing = browser.post(url, data=VALUES)
    assert (missing.status_code, "Choose a file" in missing.text) == (422, True)


def test_the_second_of_two_tabs_sees_what_differs(session, redis, signed_in, make_project, api):
    project, browser = make_project(), signed_in("ae")
    made = upload(api("ae"), project).json
    url = f"/attachments/{made['id']}"
    assert browser.post(url, data=VALUES | {"version": "1", "title": "First tab"}).status_code == 303
    second = browser.post(url, data=VALUES | {"version": "1", "title": "Second tab"})
    assert second.status_code == 409
    assert "First tab" in second.text
    assert "Second tab" in second.text
    assert browser.post(url, data=VALUES | {"version": "2", "title": "Second tab"}).status_code == 303


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ({}, 200, slice(None)),
        ({"Range": "bytes=0-0"}, 206, slice(0, 1)),
        ({"Range": "bytes=65500-65600"}, 206, slice(65500, 65601)),
        ({"Range": "bytes=-7"}, 206, slice(-7, None)),
        ({"Range": "bytes=140000-"}, 206, slice(140000, None)),
        ({"Range": "bytes=9999999-"}, 416, slice(0, 0)),
    ],
)
def test_every_range_of_a_sealed_file_is_what_the_plain_file_has_there(app, redis, session, asked, status, part):
    content = os.urandom(150_000)
    name = storage.put(content)
    with app.test_request_context(headers=asked):
        if status == 416:
            with pytest.raises(RequestedRangeNotSatisfiable):
                send(name, "x.pdf", "application/pdf")
            return
        answer = send(name, "x.pdf", "application/pdf")
    assert (answer.status_code, answer.headers["ETag"]) == (status, f'"{name}"')
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Length"] == str(len(content[part]))
    assert b"".join(answer.response) == content[part]
    answer.close()


def test_who_has_the_file_already_gets_nothing_and_nothing_stays_open(session, redis, api, make_project):
    project, client = make_project(), api("ae")
    place = upload(client, project).json["_links"]["file"]["href"]
    with client.get(place) as whole:
        tag, size = whole.headers["ETag"], len(whole.data)
    with client.get(place, headers={"If-None-Match": tag}) as same:
        assert (same.status_code, same.data) == (304, b"")
    with client.head(place) as head:
        assert (head.status_code, head.headers["Content-Length"], head.data) == (200, str(size), b"")


def test_a_file_that_was_altered_in_the_store_is_not_handed_out(session, redis, api, make_project):
    project, client = make_project(), api("ae")
    made = upload(client, project)
    place = storage.store().fetch(made.json["sha256"])
    place.write_bytes(place.read_bytes()[:-1])
    answer = client.get(made.json["_links"]["file"]["href"])
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "backup" in answer.json["detail"]
