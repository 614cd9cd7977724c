"""Where files live: named by the SHA-256 of their bytes, in a folder or in an S3-compatible store.

A file is written once, under a name of its own content, and never changed; a partly written file is never visible.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from flask import Flask, current_app

from portal.core.errors import Invalid, NotFound, TooLarge
from portal.core.i18n import _

CHUNK = 1 << 20
Inspect = Callable[[Path], None]


class Readable(Protocol):
    """Anything bytes can be read from, a piece at a time."""

    def read(self, size: int = -1, /) -> bytes: ...


class Upload(Readable, Protocol):
    """A file as it arrives, with the name its sender gave it."""

    filename: str | None


class Stored(NamedTuple):
    """What came in: its content hash and its size in bytes."""

    sha256: str
    bytes: int


class Folder:
    """Files in a folder: ab/abcdef…, complete or not there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "incoming").mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, sha256: str) -> Path:
        """Where the file is. Raises NotFound."""
        found = self._place(sha256)
        if not found.is_file():
            raise NotFound(_("The file %(name)s… is not in the store.", name=sha256[:8]))
        return found

    def exists(self, sha256: str) -> bool:
        return self._place(sha256).is_file()

    def keep(self, incoming: Path, sha256: str) -> None:
        """Move a complete file to its name; on the disk before it is visible."""
        place = self._place(sha256)
        if place.is_file():
            incoming.unlink()
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        incoming.chmod(0o600)
        incoming.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name is on the disk before a record names it
        finally:
            os.close(folder)

    def _place(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise NotFound(_("There is no such file."))
        return self.root / sha256[:2] / sha256


class Bucket(Folder):
    """The same in an S3-compatible store; the folder is its cache, which may be emptied at any time."""

    def __init__(self, root: Path, client: Any, bucket: str) -> None:
        super().__init__(root)
        self.client, self.bucket = client, bucket

    def path(self, sha256: str) -> Path:
        place = self._place(sha256)
        if not place.is_file():
            if not self.exists(sha256):
                raise NotFound(_("The file %(name)s… is not in the store.", name=sha256[:8]))
            with tempfile.NamedTemporaryFile(dir=self.root / "incoming", delete=False) as copy:
                self.client.download_fileobj(self.bucket, sha256, copy)
            super().keep(Path(copy.name), sha256)
        return place

    def exists(self, sha256: str) -> bool:
        if super().exists(sha256):
            return True
        try:
            self.client.head_object(Bucket=self.bucket, Key=sha256)
        except self.client.exceptions.ClientError as refused:
            if refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
                return False
            raise  # away is not the same as absent
        return True

    def keep(self, incoming: Path, sha256: str) -> None:
        self.client.upload_file(str(incoming), self.bucket, sha256)
        super().keep(incoming, sha256)


def store() -> Folder:
    """The store of the running app."""
    found: Folder = current_app.extensions["storage"]
    return found


def intake(
    stream: Readable,
    *,
    limit: int,
    inspect: Inspect = lambda _path: None,
    accept: Callable[[Stored], None] = lambda _stored: None,
) -> Stored:
    """Stream into the store, hashing on the way; `inspect` sees the file, then `accept` its hash: both may refuse.

    Raises TooLarge beyond `limit` bytes, Invalid for nothing at all; nothing is left behind by a refusal.
    """
    digest, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(dir=store().root / "incoming")
    incoming = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            while piece := stream.read(CHUNK):
                size += len(piece)
                if size > limit:
                    raise TooLarge(_("The file is larger than the %(mb)s MB that are taken.", mb=limit >> 20))
                digest.update(piece)
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        if not size:
            raise Invalid(_("The file is empty."), "file")
        inspect(incoming)
        stored = Stored(digest.hexdigest(), size)
        accept(stored)
        store().keep(incoming, stored.sha256)
    finally:
        incoming.unlink(missing_ok=True)
    return stored


def put(content: bytes | Path) -> str:
    """Keep bytes, or a copy of a file, and return the content hash."""
    handle, name = tempfile.mkstemp(dir=store().root / "incoming")
    incoming = Path(name)
    with os.fdopen(handle, "wb") as out:
        if isinstance(content, bytes):
            out.write(content)
        else:
            with content.open("rb") as source:
                shutil.copyfileobj(source, out, CHUNK)
        out.flush()
        os.fsync(out.fileno())
    with incoming.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    store().keep(incoming, sha256)
    return sha256


def path(sha256: str) -> Path:
    """A local path of the stored file, fetched first where the store is remote. Raises NotFound."""
    return store().path(sha256)


def exists(sha256: str) -> bool:
    """Whether the store has it."""
    return store().exists(sha256)


def init_app(app: Flask) -> None:
    """A folder below the data folder, or the bucket that S3_BUCKET names."""
    root, bucket = Path(app.config["FILES"]), app.config.get("S3_BUCKET")
    if not bucket:
        app.extensions["storage"] = Folder(root)
        return
    import boto3  # only where it is used: it is slow to load

    client = boto3.client("s3", endpoint_url=app.config.get("S3_ENDPOINT") or None)
    app.extensions["storage"] = Bucket(root, client, bucket)
