"""Alembic's entry: the same models and the same database as the portal."""

from importlib import import_module

from alembic import context
from sqlalchemy import NullPool, create_engine, text

import portal.core.audit
import portal.core.bus
import portal.core.idempotency  # noqa: F401
from portal.app import MODULES
from portal.config import settings
from portal.core.db import Base

for name in MODULES:
    import_module(f"portal.{name}.models")

url = context.config.attributes.get("url") or settings().migration_database_url
with create_engine(url, poolclass=NullPool).connect() as connection:
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
