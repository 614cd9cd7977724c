"""Every kind of page, found by following links: accessible, narrow enough, light, quiet, and of this host only."""

import json
import os
import re
import subprocess
import sys

import pytest

from portal.config import ROOT
from tests.browser.conftest import SIZES, faults, too_wide

SAMPLES = ROOT / "docs" / "sample"
VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=$|/)|(?<=sections/)[^/]+")
NO_PAGES = re.compile(r"/static/|/file$|/files/|\.(csv|xlsx|json)|/export")


@pytest.fixture(scope="session")
def furnished(portal):
    """The portal with a loaded works report, an estimate and an assembled report, all by the command line."""
    env = os.environ | {"PORTAL_VAR": str(portal.var)}

    def say(*words):
        done = subprocess.run(
            [sys.executable, "-m", "portal.cli", *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    say("import-works", str(SAMPLES / "works-report.xlsx"))
    code = next(row["code"] for row in json.loads(say("projects", "--format", "json")) if row["name"] == "Kompally")
    say("import-boq", code, str(SAMPLES / "boq.xlsx"))
    say("assemble", code, "--wait")
    return portal


def kinds_of_pages(page, starts):
    """One address of each kind, by following every link from the starts."""
    waiting, found = list(starts), {}
    while waiting:
        address = waiting.pop(0)
        kind = VARYING.sub("*", address.partition("?")[0])
        if kind in found or NO_PAGES.search(address):
            continue
        answer = page.request.get(address)
        if not answer.ok or "text/html" not in answer.headers["content-type"]:
            continue
        found[kind] = address
        waiting += [
            link.partition("#")[0].replace("&amp;", "&") for link in re.findall(r'href="(/[^"]*)"', answer.text())
        ]
    return found


def look_at(page, address):
    """What is wrong with a page, in words: by day on a laptop, then by night on a phone."""
    page.complaints.clear()
    page.strangers.clear()
    page.goto(address)
    page.wait_for_load_state("load")
    page.wait_for_timeout(250)  # regions of other modules arrive
    wrong = []
    for (width, height), scheme in zip(SIZES.values(), ("light", "dark"), strict=True):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        wrong += faults(page)
        if too_wide(page):
            wrong.append(f"scrolls sideways by {too_wide(page)} px at {width}")
    return wrong + page.complaints + page.strangers


@pytest.mark.parametrize("role", ["ee", "admin"])
def test_every_kind_of_page_is_fit_for_everybody(furnished, signed_in_page, role):
    page = signed_in_page(role)
    kinds = kinds_of_pages(page, ["/", "/projects/", "/api/v1/", "/boq-estimates/", "/doc-assembly/"])
    assert len(kinds) > (16 if role == "ee" else 1), kinds
    wrong = {kind: look_at(page, address) for kind, address in kinds.items()}
    assert {kind: words for kind, words in wrong.items() if words} == {}


def test_refusals_and_the_sign_in_page_are_fit_for_everybody(portal, open_page, signed_in_page):
    assert look_at(open_page(portal.address), "/sign-in") == []
    page = signed_in_page("ee")
    wrong = look_at(page, "/nowhere")
    assert [words for words in wrong if "404" not in words] == []
    assert page.inner_text("h1") == "Not found"
    assert page.locator("main [name=q]").is_visible()


def test_the_first_page_weighs_150_kb_at_most_and_the_next_25(furnished, signed_in_page):
    page = signed_in_page("ee")
    kinds = kinds_of_pages(page, ["/"])
    fresh = signed_in_page("ee")
    weights = []
    fresh.on("requestfinished", lambda asked: weights.append(asked.sizes()["responseBodySize"]))
    fresh.goto("/projects/")
    fresh.wait_for_load_state("load")
    assert sum(weights) < 150_000
    heavy = {}
    for kind, address in kinds.items():
        weights.clear()
        fresh.goto(address)
        fresh.wait_for_load_state("load")
        if sum(weights) > 25_000:
            heavy[kind] = sum(weights)
    assert heavy == {}
