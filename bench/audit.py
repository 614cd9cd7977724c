"""What the audit trail costs a write: the same writes in turn with it and without, on a durable database."""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from bench.report import figure, heading, percentile
from bench.running import add_projects, app, bench_project, portal
from portal.local.trial import PASSWORD

WRITES, WARM = 600, 40
RECORDS = 20_000


def measure() -> None:
    """A project is corrected over the API, the whole request, and by the command alone."""
    heading(f"The audit trail's part of a write, {WRITES} with it and {WRITES} without, in turn")
    with portal(WEB_WORKERS="1", JOB_WORKERS="1"):
        os.environ["USER_REQUESTS"] = "10000000"  # of the app in this process; counted all the same
        served = app()
        with served.app_context():
            add_projects(1)
            _compare("correct a project over the API", _over_api(served))
            _compare("the same, the command alone", _command())
            _examine()


def _compare(what: str, write: Callable[[], None]) -> None:
    """Both kinds in turn, so that neither has the warmer machine; the median, for a disk has its moments."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * (WRITES + WARM)):
        audited = number % 2 == 0
        took = _timed(write) if audited else _timed_without(write)
        if number >= 2 * WARM:
            times[audited].append(1000 * took)
    with_, without = statistics.median(times[True]), statistics.median(times[False])
    figure(what, with_, "ms", baseline=without, aim="under 1.10")
    figure("  95th percentile", percentile(times[True], 95), "ms", baseline=percentile(times[False], 95))


def _timed(write: Callable[[], None]) -> float:
    begun = time.perf_counter()
    write()
    return time.perf_counter() - begun


def _timed_without(write: Callable[[], None]) -> float:
    """No note, no look at what changed, no record in the chain."""
    nothing = patch("portal.core.audit.note", lambda *_said, **_more: None)
    blind = patch("portal.core.audit.notes._ledger", lambda _session: None)
    with nothing, blind:
        return _timed(write)


def _over_api(served: Any) -> Callable[[], None]:
    """The next correction of the only project: token, rights, form, command, event, answer."""
    client = served.test_client()
    given = client.post("/api/v1/auth/token", json={"username": "ee", "password": PASSWORD}).json
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {given['access_token']}"
    place = f"/api/v1/projects/{bench_project()}"
    seen = [int(client.get(place).json["version"])]

    def write() -> None:
        body = {"status": f"in progress, reach {seen[0]}", "village": f"Village {seen[0] % 97}"}
        answer = client.patch(place, json=body, headers={"If-Match": f'"{seen[0]}"'})
        if answer.status_code != 200:
            raise RuntimeError(answer.get_data(as_text=True))
        seen[0] += 1

    return write


def _command() -> Callable[[], None]:
    """The use case without request, token, form and answer."""
    from bench.running import officer
    from portal.core.db import db
    from portal.projects.commands import edit_project
    from portal.projects.queries import get_project

    actor, project = officer(), bench_project()
    seen = [get_project(actor, project).version]

    def write() -> None:
        edit_project(actor, project, {"status": f"in progress, reach {seen[0]}"}, seen=seen[0])
        db.session.remove()
        seen[0] += 1

    return write


def _examine() -> None:
    """How fast the chain is read from end to end."""
    from portal.core import audit
    from portal.core.access import SYSTEM
    from portal.core.db import transaction

    for _batch in range(RECORDS // 1000):
        with transaction(SYSTEM.id):
            for _number in range(1000):
                audit.note(SYSTEM, "projects.write", "bench", ())
    begun = time.perf_counter()
    report = audit.verify()
    if report.found:
        raise RuntimeError(report.findings[0].says)
    figure("records examined a second", report.records / (time.perf_counter() - begun), "/s")
