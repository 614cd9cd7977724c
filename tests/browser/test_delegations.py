"""An instrument in Chromium: prepared by keyboard, two officers at one draft, an open page that learns of its end."""

import datetime as dt

from playwright.sync_api import expect

from tests.browser.conftest import faults, too_wide

REASON = "Leave of the Chief Engineer, note file 44"


def day(days=0):
    india = dt.datetime.now(dt.timezone(dt.timedelta(hours=5, minutes=30)))
    return f"{india.date() + dt.timedelta(days=days):%d-%m-%Y}"


def prepare(page, officer, circle):
    """A draft from the list, by keyboard alone."""
    page.goto("/delegations/")
    page.keyboard.press("n")
    expect(page.locator("h1")).to_have_text("Prepare an instrument")
    page.focus("#to_officer")
    page.select_option("#to_officer", officer)
    for text in ("", "", "", "", "1.5 crore"):  # kind, charge, from, up to
        page.keyboard.press("Tab") if not text else page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for text in ("", "", circle, day(), day(18)):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.focus("#reason")
    page.keyboard.type(REASON)
    page.focus("#outside_approval_ref")
    page.keyboard.press("Enter")
    expect(page.locator("#instrument")).to_contain_text("19 calendar days")
    return page.url


def test_from_a_draft_by_keyboard_to_an_open_page_that_learns_of_its_end(portal, signed_in_page):
    chief, deputy = signed_in_page("ce"), signed_in_page("dce")
    draft = prepare(chief, "dce", "III")
    chief.click("text=Issue instrument")
    expect(chief.locator("ul")).to_contain_text(["It takes effect at once"])
    chief.click("button:text('Issue instrument')")
    expect(chief.locator("#instrument")).to_contain_text("in force")
    deputy.goto(draft)
    expect(deputy.locator("#instrument")).to_contain_text("decides for the Chief Engineer in these bounds")
    expect(deputy.locator("text=Revoke instrument")).to_have_count(0)
    chief.click("text=Revoke instrument")
    chief.fill("#why", "Back from leave on 02-12-2026")
    chief.click("button:text('Revoke instrument')")
    expect(deputy.locator("#instrument")).to_contain_text("Back from leave on 02-12-2026")
    assert (chief.complaints, deputy.complaints) == ([], [])


def test_two_officers_at_one_draft_choose_field_by_field_and_every_page_is_fit(portal, signed_in_page):
    chief, clerk = signed_in_page("ce"), signed_in_page("admin")
    draft = prepare(clerk, "ee", "VIII")
    for page in (chief, clerk):
        page.goto(f"{draft}/edit")
    clerk.fill("#ceiling_rs", "1 crore")
    clerk.check("#class-complex")
    clerk.click("button:text('Save draft')")
    expect(clerk.locator("#instrument")).to_contain_text("standard, complex")
    chief.fill("#ceiling_rs", "2 crore")
    chief.click("button:text('Save draft')")
    expect(chief.locator(".errors")).to_contain_text("Another officer saved this record")
    assert chief.is_checked("#class-complex"), "what only they changed was taken over"
    chief.check("#mine-project_classes")
    assert not chief.is_checked("#class-complex")
    chief.check("#theirs-ceiling_rs")
    assert chief.input_value("#ceiling_rs") == "10000000.00"
    found = {"conflict": (faults(chief), too_wide(chief))}
    chief.click("button:text('Save draft')")
    expect(chief.locator("#instrument")).to_contain_text("₹ 1,00,00,000.00")
    here = draft.removeprefix(portal.address)
    addresses = ["/delegations/", "/delegations/new", here, f"{here}/edit", f"{here}/issue"]
    for size in ((1366, 768), (390, 844)):
        chief.set_viewport_size({"width": size[0], "height": size[1]})
        for address in addresses:
            chief.goto(address)
            found[address, size] = (faults(chief), too_wide(chief))
    assert {key: said for key, said in found.items() if said != ([], 0)} == {}
