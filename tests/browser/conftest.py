"""Chromium before the portal: the parts in an app of their own, the pages in a portal started as `make run` does."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import namedtuple
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from flask import g
from playwright.sync_api import expect, sync_playwright
from werkzeug.serving import make_server

from portal.app import create_app
from portal.config import ROOT
from portal.core import http, streams
from portal.core.access import Actor
from portal.core.cards import Card, card_of

HERE = Path(__file__).parent
SIZES = {"laptop": (1366, 768), "phone": (390, 844)}
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = (HERE / "vendor" / "axe.min.js").read_text()
PATIENCE_MS = 30_000  # a page that takes longer is broken even on a busy machine
expect.set_options(timeout=PATIENCE_MS)
Portal = namedtuple("Portal", "address password var process")
OFFICER = Actor(uuid.uuid4(), "ee", name="S. Rao")


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, or the one CHROMIUM names."""
    binary = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert binary, "Chromium is missing. On Debian: apt install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """A page in a window of its own; what its console says and what it asks of other hosts is kept on it."""
    windows = []

    def opened(address, size="laptop", scheme="light", **options):
        width, height = SIZES[size]
        options |= {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "base_url": address}
        window = chromium.new_context(**options)
        windows.append(window)
        page = window.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.complaints, page.strangers = [], []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: None if inside(asked.url, address) else page.strangers.append(asked.url))
        return page

    yield opened
    for window in windows:
        window.close()


def inside(url, address):
    """Whether a request stays on the portal's own host."""
    return url.startswith((address, "data:", "blob:", "about:"))


def faults(page, only=AXE_RULES):
    """What axe-core finds on the page, in words."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE)
    found = page.evaluate(f"axe.run(document, {{runOnly: {only}}})")
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found["violations"] for node in fault["nodes"]]


def too_wide(page):
    """By how many pixels the page scrolls sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.fixture(scope="session")
def parts(servers, tmp_path_factory):
    """The address of an app that shows every macro of `ui`, with one officer signed in."""
    database, redis = servers
    var = tmp_path_factory.mktemp("parts")
    app = create_app(
        SQLALCHEMY_DATABASE_URI=str(database),
        REDIS_URL=str(redis),
        RATELIMIT_STORAGE_URI=str(redis).replace("unix://", "redis+unix://"),
        RATELIMIT_ENABLED=False,
        VAR=str(var),
        FILES=str(var / "files"),
    )
    app.before_request_funcs[None][app.before_request_funcs[None].index(http.identify)] = _always_the_same
    app.jinja_loader.searchpath.append(str(HERE / "templates"))
    from tests.browser.parts_app import bp

    app.register_blueprint(bp)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "card_of", _card_of)
        yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def _always_the_same():
    g.actor = OFFICER


def _card_of(officer_id):
    """The one officer of the parts is in no register."""
    known = Card(OFFICER.id, OFFICER.name, OFFICER.role, frozenset({OFFICER.session}))
    return known if officer_id == OFFICER.id else card_of(officer_id)


@pytest.fixture(scope="session")
def portal(tmp_path_factory):
    """A whole portal, with its servers and workers, in a folder of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    var, password = tmp_path_factory.mktemp("portal"), "correct horse battery staple"
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")}
    env |= {
        "PORTAL_VAR": str(var),
        "PORT": str(port),
        "SAMPLE_PASSWORD": password,
        "WEB_WORKERS": "1",
        "JOB_WORKERS": "1",
    }
    with (var / "out").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.local.run"],
            cwd=ROOT,
            env=env,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, address, var / "out")
        yield Portal(address, password, var, process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _wait_until_ready(process, address, out):
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(f"{address}/readyz", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"The portal did not start: {out.read_text()}")


@pytest.fixture
def signed_in_page(portal, open_page):
    """A page of the portal in which a sample officer is signed in."""

    def page_of(username="ee", **window):
        page = open_page(portal.address, **window)
        page.goto("/sign-in")
        page.fill("#username", username)
        page.fill("#password", portal.password)
        page.click("main button.btn-primary")
        page.wait_for_selector(".account")
        return page

    return page_of
