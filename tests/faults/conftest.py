"""A whole portal of its own, as `make run` starts it, with a report that takes some seconds to assemble."""

import time

import pytest
from sqlalchemy import delete, func, select

from bench.boq import workbook
from bench.dpr import attach
from bench.floor import attached, items
from bench.running import add_projects, bench_project, officer
from portal.app import create_app
from portal.boq_estimates.commands import import_boq_file
from portal.core.db import db, transaction
from portal.doc_assembly.commands import request_fresh_build
from portal.doc_assembly.models import Build, BuildUnit, Status
from portal.local.trial import trial


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """The running portal, and its app in this process beside it."""
    folder = tmp_path_factory.mktemp("faults")
    with trial(folder / "var", JOB_WORKERS="2") as running:
        own = running.own
        running_app = create_app(
            SQLALCHEMY_DATABASE_URI=own.database_url,
            REDIS_URL=own.redis_url,
            VAR=str(own.var),
            FILES=str(own.var / "files"),
            TESTING=True,
        )
        with running_app.app_context():
            add_projects(1)
            book = workbook(folder / "boq.xlsx", items(4_000))
            assert import_boq_file(officer(), bench_project(), book).status == "committed"
            attach(bench_project(), attached(folder, files=16))
        yield running, running_app
        with running_app.app_context():
            db.engine.dispose()
        running_app.extensions["redis"].close()


@pytest.fixture
def running(portal):
    """The running portal, with this test inside an app context on its database."""
    running, running_app = portal
    with running_app.app_context():
        yield running
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def build(running):
    """A build of which a worker has made the first parts, and some are still to be made."""
    asked = ask_for_build()
    until(lambda: seen(asked).status == Status.RUNNING and kept_parts() > 0)
    return asked


def kept_parts():
    """How many finished parts the database knows of."""
    return db.session.scalar(select(func.count()).select_from(BuildUnit))


def ask_for_build():
    """A build from nothing: what earlier builds kept is forgotten."""
    db.session.rollback()
    with transaction():
        db.session.execute(delete(BuildUnit))
    return request_fresh_build(officer("ce"), bench_project()).id


def seen(build_id):
    """The build as the database has it now."""
    db.session.rollback()
    return db.session.get_one(Build, build_id, populate_existing=True)


def until(true, seconds=60):
    """Wait until it is so, and return after how many seconds."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, "it did not come about in time"
        time.sleep(0.05)
    return time.monotonic() - begun
