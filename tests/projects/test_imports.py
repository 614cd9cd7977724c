"""A works report is loaded whole, once, and can be taken back whole until somebody has worked on it."""

import io
import random

import pytest

from portal.core import storage
from portal.core.access import SYSTEM
from portal.core.errors import Invalid, NotPermitted, RuleBroken
from portal.projects import commands, queries
from portal.projects.forms import FlagForm
from portal.projects.models import DqFlag, ImportBatch, ImportRow, Project
from portal.projects.rules import View
from tests.projects.reports import Upload, by_name, changed, content


def test_a_dry_run_changes_nothing_and_says_what_would(session, stage, officer, recorded):
    batch = stage()
    plan = queries.get_plan(officer, batch.id)
    assert (batch.state, batch.rows, batch.accepted) == ("dry_run", 16, 14)
    assert plan.counts == {"create": 14, "update": 0, "same": 0, "left_out": 2}
    assert not session.query(Project).count()
    assert recorded() == []


def test_a_load_creates_every_work_with_its_fact_and_its_doubts(session, load, recorded):
    batch = load()
    assert batch.result == {"create": 14, "update": 0, "same": 0, "left_out": 2}
    assert recorded().count("hmda.stage2.project.created") == 14
    assert recorded()[-1] == "hmda.dashboard.import.committed"
    hostel = session.query(Project).filter(Project.work.startswith("Hostel")).one()
    assert (hostel.code, hostel.project_id, hostel.open_flags, hostel.kept_out) == (
        "INFRA-BD-2022-001-DIII",
        hostel.id,
        2,
        True,
    )
    layouts = session.query(Project.code).filter_by(work_type="layout").order_by(Project.code).all()
    assert next(code for (code,) in layouts) == "INFRA-LY-2022-001-DVI"


def test_shared_amounts_are_counted_once(session, load, officer):
    load()
    found = queries.get_portfolio(officer, View(chosen={"division": ("VI",)}))
    assert found.totals.contract == 552_400_000
    pair = {row.name: row for row in found.page.rows}
    assert pair["Rampur layout"].reached == "contracted"
    other = queries.list_shared(officer, pair["Rampur layout"].id)
    assert [project.name for project in other] == ["Lakshmipur layout"]


def test_words_of_any_length_are_loaded_and_found_again(session, load):
    random.seed(1)
    long = ["".join(chr(random.randrange(0xC05, 0xC39)) for _sign in range(9000)) for _work in range(3)]
    works = {row: {"division": word, "work": word, "name": word, "ecv": 2} for row, word in enumerate(long, 2)}
    assert load(content(works=works)).result["create"] == 3
    again = works | {2: works[2] | {"ecv": 3}}
    assert load(content(works=again)).result == {"create": 0, "update": 1, "same": 2, "left_out": 0}


def test_the_same_file_twice_changes_nothing(session, load, stage, officer, recorded):
    first = load()
    facts = len(recorded())
    assert stage().id == first.id
    with pytest.raises(RuleBroken):
        commands.commit_works_report(officer, first.id)
    saved_again = stage(content(change=lambda sheet, place: setattr(sheet, "title", "Again")))
    assert saved_again.id != first.id
    assert commands.commit_works_report(officer, saved_again.id).result["same"] == 14
    assert len(recorded()) == facts + 1
    assert session.query(Project).count() == 14


def test_a_changed_file_updates_what_changed_and_closes_the_doubts_it_answers(session, load, officer):
    load()
    before = by_name(session, "Trunk sewer").version
    batch = load(changed(15, estimate=60.5, status="Commenced"))
    sewer = by_name(session, "Trunk sewer")
    assert batch.result == {"create": 0, "update": 1, "same": 13, "left_out": 2}
    assert (sewer.estimate_amount, sewer.status, sewer.amount) == (605_000_000, "Commenced", 605_000_000)
    assert sewer.version == before + 1
    assert [flag.state for flag in queries.list_flags(officer, sewer.id)] == ["corrected"]
    assert sewer.open_flags == 0


def test_what_an_officer_has_edited_is_kept_and_said(session, load, officer):
    load()
    sewer = by_name(session, "Trunk sewer")
    values = {"status": "Tender called", "estimate_amount": 500_000_000}
    commands.edit_project(officer, sewer.id, values, seen=sewer.version)
    batch = load(changed(15, status="Commenced", agency="M/s Lakeside"))
    assert batch.result["update"] == 1
    session.refresh(sewer)
    assert (sewer.status, sewer.agency, sewer.estimate_amount) == ("Tender called", "M/s Lakeside", 500_000_000)
    kept = [flag for flag in queries.list_flags(officer, sewer.id) if flag.code == "edited"]
    assert [(flag.field, flag.found, flag.state) for flag in kept] == [("status", "Commenced", "open")]


def test_a_work_entered_by_hand_is_found_again_by_the_report(session, load, officer):
    values = {
        "name": "Sewer",
        "work": "Trunk Sewer along the lake.",
        "division": "III",
        "work_type": "sewerage",
        "code": "",
    }
    made = commands.create_project(officer, values)
    assert load().result["create"] == 13
    session.refresh(made)
    assert (made.name, made.financial_year, made.type_as_written) == ("Sewer", "", "UGD")


def settle(officer, flag, **said):
    """What an officer says of a doubt, by the form; the errors at the value where it is refused."""
    form = FlagForm.from_json({"decision": "corrected"} | said)
    return form.run(commands.settle_flag, officer, flag.id) or " ".join(form.value.errors)


def test_a_held_figure_is_put_right_by_an_officer(session, load, officer, recorded):
    load()
    layout = session.query(Project).filter(Project.work.startswith("Large layout")).one()
    flag = next(f for f in queries.list_flags(officer, layout.id) if f.field == "contract_value")
    assert "unit" in settle(officer, flag, value="36890")
    assert "unit" in settle(officer, flag, value="368.90")
    assert settle(officer, flag, value="368.90 crore", note="Agreement seen") == flag
    assert (layout.contract_value, layout.open_flags) == (3_689_000_000, 1)
    assert recorded()[-2:] == ["hmda.stage2.project.updated", "hmda.projects.flag.settled"]
    with pytest.raises(RuleBroken):
        settle(officer, flag, value="368.90 crore")


def test_the_right_value_is_read_as_the_particulars_read_it(session, load, officer):
    load()
    bypass = session.query(Project).filter(Project.work.startswith("Bypass")).one()
    (flag,) = queries.list_flags(officer, bypass.id)
    for wrong in ("Government", "the Board", ""):
        assert isinstance(settle(officer, flag, value=wrong), str)
    fence = session.query(DqFlag).filter_by(code="as_year").one()
    assert "2025-26" in settle(officer, fence, value="2023-2024")
    tender = session.query(DqFlag).filter_by(code="tender_percent").one()
    assert isinstance(settle(officer, tender, value="5000"), str)
    assert settle(officer, tender, value="−36.10 %").state == "corrected"
    assert settle(officer, flag, value="govt").state == "corrected"
    session.refresh(bypass)
    assert (bypass.as_authority, str(bypass.authority_label)) == ("govt", "Government")
    with pytest.raises(Invalid):
        bypass.as_authority = "Government"


def test_a_doubt_about_a_choice_offers_the_choices(session, redis, signed_in, load):
    load()
    browser, flag = signed_in("ee"), session.query(DqFlag).filter_by(code="authority").one()
    place = f"/projects/flags/{flag.id}"
    asked = browser.get(place).text
    assert '<option value="govt">Government' in asked
    assert asked.index('name="value"') < asked.index('name="note"')
    assert browser.post(place, data={"decision": "corrected", "value": "Government"}).status_code == 422
    assert browser.post(place, data={"decision": "corrected", "value": "govt"}).status_code == 303
    for export in ("csv", "xlsx"):
        with browser.get(f"/projects/export.{export}") as answer:
            assert answer.status_code == 200


def test_a_date_left_as_it_stands_counts_in_averages_again(session, load, officer):
    load()
    lake = by_name(session, "Lake")
    (flag,) = queries.list_flags(officer, lake.id)
    commands.settle_flag(officer, flag.id, {"decision": "accepted", "value": "", "note": ""})
    session.refresh(lake)
    assert (lake.kept_out, lake.open_flags, flag.settled_by) == (False, 0, officer.id)


@pytest.mark.parametrize("data", [b"", b"nothing", content(works={})], ids=["empty", "text", "no work"])
def test_a_refused_file_leaves_nothing_behind(session, stage, data):
    with pytest.raises(Invalid) as caught:
        stage(data) if data else commands.stage_works_report(SYSTEM, Upload(data))
    assert caught.value.field == "file"
    assert not session.query(ImportBatch).count()
    assert not list((storage.store().root / "incoming").iterdir())


def test_only_those_who_answer_for_the_register_load_reports(session, load, actor):
    batch = load()
    for role in ("ae", "to", "qr", "fa", "ec", "admin"):
        for ask in (commands.undo_works_report, commands.commit_works_report, queries.get_plan):
            with pytest.raises(NotPermitted):
                ask(actor(role), batch.id)


def test_the_page_reads_shows_loads_and_undoes(session, redis, signed_in):
    browser = signed_in("ee")
    assert b"Read report" in browser.get("/projects/import").data
    sent = browser.post("/projects/import", data={"file": (io.BytesIO(content()), "works.xlsx")})
    assert sent.status_code == 303
    place = sent.headers["Location"]
    seen = browser.get(place).text
    assert "Load 14 works" in seen
    assert "Crore or lakh?" in seen
    only = browser.get(place + "?kind=flagged", headers={"HX-Request": "true", "HX-Target": "div#report"}).text
    assert "<html" not in only
    assert "Trunk sewer along" in only
    assert "Road to the orbit gate" not in only
    assert browser.post(place + "/commit").status_code == 303
    assert "14 projects created" in browser.get(place).text
    assert browser.post(place + "/undo").status_code == 303
    assert session.query(ImportRow).count() == 16
    bad = browser.post("/projects/import", data={"file": (io.BytesIO(b"x"), "works.xlsx")})
    assert (bad.status_code, "no workbook" in bad.text) == (422, True)


def test_the_api_stages_shows_rows_and_commits(session, redis, api):
    client = api("dce")
    made = client.post("/api/v1/projects/reports", data={"file": (io.BytesIO(content()), "works.xlsx")})
    assert made.status_code == 201, made.text
    rows = client.get(made.json["_links"]["rows"]["href"]).json["_embedded"]["items"]
    assert [row["action"] for row in rows].count("create") == 14
    done = client.post(made.json["_links"]["commit"]["href"])
    assert (done.status_code, done.json["state"]) == (200, "committed")
    assert client.post(made.json["_links"]["commit"]["href"]).status_code == 409
    flags = session.query(DqFlag).filter_by(code="tender_percent").one()
    listed = client.get(f"/api/v1/projects/{flags.project_id}/flags").json["_embedded"]["items"]
    assert listed[0]["suggested"] == "-36.10"
    settled = client.post(f"/api/v1/projects/flags/{flags.id}/settle", json={"decision": "accepted"})
    assert (settled.status_code, settled.json["state"]) == (200, "accepted")
