"""The portal's own role writes the trail and can neither change it nor switch its guards off."""

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from portal.config import read_settings
from portal.local.rights import give_rights, has_rights, role_of
from portal.local.servers import Postgres

APPEND_ONLY = ("event", "audit_record", "audit_seal", "section_revision")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The settings of a data folder whose database was migrated by its owner."""
    folder = tmp_path_factory.mktemp("own")
    server = Postgres(folder, durable=False)
    server.start()
    own = read_settings({"PORTAL_VAR": str(folder), "SECRET_KEY": "x" * 40})
    config = Config(toml_file="pyproject.toml")
    config.attributes["url"] = own.migration_database_url
    command.upgrade(config, "head")
    give_rights(own)
    yield own
    server.stop()


@pytest.fixture
def line(own):
    """A connection as the portal has it."""
    with psycopg.connect(own.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def test_the_portal_works_as_a_role_that_owns_nothing(own, line):
    assert line.execute("SELECT current_user").fetchone() == ("portal_app",)
    assert line.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user").fetchone() == (0,)
    assert line.execute(
        "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    ).fetchone() == (
        False,
        False,
        False,
    )


def test_it_writes_the_trail_and_reads_it(line):
    columns = "id, at, actor_id, actor_name, role, act, use_case, subjects, door, address, request_id, day, number"
    line.execute(
        f"INSERT INTO audit_record ({columns}) VALUES (gen_random_uuid(), now(), gen_random_uuid(), '', '', '', '', "
        "'[]', 'web', '', '', '2026-11-25', 1)"
    )
    assert line.execute("SELECT count(*) FROM audit_record").fetchone() == (1,)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET id = gen_random_uuid()",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
        "DROP TRIGGER append_only ON {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "DROP TABLE {} CASCADE",
        "ALTER TABLE {} ADD x int",
        "CREATE TRIGGER mine BEFORE INSERT ON {} EXECUTE FUNCTION refuse_change()",
        "LOCK TABLE {} IN EXCLUSIVE MODE",
    ],
)
def test_it_cannot_change_what_is_append_only_nor_its_guards(line, table, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), line.transaction():
        line.execute(statement.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "SET session_replication_role = 'replica'",
        "ALTER ROLE portal_app SUPERUSER",
        "SET ROLE postgres",
        "DELETE FROM audit_day",
        "UPDATE alembic_version SET version_num = '0000'",
        "COPY audit_record TO PROGRAM 'cat'",
    ],
)
def test_there_is_no_way_around(line, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        line.execute(statement)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = gen_random_uuid()", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_even_the_owner_is_refused_while_the_guards_stand(own, table, statement):
    owner = psycopg.connect(own.migration_database_url.replace("+psycopg", ""))
    with owner, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        owner.execute(statement.format(table))


def test_tables_of_later_migrations_are_open_to_it(own, line):
    with psycopg.connect(own.migration_database_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("CREATE TABLE later (id int GENERATED ALWAYS AS IDENTITY, a text)")
    line.execute("INSERT INTO later (a) VALUES ('x')")
    assert line.execute("UPDATE later SET a = 'y' RETURNING id").fetchone() == (1,)


def test_rights_that_stand_are_known_and_rights_that_were_widened_are_not_taken_for_them(own):
    engine = create_engine(own.migration_database_url)
    with engine.connect() as session:
        assert has_rights(session, own)
        session.exec_driver_sql("GRANT UPDATE ON audit_record TO portal_app")
        assert not has_rights(session, own)
        session.rollback()
    engine.dispose()


def test_a_portal_that_works_as_the_owner_of_its_tables_is_left_as_it_is():
    own = read_settings({"DATABASE_URL": "postgres://u@db/portal", "SECRET_KEY": "x" * 40})
    assert role_of(own) == ""
    give_rights(own)  # asks no server
