"""`portal audit` on a database of its own, as the person at the server meets it."""

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from portal.app import create_app
from portal.cli import main
from portal.core import audit
from portal.core.db import Base, db
from portal.local.servers import postgres


@pytest.fixture(scope="module")
def portal(servers, tmp_path_factory):
    """A portal with three failed sign-ins of a day that is over."""
    with postgres(tmp_path_factory.mktemp("own") / "postgres") as database:
        settings = {
            "SQLALCHEMY_DATABASE_URI": str(database),
            "VAR": str(tmp_path_factory.mktemp("var")),
            "REDIS_URL": str(servers[1]),
        }
        app = create_app(**settings)
        with app.app_context():
            with db.engine.begin() as line:
                for extension in ("pg_trgm", "btree_gist", "unaccent"):
                    line.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
            Base.metadata.create_all(db.engine)
            for number in range(3):
                audit.witness("accounts.sign_in", "failed", name="s.rao", why=f"no. {number}")
        yield app
        with app.app_context():
            db.engine.dispose()
        app.extensions["redis"].close()


@pytest.fixture
def run(portal, monkeypatch):
    """A command of `portal audit`: its exit status, what it said, what it complained of."""

    def command(*words):
        monkeypatch.setattr("portal.cli_acting.create_app", lambda: portal)
        done = CliRunner().invoke(main, ["audit", *words])
        return done.exit_code, done.stdout, done.stderr

    return command


def change(portal, statement):
    with portal.app_context(), db.engine.begin() as line:
        line.execute(text("ALTER TABLE audit_record DISABLE TRIGGER USER"))
        line.execute(text(statement))
        line.execute(text("ALTER TABLE audit_record ENABLE TRIGGER USER"))


def test_the_trail_is_examined_sealed_and_what_was_altered_is_named(portal, run, monkeypatch):
    code, said, _complaint = run("verify")
    assert (code, said.splitlines()[0][:30]) == (0, "3 records in 1 days, 0 of them")
    assert run("seal")[1] == "every day that is over is sealed\n"
    with portal.app_context(), db.engine.begin() as line:
        first = line.scalar(text("SELECT day FROM audit_day"))
    for place in ("portal.core.audit.seals.today", "portal.core.audit.chain.today"):
        monkeypatch.setattr(place, lambda: first.replace(year=first.year + 1))
    code, said, _complaint = run("seal")
    assert (code, said[: len("sealed: ")]) == (0, "sealed: ")
    assert run("rotate-key")[0] == 0
    code, said, _complaint = run("verify")
    assert (code, "1 of them sealed" in said) == (0, True)
    change(portal, "UPDATE audit_record SET why = 'no. 7' WHERE number = 2 AND act = 'accounts.sign_in'")
    for words in (("verify",), ("verify", "--day", f"{first:%d-%m-%Y}")):
        code, _said, complaint = run(*words)
        assert code == 1
        assert complaint.splitlines()[0].endswith("no. 2, s.rao, accounts.sign_in: its content is not what was written")
    assert run("verify", "--day", "yesterday")[0] == 2
