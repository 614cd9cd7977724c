"""A portal to measure: its own folder, its own app in this process beside the served one, and what fills it."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.request import HTTPCookieProcessor
from uuid import UUID

from flask import Flask

from portal.local.supervise import is_ready
from portal.local.trial import Trial, free_port, trial

WORK_TYPES = ("road", "layout", "water", "park", "building")


@contextmanager
def portal(**given: str) -> Iterator[Trial]:
    """A started portal; commands of this process reach its database and queue."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        unlimited = dict.fromkeys(("USER_REQUESTS", "STRANGER_REQUESTS", "SIGN_IN_TRIES"), "10000000")  # but counted
        with trial(folder / "var", **unlimited | given) as running:
            os.environ["PORTAL_VAR"] = str(running.own.var)
            yield running


def app() -> Flask:
    """The same app on the same settings, for calling commands."""
    from portal.app import create_app  # late: the settings are read once, and must be those of the started portal

    return create_app()


def officer(username: str = "ee") -> Any:
    """The actor behind a sample sign-in."""
    from portal.accounts.queries.officers import _as_actor, _by_username

    return _as_actor(_by_username(username))


def add_projects(count: int) -> None:
    """Works with names, places and amounts of their own."""
    from portal.core.access import SYSTEM
    from portal.core.db import db, transaction
    from portal.projects.models import Project

    with transaction(SYSTEM.id):
        for number in range(count):
            name = f"Improvements to stretch {number} of the radial road at village {number % 97}"
            amount = Decimal(number * 7_919_000 % 900_000_000) + Decimal("1234567.50")
            project = Project(
                code=f"BENCH-{number:05}",
                name=name,
                work=name,
                division=f"Division {number % 9}",
                district=f"District {number % 5}",
                work_type=WORK_TYPES[number % len(WORK_TYPES)],
                financial_year="2025-26",
                estimate_amount=amount,
                status="in progress" if number % 3 else "",
            )
            db.session.add(project)


def cookies(browser: Any) -> str:
    """The Cookie header that a signed-in browser sends."""
    jar = next(part.cookiejar for part in browser.handlers if isinstance(part, HTTPCookieProcessor))
    assert isinstance(jar, CookieJar)
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


@contextmanager
def bare(running: Trial, workers: int) -> Iterator[int]:
    """The bare app on the same server program and the same database; gives its port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gevent", "--workers", str(workers)]
    command += ["--bind", f"127.0.0.1:{port}", "--worker-connections", "2000", "--keep-alive", "30"]
    command += ["--graceful-timeout", "1", "--no-control-socket", "--log-level", "error", "bench.bare:app"]
    env = os.environ | {"BARE_DATABASE": running.own.database_url, "BARE_REDIS": running.own.redis_url}
    with subprocess.Popen(command, env=env) as server:
        until = time.monotonic() + 20
        while not is_ready(f"http://127.0.0.1:{port}"):
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the bare app did not start")
            time.sleep(0.1)
        try:
            yield port
        finally:
            server.terminate()


def bench_project() -> UUID:
    """The only project that add_projects(1) made."""
    from sqlalchemy import select

    from portal.core.db import db
    from portal.projects.models import Project

    return db.session.scalars(select(Project.id).where(Project.code.like("BENCH-%"))).one()
