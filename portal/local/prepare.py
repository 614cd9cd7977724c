"""The database brought up to date, with the sample officers and project in it; safe to run at every start."""

import logging

from alembic import command
from alembic.config import Config

from portal.config import ROOT, settings


def migrate() -> None:
    """Run the migrations that have not run yet."""
    command.upgrade(Config(toml_file=ROOT / "pyproject.toml"), "head")


def main() -> None:
    """Says "made" when the sample officers were made just now."""
    logging.basicConfig(level=logging.WARNING)
    migrate()
    from portal import sample  # after the migrations: it opens the app

    if sample.load(settings().sample_password):
        print("made")


if __name__ == "__main__":
    main()
