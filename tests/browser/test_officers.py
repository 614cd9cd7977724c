"""The administrator's desk in Chromium: an invitation by keyboard alone, a role taken away, a list, every page fit."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import faults, too_wide

CHOSEN = "violin harbour seventeen clouds"
LIST = (
    "User name;Name;E-mail;Telephone;Role;Circles;Divisions;Active\n"
    "{name};అ. కుమార్;{name}@example.org;;AE;I, II;;yes\nnobody.known;;;;king;;;\n"
)


def invite(page, name):
    """Invite an officer by keyboard alone, from the list; returns the link as it is shown."""
    page.goto("/officers")
    page.keyboard.press("n")
    expect(page.locator("h1")).to_have_text("Invite an officer")
    page.focus("#username")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type("T. Trial")
    page.keyboard.press("Tab")
    page.keyboard.type("Assistant")
    for _field in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("The link for T. Trial")
    assert page.evaluate("getSelection().toString()") == page.input_value("#link")
    return page.input_value("#link")


def test_from_invitation_to_a_role_taken_away(portal, signed_in_page, open_page):
    desk, other = signed_in_page("admin"), open_page(portal.address)
    link = invite(desk, "t.trial")
    other.goto(link)
    for text in ("short", CHOSEN):
        other.focus("#password")
        other.keyboard.type(text)
        other.keyboard.press("Tab")
        other.keyboard.type(text)
        other.keyboard.press("Enter")
        if text == "short":
            expect(other.locator("#password-error")).to_contain_text("12 to 200 characters")
    expect(other.locator(".account")).to_contain_text("T. Trial")
    other.goto("/projects/")
    expect(other.locator("h1")).to_be_visible()

    desk.click("text=To the officer")
    expect(desk.locator("#officer")).to_contain_text("Assistant Engineer")
    expect(desk.locator("#officer")).to_contain_text("Chrome")
    desk.click("text=Change role")
    desk.select_option("#role", "fa")
    desk.click("text=See what changes")
    desk.click("button:text('Change role to Financial Analyst')")
    expect(desk.locator("#flash")).to_contain_text("every session of the officer has ended")
    expect(desk.locator("#officer")).to_contain_text("Nowhere at this moment")
    other.goto("/projects/")
    expect(other.locator("h1")).to_have_text("Sign in")
    other.goto(link)
    expect(other.locator("h1")).to_have_text("This link does not work")
    assert desk.complaints == []
    assert [said for said in other.complaints if not re.search("422|404", said)] == []


def test_a_page_that_is_open_notices_at_once_that_the_account_was_closed(portal, signed_in_page, open_page):
    desk, other = signed_in_page("admin"), open_page(portal.address)
    other.goto(invite(desk, "t.closed"))
    other.fill("#password", CHOSEN)
    other.fill("#repeated", CHOSEN)
    other.keyboard.press("Enter")
    expect(other.locator(".account")).to_be_visible()
    desk.click("text=To the officer")
    desk.click("text=Disable account")
    desk.click("button:text('Disable account')")
    expect(desk.locator("#why-error, :invalid >> nth=0")).to_have_count(1)
    desk.fill("#why", "Left the service on 25-11-2026.")
    desk.click("button:text('Disable account')")
    expect(desk.locator("#officer")).to_contain_text("Disabled: Left the service on 25-11-2026.")
    other.goto("/")
    expect(other.locator("h1")).to_have_text("Sign in")


def test_a_list_is_looked_at_and_every_page_of_the_desk_is_fit(portal, signed_in_page):
    page = signed_in_page("admin")
    found, addresses = {}, ["/officers/bulk", "/officers/new", "/officers?state=active&q=a"]
    content = LIST.format(name="b.kumar").encode()
    for part in (content, content.rpartition(b"nobody")[0]):
        page.goto("/officers/bulk")
        page.set_input_files("#file", {"name": "officers.csv", "mimeType": "text/csv", "buffer": part})
        page.click("button:text('Read list')")
        expect(page.locator("h1")).to_have_text("officers.csv")
        addresses.append(page.url.removeprefix(portal.address))
    page.click("button:text('Load the whole list')")
    expect(page.locator(".turn")).to_contain_text("1 made")
    with page.expect_download() as given:
        page.click("button:text('Download links')")
    assert "/invitation/" in given.value.path().read_text("utf-8-sig")
    page.goto("/officers?q=b.kumar")
    page.click("text=అ. కుమార్")
    expect(page.locator("h1")).to_have_text("అ. కుమార్")
    here = page.url.removeprefix(portal.address)
    addresses += [here, f"{here}/edit", f"{here}/role?role=ce", f"{here}/disable", f"{here}/link"]
    for size in ((1366, 768), (390, 844)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for address in addresses:
            page.goto(address)
            found[address, size] = (faults(page), too_wide(page))
    assert {key: said for key, said in found.items() if said != ([], 0)} == {}


@pytest.mark.parametrize("size", ["laptop", "phone"])
def test_the_pages_of_a_link_are_fit(portal, signed_in_page, open_page, size):
    link, page = invite(signed_in_page("admin"), f"t.{size}"), open_page(portal.address, size=size)
    for address in (link, "/invitation/never-given-out"):
        page.goto(address)
        assert (faults(page), too_wide(page)) == ([], 0)
