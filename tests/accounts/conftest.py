"""A portal of which everything is committed, on a database of its own: for threads, open streams and real clients."""

import datetime as dt
import threading
import uuid
from contextlib import contextmanager

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text
from werkzeug.serving import make_server

from portal.accounts.commands.passwords import _hashed
from portal.accounts.models import Officer, OfficerSession
from portal.app import create_app
from portal.core import tokens
from portal.core.cards import drop
from portal.core.db import Base, db, now, transaction
from tests.conftest import PASSWORD


@pytest.fixture(scope="session")
def committed(servers, tmp_path_factory):
    """An app whose transactions are real ones."""
    database, redis = servers
    url = make_url(str(database)).set(database="committed")
    with create_engine(str(database), isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
        connection.execute(text("CREATE DATABASE committed"))
    var = tmp_path_factory.mktemp("committed")
    app = create_app(
        SQLALCHEMY_DATABASE_URI=url.render_as_string(hide_password=False),
        REDIS_URL=str(redis),
        RATELIMIT_STORAGE_URI=str(redis).replace("unix://", "redis+unix://"),
        RATELIMIT_ENABLED=False,
        VAR=str(var),
        FILES=str(var / "files"),
        TESTING=True,
        PROPAGATE_EXCEPTIONS=False,
        WTF_CSRF_ENABLED=False,
    )
    with app.app_context():
        with db.engine.begin() as connection:
            for extension in ("pg_trgm", "btree_gist", "unaccent"):
                connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
        Base.metadata.create_all(db.engine)
        tokens.ring().signing()
    yield app
    with app.app_context():
        db.engine.dispose()
    app.extensions["redis"].close()


@pytest.fixture
def enrolled(committed):
    """An account that is really there: its id and its user name."""

    def make(role="ee"):
        with committed.app_context():
            name = f"{role}-{uuid.uuid4().hex[:8]}"
            officer = Officer(username=name, role=role, name=f"An {role.upper()}", password_hash=_hashed(PASSWORD))
            officer.password_changed_at, officer.active = now(), True
            with transaction():
                db.session.add(officer)
            return officer.id, name

    return make


@pytest.fixture
def entered(committed):
    """A session that is really open: entered(officer_id, "web") is its number."""

    def make(officer_id, kind="web", hours=24):
        with committed.app_context():
            until = now() + dt.timedelta(hours=hours)
            row = OfficerSession(
                officer_id=officer_id, kind=kind, method="password", started_at=now(), expires_at=until
            )
            with transaction():
                db.session.add(row)
            drop(officer_id)
            return row.id.hex

    return make


@contextmanager
def serving(app):
    """The address of a threaded server of the app, while it runs."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
