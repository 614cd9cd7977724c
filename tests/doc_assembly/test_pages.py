"""The report in the browser and over the API."""

import re

import pytest
from sqlalchemy import event

from portal.core.access import SYSTEM
from portal.core.db import db, transaction
from portal.doc_assembly import commands, queries
from portal.doc_assembly.commands.assembling import Assembler


@pytest.fixture
def project(session, redis, make_project):
    return make_project()


@pytest.fixture
def version(project, actor):
    """A published version of the project."""
    build = commands.request_build(actor("ee"), project.id)
    Assembler(build.id).run()
    return queries.get_version(SYSTEM, build.version_id)


def test_the_centre_says_what_to_do_and_a_press_leads_to_the_build(project, signed_in):
    browser = signed_in("ee")
    page = browser.get(f"/doc-assembly/of/{project.id}")
    assert page.status_code == 200, page.text
    assert "Assemble DPR" in page.text
    assert "Options studied and selected" in page.text
    pressed = browser.post(f"/doc-assembly/of/{project.id}/assemble")
    assert pressed.status_code == 303
    build = browser.get(pressed.headers["Location"])
    assert "waiting for a worker" in build.text
    assert browser.post(f"{pressed.headers['Location']}/cancel").status_code == 303
    assert "cancelled" in browser.get(pressed.headers["Location"]).text
    assert project.name in browser.get("/doc-assembly/").text


def test_the_region_of_the_project_page_is_one_block(project, signed_in):
    browser = signed_in("ee")
    headers = {"HX-Request": "true", "HX-Target": "div#assembly"}
    block = browser.get(f"/doc-assembly/of/{project.id}", headers=headers).text
    assert "<html" not in block
    assert "Assemble DPR" in block


def test_a_reader_sees_no_button_and_is_refused(project, signed_in):
    browser = signed_in("qr")
    assert "Assemble DPR" not in browser.get(f"/doc-assembly/of/{project.id}").text
    assert browser.post(f"/doc-assembly/of/{project.id}/assemble").status_code == 403


def test_the_version_page_offers_the_file_in_ranges_and_says_what_moved_on(version, project, signed_in, actor):
    browser = signed_in("qr")
    page = browser.get(f"/doc-assembly/versions/{version.id}").text
    assert version.sha256 in page
    assert "Nothing: the version shows the present state." in page
    with browser.get(f"/doc-assembly/versions/{version.id}/files/1", headers={"Range": "bytes=0-4"}) as part:
        assert (part.status_code, part.data) == (206, b"%PDF-")
    commands.write_section(actor("ae"), project.id, "I.4", {"text": "New.", "text_te": ""})
    assert "no longer as this version has them" in browser.get(f"/doc-assembly/versions/{version.id}").text
    assert "Open D1" in browser.get(f"/doc-assembly/builds/{version.build_id}").text


def test_a_failed_build_shows_why_and_offers_another_try(project, signed_in, actor):
    build = commands.request_build(actor("ee"), project.id)
    commands.take_up_build(SYSTEM, build.id)
    commands.fail_build(SYSTEM, build.id, 1, "LAYOUT", "contents of 2 pages became 3")
    browser = signed_in("ee")
    page = browser.get(f"/doc-assembly/builds/{build.id}").text
    assert "contents of 2 pages became 3" in page
    assert "Try again with the same inputs" in page
    assert browser.post(f"/doc-assembly/builds/{build.id}/retry").status_code == 303


def test_time_left_is_a_range_once_there_is_history(project, signed_in, actor):
    build = commands.request_build(actor("ee"), project.id)
    commands.take_up_build(SYSTEM, build.id)
    browser = signed_in("ee")
    assert "not enough history" in browser.get(f"/doc-assembly/builds/{build.id}").text
    with transaction():
        row = queries.get_build(SYSTEM, build.id)
        row.eta_low, row.eta_high = 10, 25
    assert "About 10 to 25 s left" in browser.get(f"/doc-assembly/builds/{build.id}").text


def test_a_section_is_written_previewed_and_kept(project, signed_in):
    browser = signed_in("ae")
    url = f"/doc-assembly/of/{project.id}/sections/I.4"
    assert "Nobody has written this section yet" in browser.get(url).text
    typed = {"text": "# Alignment\n\n**Bold** <script>alert(1)</script>", "text_te": "రహదారి", "version": "0"}
    seen = browser.post(f"{url}/preview", data=typed).text
    assert "<strong>Bold</strong>" in seen
    assert "<script>alert" not in seen
    assert browser.post(url, data=typed).status_code == 303
    assert "revision 1" in browser.get(url).text
    assert "రహదారి" in browser.get(f"{url}/revisions/1").text


def test_the_second_of_two_tabs_sees_both_texts(project, signed_in):
    browser = signed_in("ae")
    url = f"/doc-assembly/of/{project.id}/sections/I.4"
    assert browser.post(url, data={"text": "First tab", "text_te": "", "version": "0"}).status_code == 303
    second = browser.post(url, data={"text": "Second tab", "text_te": "", "version": "0"})
    assert second.status_code == 409
    assert "First tab" in second.text
    assert "Second tab" in second.text
    version = queries.get_section(SYSTEM, project.id, "I.4").version
    again = browser.post(url, data={"text": "Second tab", "text_te": "", "version": str(version)})
    assert again.status_code == 303


def test_the_api_builds_lists_and_hands_out(version, project, api):
    caller = api("ee")
    base = f"/api/v1/doc-assembly/of/{project.id}"
    listed = caller.get(f"{base}/versions").json["_embedded"]["items"]
    assert [one["label"] for one in listed] == ["D1"]
    whole = caller.get(listed[0]["_links"]["self"]["href"]).json
    assert [part["position"] for part in whole["parts"]] == [1, 2]
    with caller.get(whole["_links"]["file"]["href"]) as file:
        assert file.data[:5] == b"%PDF-"
    assert caller.get(whole["_links"]["moved"]["href"]).json["_embedded"]["items"] == []
    again = caller.post(f"{base}/builds")
    assert (again.status_code, again.json["status"]) == (202, "COMPLETED")
    fresh = caller.post(f"{base}/builds/anew").json
    assert fresh["status"] == "QUEUED"
    assert caller.post(fresh["_links"]["cancel"]["href"]).json["status"] == "CANCELLED"
    assert len(caller.get(f"{base}/builds").json["_embedded"]["items"]) == 2


def test_the_api_changes_only_the_text_that_was_seen(project, api):
    caller = api("ae")
    url = f"/api/v1/doc-assembly/of/{project.id}/sections/I.4"
    first = caller.get(url)
    assert (first.json["state"], first.headers["ETag"]) == ("NOT_STARTED", '"0"')
    assert caller.patch(url, json={"text": "A"}).status_code == 428
    saved = caller.patch(url, json={"text": "A"}, headers={"If-Match": '"0"'})
    assert (saved.status_code, saved.json["revision"]) == (200, 1), saved.text
    stale = caller.patch(url, json={"text": "B"}, headers={"If-Match": '"0"'})
    assert (stale.status_code, stale.json["current"]["text"]) == (412, "A")
    offered = caller.get(f"/api/v1/doc-assembly/of/{project.id}/sections").json["_embedded"]["items"]
    assert {one["code"]: one["state"] for one in offered}["I.4"] == "IN_PROGRESS"


def test_the_clock_asks_again_for_what_waits(project, actor, app):
    from rq import Queue

    from jobs.doc_assembly import requeue_lost_builds

    commands.request_build(actor("ee"), project.id)
    for _again in range(2):
        requeue_lost_builds()
    assert Queue("pdf", connection=app.extensions["redis"]).count == 1


def test_a_text_that_is_too_long_is_refused_with_its_limit(project, signed_in):
    browser = signed_in("ae")
    url = f"/doc-assembly/of/{project.id}/sections/I.4"
    assert "60,000 characters" in browser.get(url).text
    typed = {"text": "a" * 60_001, "text_te": "", "version": "0"}
    assert browser.post(url, data=typed).status_code == 422
    assert browser.post(f"{url}/preview", data=typed).text.count("a" * 60_000) == 1
    assert browser.post(url, data=typed | {"text": "a" * 60_000}).status_code == 303


def test_the_list_of_builds_asks_the_database_once_for_all_projects(session, make_project, redis, actor, signed_in):
    names = [f"Link road {number}" for number in range(6)]
    for name in names:
        commands.request_build(actor("ee"), make_project(name=name).id)
    browser, asked = signed_in("ee"), []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    page = browser.get("/doc-assembly/").text
    assert all(name in page for name in names)
    assert sum(bool(re.search(r"(FROM|JOIN) project\b", one)) for one in asked) == 1
    assert len(asked) < 6
