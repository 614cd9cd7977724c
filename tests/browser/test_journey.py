"""The main path in Chromium: from the division's works report to a downloaded report of one project."""

import re

import pikepdf
from playwright.sync_api import expect

from portal.config import ROOT

SAMPLES = ROOT / "docs" / "sample"
FILES = {
    "drawing-RD-TCS-01.pdf": ("drawing", "Typical cross section"),
    "noc-road-cutting.pdf": ("clearance_letter", "Road cutting permission"),
    "certificate-ground-verification.png": ("certificate", "Ground verification"),
}


def load_works_report(page):
    page.click("main a:text('Load works report') >> nth=0")
    page.set_input_files("input[type=file]", SAMPLES / "works-report.xlsx")
    page.click("button:text('Read report')")
    expect(page.locator("h1")).to_contain_text("works-report.xlsx")
    page.click("main button.btn-primary:text('Load')")
    page.click("text=See the projects")


def upload_estimate(page):
    page.click("#estimate >> text=Upload BOQ workbook")
    page.set_input_files("input[type=file]", SAMPLES / "boq.xlsx")
    page.click("button:text('Upload and check')")
    page.click("button:text('items over')", timeout=60_000)  # the page shows it by itself when the worker has read it
    expect(page.locator("main")).to_contain_text("Recapitulation")
    expect(page.locator("main")).to_contain_text("13,69,17,000")


def attach(page, name):
    kind, title = FILES[name]
    page.fill("#title", title)
    page.select_option("#kind", kind)
    page.set_input_files("#file", SAMPLES / name)
    page.click("button:text('Upload file')")
    expect(page.locator("#files tbody")).to_contain_text(title)


def assemble(page):
    """Press the button, watch the bar; it never goes back."""
    page.click("button:text('Assemble DPR')")
    expect(page.locator("h1")).to_contain_text("D1")
    percents = []
    while page.locator("#job >> text=Open D1").count() == 0:
        percents.append(float(page.get_attribute("#job progress", "value")))
        assert len(percents) < 600, "The report is not ready after a minute."
        page.wait_for_timeout(100)
    assert percents == sorted(percents)
    page.click("#job >> text=Open D1")
    page.wait_for_url("**/versions/*")


def test_from_the_works_report_to_a_downloaded_report(signed_in_page, tmp_path):
    page = signed_in_page("ee")
    load_works_report(page)
    page.click("tbody a:text('Budvel')")
    expect(page.locator("h1")).to_have_text("Budvel")
    project = page.url
    upload_estimate(page)
    page.goto(project)
    page.click("#files >> text=Add a file")
    for name in FILES:
        attach(page, name)
    page.goto(project)
    assemble(page)
    pages = int(re.search(r"(\d+) pages", page.inner_text(".turn"))[1])
    with page.expect_download() as waiting:
        page.click("text=Download PDF")
    waiting.value.save_as(tmp_path / "dpr.pdf")
    with pikepdf.open(tmp_path / "dpr.pdf") as report:
        assert len(report.pages) == pages
    assert (page.complaints, page.strangers) == ([], [])


def test_two_tabs_that_save_the_same_project_lose_no_word(signed_in_page):
    first = signed_in_page("ee")
    first.goto("/projects/")
    first.click("tbody th a >> nth=0")
    first.click("main a:text('Correct particulars') >> nth=0")
    expect(first.locator("#village")).to_be_visible()
    second = first.context.new_page()
    second.goto(first.url)
    for page, village in ((first, "Narsingi"), (second, "Puppalguda")):
        page.fill("#village", village)
        page.click("main button.btn-primary:text('Save')")
        if page is first:
            expect(page.locator("h1")).to_be_visible()
            page.wait_for_url(re.compile(r"/projects/[0-9a-f-]+$"))
    expect(second.locator(".errors")).to_contain_text("Narsingi")
    expect(second.locator(".errors")).to_contain_text("Puppalguda")
    assert second.input_value("#village") == "Puppalguda"
    second.check("#theirs-village")
    assert second.input_value("#village") == "Narsingi"
    second.fill("#village", "Narsingi and Puppalguda")
    second.click("main button.btn-primary:text('Save')")
    expect(second.locator("main")).to_contain_text("Narsingi and Puppalguda")


def test_what_a_role_may_not_do_is_not_offered_and_refused_when_tried(signed_in_page):
    page = signed_in_page("qr")
    page.goto("/projects/")
    assert page.locator("text=Load works report").count() == 0
    page.goto("/projects/new")
    expect(page.locator("h1")).to_have_text("Your role does not include this")
    expect(page.locator("main")).to_contain_text("Executive Engineer")
    admin = signed_in_page("admin")
    assert admin.locator(".side a").all_inner_texts()[1:] == ["Delegations", "Security", "Officers"]


def test_the_shell_speaks_telugu_and_stays_on_the_page(signed_in_page):
    page = signed_in_page("ee")
    page.goto("/projects/new")
    page.click("button[name=language]")
    page.wait_for_url("**/projects/new")
    expect(page.locator("html")).to_have_attribute("lang", "te")
    assert re.search("[\u0c00-\u0c7f]", page.inner_text("h1"))
    page.click("button[name=language]")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_text_that_was_typed_and_not_saved_comes_back(signed_in_page):
    page = signed_in_page("ee")
    page.goto("/projects/?q=Shamshabad")
    page.click("main tbody a >> nth=0")
    page.wait_for_url("**/projects/*-*")
    page.click("main a:text('Correct particulars')")
    page.fill("#work", "Widening, as the officer was about to write")
    expect(page.locator("[data-draft]")).to_contain_text("Kept on this computer")
    page.on("dialog", lambda question: question.accept())
    page.goto("/projects/")
    page.go_back()
    expect(page.locator("#work")).to_have_value("Widening, as the officer was about to write")
    page.click("button:text('Show what is saved')")
    expect(page.locator("#work")).to_have_value(re.compile("^Widening of the radial road"))
