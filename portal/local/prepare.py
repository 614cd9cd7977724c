"""The database brought up to date, with the sample officers and project in it; safe to run at every start."""

import logging
import sys
import traceback

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from portal.config import ROOT, settings
from portal.local.rights import give_rights, has_rights


def migrate() -> None:
    """Run the migrations that have not run yet, as the owner of the tables; then say what the portal's role may."""
    command.upgrade(_alembic(), "head")
    give_rights(settings())


def nothing_to_do() -> bool:
    """Whether this very schema is there with officers in it: found out without loading the app, which takes seconds."""
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    try:
        with create_engine(settings().migration_database_url).connect() as session:
            standing = session.scalar(text("SELECT version_num FROM alembic_version"))
            filled = standing == head and session.scalar(text("SELECT 1 FROM officer LIMIT 1"))
            return bool(filled and has_rights(session, settings()))
    except ProgrammingError:
        return False  # an empty database has no such tables


def _alembic() -> Config:
    return Config(toml_file=ROOT / "pyproject.toml")


def main() -> None:
    """Says "made" when the sample officers were made just now; a failure is traced, and said again in the last line."""
    logging.basicConfig(level=logging.WARNING)
    try:
        if nothing_to_do():
            return
        migrate()
        from portal import sample  # late: it loads the app

        made = sample.load(settings().sample_password)
    except Exception as failed:
        traceback.print_exc()
        sys.exit(f"{type(failed).__name__}: {str(failed).splitlines()[0]}")
    if made:
        print("made")


if __name__ == "__main__":
    main()
