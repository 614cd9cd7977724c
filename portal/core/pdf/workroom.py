"""Where loose files of a build lie while it runs: in the data folder, so that nothing is left of a killed worker."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flask import current_app


def _room(name: str) -> Path:
    return Path(current_app.config["VAR"]) / "work" / name


def clear(name: str) -> None:
    """Take away what earlier attempts at this work have left."""
    shutil.rmtree(_room(name), ignore_errors=True)


@contextmanager
def workroom(name: str, attempt: int) -> Iterator[Path]:
    """An empty folder of this attempt, gone at its end; a lost attempt that still goes on never writes into it."""
    clear(name)
    folder = _room(name) / str(attempt)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # another attempt has begun
            folder.parent.rmdir()
