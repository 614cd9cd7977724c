"""A real PostgreSQL and a real Valkey for the session, one transaction per test, rolled back at its end."""

import datetime as dt
import os
import uuid
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests-0123456789abcdef")

import hypothesis
import pytest
from flask import g
from flask.testing import FlaskClient
from sqlalchemy import text
from xdist.scheduler import LoadScopeScheduling

from portal.app import create_app
from portal.core import tokens
from portal.core.access import Actor
from portal.core.db import Base, db, now, transaction
from portal.core.events import StoredEvent
from portal.local.servers import postgres, valkey
from portal.projects.models import Project

PASSWORD = "correct horse battery staple"
hypothesis.settings.register_profile("portal", deadline=None)  # a busy machine is no fault of the code
hypothesis.settings.load_profile("portal")


TOGETHER = (
    "browser",
    "faults",
    "oidc",
    "local",
)  # each shares servers of its own; longest first


class InOneProcess(LoadScopeScheduling):
    """Of several test processes one gets a whole file, or all files that share slow servers."""

    def _split_scope(self, nodeid):
        folder = Path(nodeid.partition("::")[0]).parent.name
        return folder if folder in TOGETHER else super()._split_scope(nodeid.partition("::")[0] + "::")


def pytest_xdist_make_scheduler(config, log):
    """Which process gets which tests."""
    return InOneProcess(config, log)


def pytest_collection_modifyitems(items):
    """What takes longest begins first."""
    items.sort(key=lambda item: TOGETHER.index(name) if (name := item.path.parent.name) in TOGETHER else len(TOGETHER))


class Browser(FlaskClient):
    """The test's own app context outlives its requests: each request finds out anew who is asking."""

    def open(self, *args, **kwargs):
        g.pop("_login_user", None)
        return super().open(*args, **kwargs)


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """The address of a database and of a Redis, for this test process only."""
    folder = tmp_path_factory.mktemp("servers")
    with postgres(folder / "postgres") as database, valkey(folder / "valkey") as redis:
        yield database, redis


@pytest.fixture(scope="session")
def app(servers, tmp_path_factory):
    """The app on these servers, its tables made from the models; the migrations have a test of their own."""
    database, redis = servers
    var = tmp_path_factory.mktemp("var")
    app = create_app(
        SQLALCHEMY_DATABASE_URI=str(database),
        REDIS_URL=str(redis),
        RATELIMIT_STORAGE_URI=str(redis).replace("unix://", "redis+unix://"),
        RATELIMIT_ENABLED=False,
        VAR=str(var),
        FILES=str(var / "files"),
        TESTING=True,
        PROPAGATE_EXCEPTIONS=False,
        WTF_CSRF_ENABLED=False,
    )
    app.test_client_class = Browser
    with app.app_context():
        with db.engine.begin() as connection:
            for extension in ("pg_trgm", "btree_gist", "unaccent"):
                connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
        Base.metadata.create_all(db.engine)
        tokens.ring().signing()  # the first key outlives the transactions of the tests
    yield app
    app.extensions["redis"].close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def session(app):
    """One transaction per test, rolled back: commits inside become savepoints."""
    with app.app_context():
        engine = db.engine
        connection = engine.connect()
        outer = connection.begin()
        db.engines[None] = connection
        yield db.session
        db.session.remove()
        db.engines[None] = engine
        outer.rollback()
        connection.close()


@pytest.fixture
def redis(app):
    """An empty Redis."""
    app.extensions["redis"].flushdb()
    return app.extensions["redis"]


@pytest.fixture
def actor():
    """An officer of a role; a consultant with the given projects."""
    return lambda role, projects=(): Actor(
        uuid.uuid4(), role, frozenset(projects), f"An {role.upper()}", proven_at=now()
    )


@pytest.fixture
def make_project(session):
    """A project in the register."""

    def make(**kwargs):
        number = uuid.uuid4().hex[:6]
        made = Project(
            **{
                "code": f"INFRA-RT-2026-{number}",
                "name": "Kompally link road",
                "work": "Laying of a link road",
                "work_type": "road",
            }
            | kwargs
        )
        made.project_id = made.id
        with transaction():
            session.add(made)
        return made

    return make


@pytest.fixture
def recorded(session):
    """The topics of all events so far, oldest first."""
    return lambda: [event.topic for event in session.query(StoredEvent).order_by(StoredEvent.position)]


@pytest.fixture
def make_officer(app, session):
    """An account with the test password, as the database knows it."""
    from portal.accounts.commands.passwords import _hashed
    from portal.accounts.models import Officer

    hashed = _hashed(PASSWORD)

    def make(role, **kwargs):
        username = kwargs.pop("username", f"{role}-{uuid.uuid4().hex[:6]}")
        facts = {"name": f"An {role.upper()}", "password_hash": hashed, "password_changed_at": now(), "active": True}
        officer = Officer(username=username, role=role, **facts | kwargs)
        with transaction():
            session.add(officer)
        return officer

    return make


@pytest.fixture
def begin(session):
    """A session of an officer as a sign-in leaves it, without its events: begin(officer, "web")."""
    from portal.accounts.models import OfficerSession
    from portal.core.cards import drop

    def make(officer, kind, **kwargs):
        facts = {"method": "password", "started_at": now(), "expires_at": now() + dt.timedelta(hours=24)}
        made = OfficerSession(officer_id=officer.id, kind=kind, **facts | kwargs)
        with transaction():
            session.add(made)
        drop(officer.id)
        return made

    return make


@pytest.fixture
def signed_in(app, make_officer, begin):
    """A browser in which an officer of the role is signed in; `.officer` is the account."""

    def client(role, officer=None):
        browser = app.test_client()
        browser.officer = officer or make_officer(role)
        with browser.session_transaction() as kept:
            kept["_user_id"], kept["_fresh"] = str(browser.officer.id), True
            kept["sid"], kept["proven_at"] = begin(browser.officer, "web").id.hex, now().isoformat()
        return browser

    return client


@pytest.fixture
def api(app, make_officer, begin):
    """A client of the API with a bearer token of the role: api("ee").get("/api/v1/…")."""
    from portal.accounts.queries.tokens import _token_of

    def client(role, officer=None):
        officer = officer or make_officer(role)
        caller = app.test_client()
        with app.app_context():
            caller.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {_token_of(officer.id, begin(officer, 'api').id.hex)}"
        caller.officer = officer
        return caller

    return client
