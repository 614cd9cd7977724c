"""Estimates as officers see them."""

import re

import pytest

from portal.boq_estimates import commands, queries
from portal.core.access import SYSTEM
from tests.boq_estimates.conftest import HEAD, WRONG, Sent, read_in


@pytest.fixture
def estimate(imported, actor):
    return queries.find_estimate(actor("ee"), imported[0].id)


def block(browser, url, target):
    return browser.get(url, headers={"HX-Request": "true", "HX-Target": f"div#{target}"}).get_data(as_text=True)


def test_the_list_finds_by_number_title_and_project(imported, estimate, signed_in, redis):
    browser = signed_in("qr")
    assert estimate.estimate.estimate_no in browser.get("/boq-estimates/").get_data(as_text=True)
    for words in ("EST/", "kompally", estimate.project_code):
        assert "35,10,000.00" in browser.get("/boq-estimates/", query_string={"q": words}).get_data(as_text=True)
    assert "Nothing found" in browser.get("/boq-estimates/?q=100%25").get_data(as_text=True)


def test_the_region_of_a_project_says_what_to_do_next(session, make_project, signed_in, redis):
    project = make_project()
    url = f"/boq-estimates/of/{project.id}"
    assert "Upload BOQ workbook" in signed_in("ee").get(url).get_data(as_text=True)
    assert "Upload BOQ workbook" not in signed_in("qr").get(url).get_data(as_text=True)
    region = block(signed_in("ee"), url, "estimate")
    assert "<main" not in region
    assert "estimate_now" in region
    assert "estimate_now" not in block(signed_in("ee"), url, "estimate_now")


def test_an_estimate_shows_its_figures_and_why(imported, estimate, signed_in, redis):
    text = signed_in("ee").get(f"/boq-estimates/{estimate.id}").get_data(as_text=True)
    for figure in ("27,36,854.67", "12.98", "35,09,964", "35,10,000", "5 % × 2736854.67", "1,36,843", "131.34"):
        assert figure in text, figure
    assert "Rupees Thirty Five Lakh Ten Thousand only" in text
    assert len(re.findall(r'/recapitulation/[0-9a-f-]+"', text)) == 12
    assert "/recapitulation/" not in signed_in("ae").get(f"/boq-estimates/{estimate.id}").get_data(as_text=True)


def test_items_of_one_section_are_a_block_of_their_own(imported, estimate, signed_in, redis):
    text = block(signed_in("ee"), f"/boq-estimates/{estimate.id}?section=2", "items")
    assert "Plain cement concrete" in text
    assert "Excavation" not in text
    assert "<main" not in text


def test_an_upload_is_reviewed_and_taken_over(session, make_project, signed_in, workbook, redis):
    project, browser = make_project(), signed_in("ee")
    sent = browser.post(f"/boq-estimates/import/{project.id}", data={"file": (workbook(), "bill.xlsx")})
    assert sent.status_code == 303
    assert "being read" in browser.get(sent.location).get_data(as_text=True)
    batch_id = sent.location.rpartition("/")[2]
    batch = next(b for b in queries.list_imports(SYSTEM, project.id) if str(b.id) == batch_id)
    read_in(batch.id)
    text = browser.get(sent.location).get_data(as_text=True)
    assert "Take 8 items over" in text
    assert "Plain cement concrete M10" in text
    assert "<main" not in block(browser, sent.location, "state")
    assert "Take 8 items over" not in signed_in("qr").get(sent.location).get_data(as_text=True)
    done = browser.post(sent.location)
    assert (done.status_code, "/boq-estimates/" in done.location) == (303, True)
    assert browser.get(done.location).status_code == 200
    twice = browser.post(f"/boq-estimates/import/{project.id}", data={"file": (workbook(), "bill.xlsx")})
    again = queries.list_imports(SYSTEM, project.id)[0]
    read_in(again.id)
    assert twice.status_code == 303
    assert browser.post(f"{sent.location}/undo").status_code == 303
    assert browser.post(f"{twice.location}/reject").status_code in (303, 409)


def test_the_same_file_is_taken_twice_only_when_ticked(imported, road_file, signed_in, redis, actor):
    project, _batch = imported
    browser = signed_in("ee")
    file = Sent(road_file.read_bytes())
    batch = read_in(commands.request_import(actor("ee"), project.id, file, {}).id)
    url = f"/boq-estimates/imports/{batch.id}"
    assert "once more" in browser.get(url).get_data(as_text=True)
    refused = browser.post(url)
    assert (refused.status_code, "in the estimate already" in refused.get_data(as_text=True)) == (422, True)
    assert browser.post(url, data={"confirm": "y"}).status_code == 303


def test_a_wrong_file_is_told_at_the_field(session, make_project, signed_in, redis, workbook):
    url, browser = f"/boq-estimates/import/{make_project().id}", signed_in("ee")
    refused = browser.post(url, data={"file": (workbook(), "bill.xlsm")})
    assert (refused.status_code, "macros" in refused.get_data(as_text=True)) == (422, True)
    assert browser.post(url).status_code == 422
    assert signed_in("qr").get(url).status_code == 403


def test_issues_are_listed_and_downloaded(make_project, signed_in, redis, workbook, actor):
    project = make_project()
    batch = commands.request_import(actor("ee"), project.id, workbook(WRONG), {})
    read_in(batch.id)
    browser, url = signed_in("qr"), f"/boq-estimates/imports/{batch.id}"
    text = browser.get(url).get_data(as_text=True)
    assert "enter openings and deductions as deduct lines" in text
    assert "53,88,436.50" in text
    assert "Take" not in text
    assert "printed total" not in browser.get(f"{url}?severity=error").get_data(as_text=True)
    with browser.get(f"{url}/issues.xlsx") as file:
        assert (file.status_code, file.data[:2]) == (200, b"PK")
        assert "bill-issues.xlsx" in file.headers["Content-Disposition"]


def test_columns_are_named_on_a_page(make_project, signed_in, redis, workbook, actor):
    batch = commands.request_import(actor("ee"), make_project().id, workbook(head=list("ABCDEF")), {})
    read_in(batch.id)
    browser, url = signed_in("ee"), f"/boq-estimates/imports/{batch.id}/columns"
    assert "Road of 120 m" in browser.get(url).get_data(as_text=True)
    assert browser.post(url, data={"sheet": "BOQ"}).status_code == 422
    fields = dict(zip(("item_no", "description", "unit", "quantity", "rate", "amount"), range(6), strict=True))
    assert browser.post(url, data={"sheet": "BOQ", "header_row": 2, **fields}).status_code == 303
    assert browser.post(url, data={"sheet": "BOQ", "header_row": 2, "item_no": 1, "unit": 1}).status_code == 422
    assert HEAD


def test_a_head_is_set_on_its_page(imported, estimate, signed_in, redis, actor):
    line = next(
        row for row in queries.get_current_estimate(actor("ee"), imported[0].id).recap if row.head_code == "pmc"
    )
    browser, url = signed_in("fa"), f"/boq-estimates/recapitulation/{line.id}"
    assert 'value="1.5"' in browser.get(url).get_data(as_text=True)
    short = browser.post(url, data={"pct": "1", "reason": "x", "version": line.version})
    assert (short.status_code, "Say why" in short.get_data(as_text=True)) == (422, True)
    data = {"pct": "1", "reason": "A smaller consultancy", "version": line.version}
    assert browser.post(url, data=data).status_code == 303
    assert browser.post(url, data={**data, "version": 1}).status_code in (303, 409)
    assert signed_in("ae").get(url).status_code == 403


def test_particulars_are_corrected_and_two_tabs_lose_nothing(imported, estimate, signed_in, redis):
    browser, url = signed_in("ee"), f"/boq-estimates/{estimate.id}/particulars"
    version = estimate.estimate.version
    data = {"title": "Road", "base_rate_year": "2026-27", "duration_months": "36", "approved_budget": "37,00,000"}
    assert estimate.estimate.title in browser.get(url).get_data(as_text=True)
    assert browser.post(url, data={**data, "base_rate_year": "26"}).status_code == 422
    assert browser.post(url, data={**data, "version": version}).status_code == 303
    second = browser.post(url, data={**data, "title": "Other", "version": version})
    assert (second.status_code, "Other" in second.get_data(as_text=True)) == (409, True)
    shown = browser.get(f"/boq-estimates/{estimate.id}").get_data(as_text=True)
    assert "36 months" in shown
    assert "1,24,078" in shown
