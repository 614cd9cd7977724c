"""What officers were told is done stays done, whatever dies: a worker, Redis, PostgreSQL."""

import datetime as dt
import json
import threading
import time
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import Request, urlopen

import psutil
from sqlalchemy import func, select, update

from bench.running import officer
from portal.core.db import db
from portal.core.events import Outbox
from portal.doc_assembly.commands import cancel_build
from portal.doc_assembly.models import LEASE_S, Build, DprVersion, Status
from portal.local.supervise import is_ready
from portal.local.trial import PASSWORD
from portal.projects.models import Project
from tests.faults.conftest import ask_for_build, kept_parts, seen, until

TAKEN_UP_S = 90


def versions_of(build_id):
    return db.session.scalars(select(DprVersion).where(DprVersion.build_id == build_id)).all()


def kill_the_worker_of_a_build(running):
    """The worker with a job under way and the process of the job, both at once, as an out-of-memory killer would."""
    workers = [psutil.Process(running.supervisor.pid(f"portal:worker-{number}")) for number in (1, 2)]
    (busy,) = [worker for worker in workers if worker.children()]
    for process in [busy, *busy.children(recursive=True)]:
        process.kill()


def let_the_lease_run_out(build_id):
    """As if the time of the lease had passed: it is what is left of the 90 s that the test does not wait for."""
    held = seen(build_id).lease_until
    left = (held - dt.datetime.now(dt.UTC)).total_seconds()
    assert left <= LEASE_S
    db.session.execute(update(Build).where(Build.id == build_id).values(lease_until=func.now()))
    db.session.commit()
    return left


def test_a_build_whose_worker_is_killed_is_taken_up_by_another_and_comes_out_the_same(running, build):
    kill_the_worker_of_a_build(running)
    attempt, reached = seen(build).attempt, seen(build).percent
    assert kept_parts() > 0
    assert versions_of(build) == []

    left = let_the_lease_run_out(build)
    took = until(lambda: seen(build).attempt == attempt + 1)
    assert left + took < TAKEN_UP_S
    while seen(build).active:
        assert seen(build).percent >= reached, "the bar went back"
        reached = seen(build).percent
        time.sleep(0.1)
    assert seen(build).status == Status.COMPLETED
    (recovered,) = versions_of(build)

    again = ask_for_build()
    until(lambda: not seen(again).active)
    (undisturbed,) = versions_of(again)
    assert (recovered.content_hash, recovered.pages) == (undisturbed.content_hash, undisturbed.pages)


def test_a_cancelled_build_stops_within_ten_seconds_and_leaves_no_version(running, build):
    cancel_build(officer("ce"), build)
    assert until(lambda: seen(build).status == Status.CANCELLED) < 10
    assert versions_of(build) == []


def test_a_restart_of_redis_loses_neither_a_build_nor_an_accepted_write(running, build):
    with officers_at_work(running) as accepted:
        running.supervisor.restart("servers:valkey")
        until(lambda: len(accepted) > 5)
    assert_that_nothing_was_lost(running, build, accepted)


def test_a_restart_of_postgresql_loses_neither_a_build_nor_an_accepted_write(running, build):
    with officers_at_work(running) as accepted:
        until(lambda: len(accepted) > 2)
        db.session.remove()
        db.engine.dispose()
        running.supervisor.restart("servers:postgres")
        before = len(accepted)
        until(lambda: len(accepted) > before + 5)
    assert_that_nothing_was_lost(running, build, accepted)


def assert_that_nothing_was_lost(running, build, accepted):
    until(lambda: is_ready(running.address))
    until(lambda: not seen(build).active, 120)
    assert seen(build).status == Status.COMPLETED
    assert len(versions_of(build)) == 1
    names = set(db.session.scalars(select(Project.name).where(Project.name.in_(accepted))))
    assert names == set(accepted)
    waiting = select(func.count()).select_from(Outbox).where(Outbox.sent_at.is_(None))
    until(lambda: (db.session.rollback(), db.session.scalar(waiting))[1] == 0)


@contextmanager
def officers_at_work(running):
    """Someone enters projects all the while; gives the names of those the portal said it had taken."""
    accepted, over = [], threading.Event()
    token = ask(running, "auth/token", {"username": "ee", "password": PASSWORD})["access_token"]

    def enter():
        number = 0
        while not over.wait(0.05):
            number += 1
            name = f"Work {number} of {id(over)}"
            try:
                ask(running, "projects", {"name": name, "work": name, "work_type": "road"}, token)
            except (URLError, OSError):
                continue
            accepted.append(name)

    writer = threading.Thread(target=enter)
    writer.start()
    try:
        yield accepted
    finally:
        over.set()
        writer.join()


def ask(running, path, body, token=""):
    """POST to the API; raises what urllib raises for every refusal."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = Request(f"{running.address}/api/v1/{path}", json.dumps(body).encode(), headers)
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)
