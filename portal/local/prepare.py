"""The database brought up to date, with the sample officers and project in it; safe to run at every start."""

import logging
import sys
import traceback

from alembic import command
from alembic.config import Config

from portal import sample
from portal.config import ROOT, settings


def migrate() -> None:
    """Run the migrations that have not run yet."""
    command.upgrade(Config(toml_file=ROOT / "pyproject.toml"), "head")


def main() -> None:
    """Says "made" when the sample officers were made just now; a failure is traced, and said again in the last line."""
    logging.basicConfig(level=logging.WARNING)
    try:
        migrate()
        made = sample.load(settings().sample_password)
    except Exception as failed:
        traceback.print_exc()
        sys.exit(f"{type(failed).__name__}: {str(failed).splitlines()[0]}")
    if made:
        print("made")


if __name__ == "__main__":
    main()
