"""Signing in, in Chromium: a passkey of a virtual device (WebAuthn over CDP), and a code by keyboard alone."""

import re

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import faults, too_wide

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def at_name(portal, open_page):
    """A page of the portal opened by its name: a passkey belongs to a name."""
    return lambda **window: open_page(portal.address.replace("127.0.0.1", "localhost"), **window)


def with_device(page):
    """A device in the browser that keeps passkeys and knows its owner."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    line.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return line


def sign_in(page, username, password):
    page.goto("/sign-in")
    page.fill("#username", username)
    page.fill("#password", password)
    page.click("main button:text('Sign in') >> nth=0")


def sign_out(page):
    page.click(".account")
    page.click("#account button:text('Sign out')")
    expect(page.locator("h1")).to_have_text("Sign in")


def forget_proof(portal, page):
    """As if five minutes had passed: the proof in the session of this browser is older."""
    import msgspec
    from redis import Redis

    from portal.config import read_settings

    kept = next(c["value"] for c in page.context.cookies() if c["name"] == "portal")
    redis = Redis.from_url(read_settings({"PORTAL_VAR": str(portal.var)}).redis_url)
    body = msgspec.msgpack.decode(redis.get(f"session:{kept}"))
    body["proven_at"] = "2026-01-01T00:00:00+00:00"
    redis.set(f"session:{kept}", msgspec.msgpack.encode(body), keepttl=True)
    redis.close()


def remove_factors(page):
    page.goto("/account/factors")
    while page.locator("details.confirm:has-text('Remove')").count():
        page.click("summary:text('Remove') >> nth=0")
        page.click("details[open] button:text('Remove')")
        expect(page.locator("#flash")).to_contain_text("was removed")


def test_a_passkey_is_made_signs_in_and_proves_it_again(portal, at_name):
    page = at_name()
    with_device(page)
    sign_in(page, "qr", portal.password)
    page.goto("/account/factors")
    page.click("text=Add a second factor")
    page.click("button:text('Add a passkey')")
    expect(page.locator("h1")).to_have_text("Recovery codes")
    assert page.locator("ol.codes li").count() == 10
    page.click("text=Go on")
    expect(page.locator("main .log")).to_contain_text("Passkey")
    sign_out(page)

    page.click("button:text('Sign in with a passkey')")
    expect(page.locator(".account")).to_be_visible()
    forget_proof(portal, page)
    page.goto("/account/factors")
    page.click("summary:text('Make new codes')")
    page.click("details[open] button:text('Make new codes')")
    expect(page.locator("h1")).to_have_text("Prove that it is you")
    page.click("button:text('Use a passkey')")
    page.click("button:text('Carry it out')")
    expect(page.locator("h1")).to_have_text("Recovery codes")
    assert page.locator("ol.codes li").count() == 10
    remove_factors(page)
    assert not page.complaints


def test_a_code_by_keyboard_alone(portal, at_name):
    page = at_name()
    sign_in(page, "fa", portal.password)
    page.goto("/account/factors/new")
    page.click("summary:text('Type it instead')")
    secret = page.inner_text("code.hash").replace(" ", "")
    page.focus("#name")
    page.keyboard.type("Office phone")
    page.keyboard.press("Tab")
    page.keyboard.type(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Recovery codes")
    code = page.inner_text("ol.codes li >> nth=0")
    sign_out(page)

    page.keyboard.type("fa")
    page.keyboard.press("Tab")
    page.keyboard.type(portal.password)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("One more step")
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.locator("[role=alert]")).to_contain_text("not right")
    page.focus("#code")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    expect(page.locator(".account")).to_be_visible()
    remove_factors(page)
    assert [said for said in page.complaints if "422" not in said] == []


@pytest.mark.parametrize("size", ["laptop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_and_axe_finds_nothing(portal, at_name, size, scheme):
    page = at_name(size=size, scheme=scheme)
    page.goto("/sign-in")
    found = {"/sign-in": (faults(page), too_wide(page))}
    sign_in(page, "dce", portal.password)
    expect(page.locator(".account")).to_be_visible()
    for address in ("/account", "/account/password", "/account/factors", "/account/factors/new"):
        page.goto(address)
        found[address] = (faults(page), too_wide(page))
    forget_proof(portal, page)
    page.goto("/account/factors/new")
    expect(page.locator("h1")).to_have_text("Prove that it is you")
    found["/prove"] = (faults(page), too_wide(page))
    assert re.fullmatch(r"http://localhost:\d+/prove\?held=\d+", page.url)
    assert found == {address: ([], 0) for address in found}


def test_a_page_that_is_open_says_within_seconds_that_its_session_was_ended_elsewhere(signed_in_page):
    watched, other = signed_in_page("qr"), signed_in_page("qr")
    watched.goto("/projects/")
    expect(watched.locator("#live")).to_have_text("live")
    other.goto("/account/sessions")
    other.click("summary:text('Sign out everywhere else')")
    other.click("button:text('Sign out everywhere else')")
    expect(watched.locator("#flash")).to_contain_text("You have been signed out", timeout=5_000)
    expect(watched.locator("#live")).to_contain_text("stale")
    watched.goto("/projects/")
    expect(watched.locator("h1")).to_have_text("Sign in")
    expect(other.locator("main")).to_contain_text("nowhere else")
