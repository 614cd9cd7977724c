"""The watch in Chromium: what others do is seen without a reload, and what is done about it reaches their browser."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import SIZES, faults, too_wide


def guess_passwords(page, names=10, tries=3):
    """Wrong passwords for names nobody has; some are turned away by the limit, as a guesser would be."""
    said = [
        page.request.post("/api/v1/auth/token", data={"username": f"guess{number}", "password": "wrong"}).status
        for _try in range(tries)
        for number in range(names)
    ]
    assert set(said) <= {401, 429}
    assert said.count(401) >= 15


def test_guessing_and_trying_doors_are_seen_live_and_an_officer_is_signed_out_from_the_incident(signed_in_page):
    chief, officer = signed_in_page("ce"), signed_in_page("to")
    chief.goto("/security/")
    expect(chief.locator("#live")).to_contain_text("live")
    chief.evaluate("window.stayed = true")
    guess_passwords(officer)
    watch = chief.locator("#watch")
    expect(watch).to_contain_text(re.compile(r"Failed sign-ins of \d+ names from network 127\.0\.0\.0/24"))
    for _door in range(6):
        assert officer.goto("/security/").status == 403
    refused = chief.locator("#watch tr", has_text="refusals in 10 minutes")
    expect(refused).to_contain_text("Technical Officer")
    assert chief.evaluate("window.stayed"), "the page was not loaded again"
    refused.locator("a").click()
    expect(chief.locator("#incident")).to_contain_text("Suggested: Lock the account")
    chief.click("summary:text('End all sessions')")
    expect(chief.locator("#incident")).to_contain_text("is signed out everywhere at once")
    chief.locator("details[open] button").click()
    expect(chief.locator("#incident")).to_contain_text("You handle it")
    officer.goto("/projects/")
    expect(officer).to_have_url(re.compile("/sign-in"))
    chief.fill("#text", "Spoke with the officer: a misread menu.")
    chief.click("button:text('Keep note')")
    expect(chief.locator("#incident")).to_contain_text("a misread menu")
    here = chief.url
    chief.click("text=Close incident")
    chief.select_option("#reason", "harmless")
    chief.fill("#words", "A misread menu.")
    chief.keyboard.press("Tab")
    chief.keyboard.press("Enter")
    expect(chief.locator("#incident")).to_contain_text("as harmless: A misread menu.")
    assert (chief.complaints, chief.strangers) == ([], [])
    shown = {"laptop": ["", "alerts", "records?kind=failed", "sessions", "rules"], "phone": ["", "sessions"]}
    found = {}
    for size, parts in shown.items():
        width, height = SIZES[size]
        chief.set_viewport_size({"width": width, "height": height})
        for address in [here, *(f"/security/{part}" for part in parts)]:
            chief.goto(address)
            found[address, size] = (faults(chief), too_wide(chief))
    assert {key: said for key, said in found.items() if said != ([], 0)} == {}
