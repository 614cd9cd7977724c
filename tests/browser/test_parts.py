"""Every macro of `ui` in Chromium: for everybody's eyes and hands, with keys, live, and when things go wrong."""

import gzip

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SIZES, faults, too_wide


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(parts, open_page, size, scheme):
    page = open_page(parts, size, scheme)
    for place in ("/parts", "/parts?conflict=1"):
        page.goto(place)
        assert faults(page) == []
        assert too_wide(page) == 0
    assert page.strangers == []


def test_targets_on_a_phone_are_large_enough_for_a_thumb(parts, open_page):
    page = open_page(parts, "phone")
    page.goto("/parts")
    small = page.eval_on_selector_all(
        "button, .btn, input:not([type=hidden], [type=checkbox], [type=radio]), select, .pick, .side a",
        "all => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)",
    )
    assert small == []


def test_the_modules_open_as_a_menu_on_a_phone_without_script(parts, open_page):
    page = open_page(parts, "phone", java_script_enabled=False)
    page.goto("/parts")
    assert not page.locator("#side").is_visible()
    page.click(".menu-button")
    assert page.locator("#side .brand").is_visible()


def test_a_refused_form_comes_back_with_its_errors_linked_to_the_fields(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    page.eval_on_selector("#name", "field => field.required = false")
    page.fill("#day", "31-02-2026")
    page.click("text=Save particulars")
    page.wait_for_selector(".errors")
    assert page.evaluate("document.activeElement.className") == "errors"
    page.click(".errors a >> nth=1")
    assert page.evaluate("document.activeElement.id || location.hash") in ("day", "#day")
    assert page.get_attribute("#day", "aria-describedby") == "day-error"
    assert page.input_value("#day") == "31-02-2026"
    assert faults(page) == []


def test_a_page_whose_scripts_arrive_late_is_live_all_the_same(parts, open_page):
    page = open_page(parts)
    page.route("**/hx-sse*", lambda asked: (page.wait_for_timeout(1_500), asked.continue_()))
    page.goto("/parts")
    expect(page.locator("#live")).to_have_text("live", timeout=10_000)


def test_a_region_asks_again_when_its_topic_is_announced_and_tints_what_changed(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    expect(page.locator("#live")).to_have_text("live", timeout=20_000)
    expect(page.locator("#live")).to_be_visible()
    before = int(page.inner_text("#asked"))
    page.request.get("/parts/announce")
    expect(page.locator("#asked")).not_to_have_text(str(before))
    page.wait_for_selector("#asked.fresh")
    page.wait_for_selector("#asked:not(.fresh)")


def test_where_the_stream_is_blocked_polling_takes_over_and_says_so(parts, open_page):
    page = open_page(parts)
    page.route("**/live/**", lambda asked: asked.abort())
    page.goto("/parts")
    before = int(page.inner_text("#asked"))
    page.wait_for_selector("#live.polling:not([hidden])")
    expect(page.locator("#asked")).not_to_have_text(str(before))


def test_an_act_changes_its_region_only(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    page.fill("#note", "typed and not saved")
    page.eval_on_selector("#particulars", "form => form.dataset.same = 'yes'")
    before = int(page.inner_text("#acted"))
    page.click("text=Assemble DPR")
    expect(page.locator("#acted")).to_have_text(str(before + 1))
    assert page.get_attribute("#particulars", "data-same") == "yes"
    assert page.input_value("#note") == "typed and not saved"


def test_an_act_that_cannot_be_undone_says_first_what_will_happen(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    before = int(page.inner_text("#acted"))
    page.click("summary:text('Cancel build')")
    assert page.locator(".confirm-box").inner_text().startswith("It stops within ten seconds.")
    assert int(page.inner_text("#acted")) == before
    page.click(".confirm-box button")
    expect(page.locator("#acted")).to_have_text(str(before + 1))


def test_a_fault_of_the_server_changes_nothing_and_gives_a_number_to_quote(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    page.click("text=Break it")
    page.wait_for_selector("#flash [role=alert]")
    assert "Quote number" in page.inner_text("#flash")
    assert page.locator("#state h2").count() == 1


def test_without_a_connection_what_was_typed_stays(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    page.fill("#name", "Link road")
    page.route("**/parts", lambda asked: asked.abort())
    page.click("text=Save particulars")
    page.wait_for_selector("#flash [role=alert]")
    assert "No connection" in page.inner_text("#flash")
    assert page.input_value("#name") == "Link road"


def test_leaving_with_something_unsaved_is_asked_about(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    page.fill("#name", "Link road")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.click("#elsewhere")
    page.wait_for_timeout(200)
    assert (len(asked), page.input_value("#name")) == (1, "Link road")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#elsewhere")
    page.wait_for_url("**/parts?b=1")


def test_choosing_their_text_puts_it_into_the_form(parts, open_page):
    page = open_page(parts)
    page.goto("/parts?conflict=1")
    page.check("#theirs-day")
    page.check("#theirs-name")
    assert (page.input_value("#day"), page.input_value("#name")) == ("02-01-2026", "Link road")


def test_an_amount_is_said_in_crore_and_lakh_while_it_is_typed(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    page.fill("#amount", "41,20,00,000")
    assert page.inner_text("[data-words=amount]") == "₹ 41 crore 20 lakh"
    page.fill("#amount", "forty")
    assert page.inner_text("[data-words=amount]") == ""


def test_an_upload_shows_how_far_it_is(parts, open_page, tmp_path):
    (tmp_path / "large.pdf").write_bytes(b"%PDF-" + bytes(2_000_000))
    page = open_page(parts)
    page.goto("/parts")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.evaluate(
        """() => { window.said = [];
        const note = () => said.push(document.querySelector(".sending p").innerText);
        const box = document.querySelector(".sending");
        new MutationObserver(note).observe(box, { subtree: true, childList: true, attributes: true }) }"""
    )
    page.fill("#title", "Drawing")
    page.set_input_files("#file", tmp_path / "large.pdf")
    page.click("button:text('Upload file')")
    expect(page.locator("#title")).to_have_value("")
    assert any("%" in line for line in page.evaluate("said"))


def test_the_keys_work_and_are_listed(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/parts?item=1"
    page.keyboard.press("Enter")
    page.wait_for_url("**/parts?item=1")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"


def test_brightness_is_kept_and_written_into_the_page_by_the_server(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    page.click(".account")
    page.click("text=Dark")
    assert "data-theme=" not in page.request.get("/parts").text().split(">")[0]
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    page.click(".account")
    assert page.get_attribute("[data-theme-choice=dark]", "aria-pressed") == "true"
    assert faults(page) == []


def test_a_print_has_no_navigation(parts, open_page):
    page = open_page(parts)
    page.goto("/parts")
    page.emulate_media(media="print")
    for part in (".side", ".bar", ".foot", ".btn >> nth=0"):
        assert not page.locator(part).is_visible()


def test_the_first_page_weighs_little_and_the_next_ones_less(parts, open_page):
    page = open_page(parts)
    weights = {}
    page.on("response", lambda answer: weights.update({answer.url: len(gzip.compress(answer.body()))}))
    page.goto("/parts", wait_until="load")
    page.wait_for_timeout(300)
    assert sum(size for url, size in weights.items() if "/live/" not in url) < 150_000
    assert weights[f"{parts}/parts"] < 25_000
