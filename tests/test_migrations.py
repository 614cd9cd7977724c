"""An empty database upgraded is what the models say, with its append-only tables guarded; and the way back works."""

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url

from portal.core.db import Base


@pytest.fixture
def empty(servers):
    """The address of a database of its own, gone afterwards."""
    url = make_url(str(servers[0]))
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated")
    yield url.set(database="migrated").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP DATABASE migrated WITH (FORCE)")


@pytest.fixture
def alembic(empty):
    """Alembic's configuration for that database."""
    config = Config(toml_file="pyproject.toml")
    config.attributes["url"] = empty
    return config


def test_up_compared_down_and_up_again(empty, alembic):
    command.upgrade(alembic, "head")
    engine = create_engine(empty, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    command.downgrade(alembic, "base")
    with engine.connect() as connection:
        left = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        assert left == ["alembic_version"]
    command.upgrade(alembic, "head")


def test_the_migrated_database_guards_what_is_append_only(empty, alembic):
    command.upgrade(alembic, "head")
    engine = create_engine(empty, poolclass=NullPool)
    with engine.connect() as connection:
        guarded = connection.execute(
            text("SELECT event_object_table FROM information_schema.triggers WHERE trigger_name = 'append_only'")
        )
        assert set(guarded.scalars()) == {"event", "audit_record", "audit_seal", "section_revision"}
