"""What the portal's own role may do in its database: it owns nothing, and what is append-only it can only add to.

The owner's role migrates and then gives these rights, after each migration anew. Triggers refuse changes to what is
append-only to everybody; this keeps the portal from switching them off, even where a request could make it run SQL.
"""

from psycopg import sql
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import make_url

from portal.config import APP_ROLE, Settings

APPEND_ONLY = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only' ORDER BY 1"
STATED = """
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role};
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role};
REVOKE DELETE ON audit_day, signing_key FROM {role};
"""
STANDING = """
SELECT has_table_privilege(oid, 'audit_record', 'INSERT') AND NOT has_table_privilege(oid, 'audit_record', 'UPDATE')
FROM pg_roles WHERE rolname = :role
"""


def role_of(own: Settings) -> str:
    """The role the portal works as; "" where that is the owner of the tables, who cannot be held to anything."""
    role, owner = (make_url(url).username or "" for url in (own.database_url, own.migration_database_url))
    return role if role != owner else ""


def give_rights(own: Settings) -> None:
    """Make the role of the embedded server; give it, or the one of a server elsewhere, its rights and no more."""
    role = role_of(own)
    if not role:
        return
    with create_engine(own.migration_database_url, poolclass=NullPool).begin() as session:
        known = session.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
        if not known and role == APP_ROLE and own.embedded_postgres:
            session.exec_driver_sql(f"CREATE ROLE {APP_ROLE} LOGIN NOINHERIT")
        refused = [
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {{role}};" for table in session.scalars(text(APPEND_ONLY))
        ]
        for statement in [*STATED.strip().splitlines(), *refused]:
            line = sql.SQL(statement).format(role=sql.Identifier(role))
            session.exec_driver_sql(line.as_string())


def has_rights(session: Connection, own: Settings) -> bool:
    """Whether the role has what it needs, and not what it should not have."""
    role = role_of(own)
    return not role or bool(session.scalar(text(STANDING), {"role": role}))
