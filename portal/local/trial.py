"""A whole portal in a throw-away folder, started and ended as `make run` does it: for fault tests and measurements."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from portal.config import ROOT, Settings, private_folder, read_settings
from portal.local.servers import bound_to_parent
from portal.local.supervise import Supervisor, is_ready

PASSWORD = "only-for-this-trial"  # noqa: S105  (of sample officers that live as long as the folder)
READY_S, STOP_S = 120, 40
FORGETTABLE = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")


@dataclass(frozen=True)
class Trial:
    """A running portal: its settings, its address, and the launcher's process."""

    own: Settings
    address: str
    launcher: subprocess.Popen[bytes]

    @property
    def supervisor(self) -> Supervisor:
        """Restart or find its processes through this."""
        return Supervisor(self.own)

    def browser(self, username: str) -> OpenerDirector:
        """A browser in which a sample officer is signed in."""
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        shown = browser.open(f"{self.address}/sign-in", timeout=30).read().decode()
        given = {"csrf_token": form_token(shown), "username": username, "password": PASSWORD}
        browser.open(f"{self.address}/sign-in", urlencode(given).encode(), timeout=30).read()
        return browser


def form_token(page: str) -> str:
    """The CSRF token of a page's first form."""
    return str(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0])


@contextmanager
def trial(folder: Path, **given: str) -> Iterator[Trial]:
    """Start a portal on a free port with these settings; at the end, stop it as Ctrl-C would."""
    env = {name: value for name, value in os.environ.items() if name not in FORGETTABLE}
    env |= {"PORTAL_VAR": str(folder), "PORT": str(free_port()), "SAMPLE_PASSWORD": PASSWORD} | given
    own = read_settings(env)
    with (private_folder(folder) / "launcher.log").open("wb") as log:
        launcher = subprocess.Popen(
            [*bound_to_parent("INT"), sys.executable, "-m", "portal.local.run"],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
        )
    running = Trial(own, f"http://127.0.0.1:{own.port}", launcher)
    try:
        _wait_until_ready(running, folder / "launcher.log")
        yield running
    finally:
        launcher.send_signal(signal.SIGINT)
        launcher.wait(STOP_S)


def free_port() -> int:
    """A port that nothing used a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_until_ready(running: Trial, log: Path) -> None:
    until = time.monotonic() + READY_S
    while not is_ready(running.address):
        if running.launcher.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the trial portal did not start: {log.read_text(errors='replace')}")
        time.sleep(0.1)
