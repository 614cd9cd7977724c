"""Volumes with prices stay closed to consultants: they get a marked copy without them; every reading is on record."""

import datetime as dt
import io
import re
import subprocess
from decimal import Decimal

import msgspec
import pikepdf
import pypdfium2
import pytest
from sqlalchemy import select

from portal.core import storage
from portal.core.access import SYSTEM, About
from portal.core.audit import AuditRecord
from portal.core.calendar import IST
from portal.core.db import now, transaction
from portal.core.errors import NotFound
from portal.core.money import crore_lakh, rupees, rupees0
from portal.core.pdf import excerpt
from portal.doc_assembly import commands, queries
from portal.doc_assembly.commands import copies
from portal.doc_assembly.commands.assembling import Assembler
from portal.doc_assembly.models import DprCopy
from portal.doc_assembly.rules.assembly import assemble
from portal.doc_assembly.rules.frozen import Text
from portal.doc_assembly.rules.unpriced import without_prices
from portal.projects.commands import assign_consultant
from tests.doc_assembly.desk import PROJECT, FolderDesk, inputs, order, sheet
from tests.doc_assembly.test_report import everything

SECRET = "Lead of sand from Manjeera quarry"
OPEN = {"0", "I", "IX", "XI", "XII"}


@pytest.fixture
def version(project, actor):
    """A published version with a text in volume VI."""
    text = {"text": f"# Leads\n\n{SECRET}: 42 km. See [the lake](#I.4).", "text_te": ""}
    commands.write_section(actor("ee"), project.id, "VI.1", text)
    build = commands.request_build(actor("ee"), project.id)
    Assembler(build.id).run()
    return queries.get_version(SYSTEM, build.version_id)


@pytest.fixture
def consultant(project, make_officer, actor):
    """A consultant assigned to the project."""
    officer = make_officer("ec", name="K. Devi, Example Consultants")
    spell = {"consultant": officer.username, "from_date": dt.date(2026, 1, 1), "to_date": None}
    assign_consultant(actor("ee"), project.id, spell)
    return officer


def place(version, position=1, base="/doc-assembly"):
    return f"{base}/versions/{version.id}/files/{position}"


def pages_of(content):
    """The words of each page."""
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content)]


def reads(session):
    return session.scalars(select(AuditRecord).where(AuditRecord.outcome == "read")).all()


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_consultant_gets_a_marked_copy_without_the_closed_volumes(
    version, consultant, signed_in, api, session, tmp_path, door
):
    browser = signed_in("ec", consultant) if door == "page" else api("ec", consultant)
    answer = browser.get(place(version, base="/doc-assembly" if door == "page" else "/api/v1/doc-assembly"))
    assert answer.status_code == 200
    assert re.search(r"filename=\S+-D1-copy\.pdf", answer.headers["Content-Disposition"])
    whole, copy = pages_of(storage.read(version.sha256)), pages_of(answer.data)
    closed = sum(count for _first, count in copies._closed_pages(version))
    assert closed > 3
    assert len(copy) == len(whole) - closed == len(pikepdf.open(io.BytesIO(answer.data)).pages)
    assert any(SECRET in words for words in whole)
    assert not any(SECRET in words for words in copy)
    day = now().astimezone(IST).strftime("%d-%m-%Y")
    for words in copy:
        assert "K. Devi, Example Consultants" in words
        assert re.search(rf"{day} \d\d:\d\d IST · 127\.0\.0\.1", words)
    (tmp_path / "copy.pdf").write_bytes(answer.data)
    checked = subprocess.run(["qpdf", "--check", tmp_path / "copy.pdf"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    (kept,) = reads(session)
    assert (kept.actor_id, kept.act, kept.why) == (consultant.id, "doc_assembly.read", "copy without VI, VII, VIII")
    assert kept.subjects[0] == str(version.id)


def test_nothing_of_a_closed_page_is_left_in_the_file(version, consultant, signed_in):
    content = signed_in("ec", consultant).get(place(version)).data
    with pikepdf.open(io.BytesIO(content)) as pdf:
        leaves = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/Page"]
        assert len(leaves) == len(pdf.pages)
        with pdf.open_outline() as outline:
            titles = [item.title for item in outline.root]
        assert [title.partition(":")[0] for title in titles] == ["Summary", "Volume I", "Volume IX", "Volume XII"]
        for item in outline.root:
            assert item.destination[0].objgen in {page.obj.objgen for page in pdf.pages}


def test_labels_and_links_of_the_copy_fit_what_is_in_it(tmp_path):
    desk = FolderDesk(tmp_path / "store")
    bound = assemble(order(desk, tmp_path, inputs(files=everything(desk))))
    drop = [(first, count) for name, first, count in bound.volumes if name not in OPEN]
    target = tmp_path / "copy.pdf"
    left = excerpt.copy_without(bound.path, target, drop, ["A. Reader", "now"])
    gone = {page for first, count in drop for page in range(first, first + count)}
    before, after = pypdfium2.PdfDocument(bound.path), pypdfium2.PdfDocument(target)
    labels = [before.get_page_label(number) for number in range(len(before)) if number not in gone]
    assert [after.get_page_label(number) for number in range(left)] == labels
    with pikepdf.open(target) as pdf:
        own = {page.obj.objgen for page in pdf.pages}
        links = [note for page in pdf.pages for note in page.obj.get("/Annots", [])]
        assert len(links) > 10
        assert all(note.Dest[0].objgen in own for note in links)
    again = tmp_path / "again.pdf"
    excerpt.copy_without(bound.path, again, drop, ["A. Reader", "now"])
    assert again.read_bytes() == target.read_bytes()


@pytest.mark.parametrize(
    ("limit", "comparison", "sections"), [("60000000.00", "% under", 3), ("500000.00", "% over the AS", 4)]
)
def test_no_figure_of_the_estimate_is_left_in_an_open_volume(tmp_path, limit, comparison, sections):
    desk, cost = FolderDesk(tmp_path / "store"), Text("I.8", "# Per kilometre\n\nSome ₹ 4,44,444 a lane.", "", 1)
    given = inputs(project=PROJECT | {"as_amount": limit})
    asked = order(desk, tmp_path, msgspec.structs.replace(given, texts=[*given.texts, cost]))
    bound, target = assemble(asked), tmp_path / "copy.pdf"
    drop = [(first, count) for name, first, count in bound.volumes if name not in OPEN]
    left = excerpt.copy_without(bound.path, target, drop, ["A. Reader", "now"], without_prices(asked))
    before, after = pages_of(bound.path.read_bytes()), pages_of(target.read_bytes())
    kept = [words for number, words in enumerate(before) if not any(a <= number < a + n for a, n in drop)]
    assert left == len(after) == len(kept)
    for figure in figures(given.estimate):
        assert any(figure in words for words in kept), f"{figure} says nothing about the copy"
        assert not any(figure in words for words in after), figure
    whole, text = "\n".join(kept), "\n".join(after)
    for words in ("4,44,444", comparison, "Some"):
        assert words in whole
        assert words not in text
    assert text.count("What the work costs stays closed") == sections
    for words in ("Kompally link road", "Salient features", "Survey numbers", "112, 113/2", "DRAFT"):
        assert words in text
    assert [line for words in after for line in words.splitlines() if line.startswith("0-")] == [
        line for words in kept for line in words.splitlines() if line.startswith("0-")
    ], "page numbers stay"
    with pikepdf.open(target) as pdf, pdf.open_outline() as outline:
        names = [item.title for volume in outline.root for item in volume.children]
        below = [item.title for volume in outline.root for item in volume.children for item in item.children]
    assert {"0.1 Salient features", "0.2 Abstract of cost and funding", "I.8 Cost summary"} <= set(names)
    assert "Per kilometre" not in " ".join(below)


def figures(estimate):
    """The totals as the open volumes print them."""
    works, total, say = (Decimal(figure) for figure in (estimate.works, estimate.grand_total, estimate.say))
    return [rupees(works), rupees(total), rupees0(say), crore_lakh(say), estimate.number]


def test_a_report_whose_sections_cannot_be_told_apart_is_not_copied(tmp_path):
    source = tmp_path / "sheet.pdf"
    source.write_bytes(sheet(1))
    swap = [{"code": "0.1", "template": "section", "values": {"code": "", "title": "", "parts": []}}]
    with pytest.raises(LookupError):
        excerpt.copy_without(source, tmp_path / "copy.pdf", [], ["A. Reader"], swap)


def test_a_sheet_that_lies_on_its_side_is_marked_as_it_is_seen(tmp_path):
    source, target = tmp_path / "sheet.pdf", tmp_path / "copy.pdf"
    source.write_bytes(sheet(1, (842, 1191), rotate=90))
    assert excerpt.copy_without(source, target, [], ["K. Devi", "26-11-2026 05:40 IST"]) == 1
    assert pages_of(target.read_bytes())[0].count("K. Devi") == 2


@pytest.mark.parametrize("role", ["ce", "dce", "ee", "ae", "to", "qr", "fa"])
def test_everybody_else_gets_the_report_byte_for_byte(version, signed_in, api, make_officer, session, role):
    officer = make_officer(role, circles=["another circle"])
    for caller, base in ((signed_in(role, officer), "/doc-assembly"), (api(role, officer), "/api/v1/doc-assembly")):
        assert caller.get(place(version, base=base)).data == storage.read(version.sha256)
        assert caller.get(place(version, 2, base)).json["number"] == version.number
    assert "-manifest.json" in signed_in(role, officer).get(f"/doc-assembly/versions/{version.id}").text
    assert [(kept.actor_id, kept.why) for kept in reads(session)] == [(officer.id, "")] * 4


def test_ranges_of_a_copy_belong_together(version, consultant, signed_in, session):
    browser = signed_in("ec", consultant)
    first = browser.get(place(version), headers={"Range": "bytes=0-999"})
    assert (first.status_code, len(first.data)) == (206, 1000)
    rest = browser.get(place(version), headers={"Range": "bytes=1000-", "If-Range": first.headers["ETag"]})
    assert rest.status_code == 206
    assert first.data + rest.data == browser.get(place(version)).data
    assert len(session.scalars(select(DprCopy)).all()) == 1
    assert len(reads(session)) == 3
    elsewhere = browser.get(place(version), environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert "203.0.113.7" in pages_of(elsewhere.data)[0]


def test_copies_are_swept_after_an_hour_and_the_report_stays(version, consultant, signed_in, session):
    browser = signed_in("ec", consultant)
    browser.get(place(version)).close()
    (copy,) = session.scalars(select(DprCopy)).all()
    kept = copy.sha256
    copies._sweep_copies()
    assert storage.exists(kept)
    with transaction():
        copy.made_at = now() - copies.KEPT / 2
    browser.get(place(version)).close()
    assert len(session.scalars(select(DprCopy)).all()) == 2
    with transaction():
        copy.made_at = now() - copies.KEPT
    copies._sweep_copies()
    assert not storage.exists(kept)
    assert storage.exists(version.sha256)
    with pytest.raises(NotFound):
        storage.reader(kept)


def test_a_copy_that_cannot_be_made_gives_nothing_away(version, consultant, signed_in, session, monkeypatch):
    monkeypatch.setattr(copies.sandbox, "look", lambda *given: {"refused": "damaged"})
    answer = signed_in("ec", consultant).get(place(version))
    assert answer.status_code == 500
    assert b"%PDF" not in answer.data
    assert reads(session) == []


def test_the_manifest_is_closed_to_consultants_and_not_offered(version, consultant, signed_in, api, session):
    browser, caller = signed_in("ec", consultant), api("ec", consultant)
    answer = browser.get(place(version, 2))
    assert answer.status_code == 404
    for seen in (answer, browser.get(place(version, 99))):
        assert (seen.status_code, "There is no such record." in seen.text) == (404, True), "closed is like not there"
    assert caller.get(place(version, 2, "/api/v1/doc-assembly")).status_code == 404
    page = browser.get(f"/doc-assembly/versions/{version.id}").text
    assert "manifest" not in page
    assert "Download your copy" in page
    assert "Say amount" not in page
    shown = caller.get(f"/api/v1/doc-assembly/versions/{version.id}").json
    assert (shown["whole"], [part["position"] for part in shown["parts"]]) == (False, [1])
    assert "say_amount" not in shown
    assert "say_amount" in api("ee").get(f"/api/v1/doc-assembly/versions/{version.id}").json
    refused = session.scalars(select(AuditRecord).where(AuditRecord.outcome == "refused")).all()
    assert [(kept.act, kept.why) for kept in refused if kept.why == "restricted"] == [
        ("doc_assembly.read", "restricted")
    ] * 2


def test_a_closed_section_of_others_is_refused_and_not_linked(version, project, consultant, signed_in, api):
    browser, caller = signed_in("ec", consultant), api("ec", consultant)
    base = f"/doc-assembly/of/{project.id}"
    page = browser.get(base).text
    assert f"{base}/sections/VI.1" not in page
    assert "closed until the tender" in page
    assert f"{base}/sections/I.4" in page
    written = {"text": "Mine", "text_te": "", "version": 1}
    tried = [
        browser.get(f"{base}/sections/VI.1"),
        browser.post(f"{base}/sections/VI.1", data=written),
        browser.post(f"{base}/sections/VI.1/preview", data=written),
        browser.get(f"{base}/sections/VI.1/revisions/1"),
        caller.get(f"/api/v1{base}/sections/VI.1"),
        caller.patch(f"/api/v1{base}/sections/VI.1", json={"text": "Mine"}, headers={"If-Match": "*"}),
    ]
    assert [answer.status_code for answer in tried] == [404] * 6
    assert not any(SECRET in answer.text for answer in tried)
    rows = caller.get(f"/api/v1{base}/sections").json["_embedded"]["items"]
    assert [row["code"] for row in rows if row["closed"]] == ["VI.1"]
    assert SECRET in signed_in("ae").get(f"{base}/sections/VI.1").text


def test_a_consultants_own_input_stays_readable(project, consultant, signed_in, actor, session):
    browser, base = signed_in("ec", consultant), f"/doc-assembly/of/{project.id}"
    written = {"text": SECRET, "text_te": "", "version": 0}
    assert browser.get(f"{base}/sections/VI.1").status_code == 200
    assert browser.post(f"{base}/sections/VI.1", data=written).status_code == 303
    commands.write_section(actor("ae"), project.id, "VI.1", {"text": f"{SECRET}, checked", "text_te": ""})
    assert "checked" in browser.get(f"{base}/sections/VI.1").text
    assert f"{base}/sections/VI.1" in browser.get(base).text
    other = actor("ec", [project.id])
    with pytest.raises(NotFound) as refused:
        queries.get_section(other, project.id, "VI.1")
    assert refused.value.why == "restricted"


def test_another_consultants_version_does_not_exist(version, signed_in):
    assert signed_in("ec").get(place(version)).status_code == 404


def test_what_is_closed_is_what_the_policy_closes(project, actor):
    for role in ("ce", "dce", "ee", "ae", "to", "qr", "fa", "ec"):
        one = actor(role, [project.id])
        about = About(project=project.id, restricted=True)
        assert queries.sees_everything(one, project.id) == one.can("doc_assembly.read", about)
