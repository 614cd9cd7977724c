"""Every kind of page, found by following links: accessible, narrow enough, light, quiet, and of this host only."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from html import unescape

import pytest

from portal.config import ROOT
from tests.browser.conftest import AXE_RULES, SIZES, faults, too_wide

SAMPLES = ROOT / "docs" / "sample"
VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=$|/)|(?<=sections/)[^/]+")
NO_PAGES = re.compile(r"/static/|/file$|/files/|\.(csv|xlsx|json)|/export")
BY_LOOKS = ["color-contrast", "target-size", "scrollable-region-focusable"]  # what depends on size and brightness
SAME_KIND = 5  # how many pages of one kind are searched for links


@pytest.fixture(scope="session")
def project_id(portal):
    """A project with an estimate and an assembled report; the register around it is loaded from a works report."""
    env = os.environ | {"PORTAL_VAR": str(portal.var)}

    def say(*words):
        told = [sys.executable, "-m", "portal.cli", *words]
        done = subprocess.run(told, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    say("import-works", str(SAMPLES / "works-report.xlsx"))
    row = next(row for row in json.loads(say("projects", "--format", "json")) if row["name"] == "Kompally")
    say("import-boq", row["code"], str(SAMPLES / "boq.xlsx"))
    say("assemble", row["code"], "--wait")
    return row["id"]


def write_and_attach(page, portal, project_id):
    """A file by the API and a section with two revisions."""
    asked = page.request.post("/api/v1/auth/token", data={"username": "ee", "password": portal.password})
    bearer = {"Authorization": f"Bearer {asked.json()['access_token']}"}
    parts = {"title": "Typical cross section", "kind": "drawing", "file": SAMPLES / "drawing-RD-TCS-01.pdf"}
    sent = page.request.post(f"/api/v1/attachments/of/{project_id}", headers=bearer, multipart=parts)
    assert sent.status == 201, sent.text()
    for text in ("A link road.", "A link road of 2.4 km."):
        page.goto(f"/doc-assembly/of/{project_id}/sections/0.3")
        page.fill("#text", text)
        page.click("text=Save section")
        page.wait_for_selector("text=It goes into the next DPR as it stands here.")


def kinds_of_pages(page, starts):
    """One address of each kind, by following links from the starts; a link that leads nowhere is a fault."""
    waiting, known, met, found = list(starts), set(starts), Counter(), {}
    while waiting:
        address = waiting.pop(0)
        kind = VARYING.sub("*", address.partition("?")[0])
        met[kind] += 1
        if met[kind] > SAME_KIND:
            continue
        answer = page.request.get(address)
        assert answer.ok, f"{address}: {answer.status}"
        found.setdefault(kind, address)
        links = {unescape(link.partition("#")[0]) for link in re.findall(r'href="(/[^"]*)"', answer.text())}
        waiting += sorted(link for link in links - known if not NO_PAGES.search(link))
        known |= links
    return found


def look_at(page, address):
    """What is wrong with a page, in words: by day on a laptop, then by night on a phone."""
    page.complaints.clear()
    page.strangers.clear()
    page.goto(address)
    page.wait_for_load_state("load")
    page.wait_for_timeout(200)  # regions of other modules arrive
    wrong = []
    for (width, height), scheme, rules in zip(SIZES.values(), ("light", "dark"), (AXE_RULES, BY_LOOKS), strict=True):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no fading from one to the other
        wrong += faults(page, rules)
        if too_wide(page):
            wrong.append(f"scrolls sideways by {too_wide(page)} px at {width}")
    return wrong + page.complaints + page.strangers


def test_every_kind_of_page_is_fit_for_everybody(portal, project_id, signed_in_page):
    page = signed_in_page("ee")
    write_and_attach(page, portal, project_id)
    kinds = kinds_of_pages(page, ["/", "/api/v1/", f"/attachments/of/{project_id}", f"/doc-assembly/of/{project_id}"])
    assert len(kinds) > 24, sorted(kinds)
    wrong = {kind: look_at(page, address) for kind, address in kinds.items()}
    assert {kind: words for kind, words in wrong.items() if words} == {}


def test_the_pages_of_the_administrator_are_fit_for_everybody(signed_in_page):
    page = signed_in_page("admin")
    theirs = ("/officers", "/security", "/delegations")  # the others every officer has, too
    kinds = {kind: address for kind, address in kinds_of_pages(page, ["/"]).items() if kind.startswith(theirs)}
    assert {"/officers", "/officers/*", "/officers/*/role", "/officers/*/disable", "/officers/bulk"} <= set(kinds)
    wrong = {kind: look_at(page, address) for kind, address in kinds.items()}
    assert {kind: words for kind, words in wrong.items() if words} == {}


def test_refusals_and_the_sign_in_page_are_fit_for_everybody(portal, open_page, signed_in_page):
    assert look_at(open_page(portal.address), "/sign-in") == []
    page = signed_in_page("ee")
    wrong = look_at(page, "/nowhere")
    assert [words for words in wrong if "404" not in words] == []
    assert page.inner_text("h1") == "Not found"
    assert page.locator("main [name=q]").is_visible()


def test_the_first_page_weighs_150_kb_at_most_and_the_next_25(project_id, signed_in_page):
    page = signed_in_page("ee")
    kinds = kinds_of_pages(page, ["/", f"/doc-assembly/of/{project_id}"])
    page.goto("about:blank")
    weights = []
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda ended: weights.append(ended["encodedDataLength"]))
    network.send("Network.clearBrowserCache")
    page.goto("/projects/")
    page.wait_for_load_state("load")
    assert 20_000 < sum(weights) < 150_000
    heavy = {}
    for kind, address in kinds.items():
        weights.clear()
        page.goto(address)
        page.wait_for_load_state("load")
        if sum(weights) > 25_000:
            heavy[kind] = sum(weights)
    assert heavy == {}
