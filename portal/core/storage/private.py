"""Plain copies for a moment: files without a name, so that nothing is left of them, not even by a killed process.

In memory while there is room, else in the data folder. Other processes of the same user reach one by its path as long
as it is open here.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

MEMORY = Path("/dev/shm")  # nosec B108  # noqa: S108 - a file without a name cannot be guessed or prepared
MOST_IN_MEMORY = 64 << 20


class Private:
    """A file that only this user can open and that is gone when it is closed. Use it in a with block."""

    def __init__(self, disk: Path) -> None:
        self.disk, self.size, self.most = disk, 0, _room()
        self.file: BinaryIO = _nameless(MEMORY if self.most else disk)

    def __enter__(self) -> "Private":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.file.close()

    @property
    def path(self) -> Path:
        """Where it can be opened by name, here and in processes started from here."""
        self.file.flush()
        return Path(f"/proc/{os.getpid()}/fd/{self.file.fileno()}")

    def write(self, piece: bytes) -> None:
        """Add to it; what outgrows the memory moves to the disk."""
        if self.most and self.size + len(piece) > self.most:
            self._move()
        self.file.write(piece)
        self.size += len(piece)

    def _move(self) -> None:
        self.most, held = 0, self.file
        self.file = _nameless(self.disk)
        with held:
            held.seek(0)
            shutil.copyfileobj(held, self.file)


def _room() -> int:
    """How large a copy may grow in memory: half of the file system for that stays free."""
    with suppress(OSError):
        found = os.statvfs(MEMORY)
        spare = (found.f_bavail - found.f_blocks // 2) * found.f_frsize
        if os.access(MEMORY, os.W_OK) and spare > 0:
            return min(spare, MOST_IN_MEMORY)
    return 0


def _nameless(folder: Path) -> BinaryIO:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return tempfile.TemporaryFile(dir=folder)


@contextmanager
def private_copy(source: BinaryIO, disk: Path, piece: int) -> Iterator[Path]:
    """A path of a plain copy, gone at the end of the block."""
    with Private(disk) as copy:
        while found := source.read(piece):
            copy.write(found)
            time.sleep(0)  # in a web process the others go on
        yield copy.path
