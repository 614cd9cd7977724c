"""Files, named by the SHA-256 of their bytes, sealed at rest, in a folder or in an S3-compatible store.

A file is written once, under a name of its own content, and never changed; a partly written file is never visible. It
rests as a container (storage.container) under a key of its own; that key, sealed for this name, lies beside it, so a
rotation of the master key rewrites small texts and no file. Plain bytes are never in the store.
"""

import hashlib
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask, current_app

from portal.core import sealing
from portal.core.errors import Invalid, TooLarge
from portal.core.i18n import _
from portal.core.keys import Unsealable
from portal.core.storage.container import HEADER, Reader, Writer, is_container
from portal.core.storage.places import Bucket, Folder
from portal.core.storage.private import Private, private_copy

__all__ = [
    "Bucket", "Folder", "Readable", "Stored", "Upload", "exists", "init_app", "intake", "opened", "put", "read",
    "reader", "remove", "renew", "size", "store", "version",
]  # fmt: skip

CHUNK = 1 << 20
BUFFER = 1 << 16
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


def store() -> Folder:
    """The store of the running app."""
    found: Folder = current_app.extensions["storage"]
    return found


class _Incoming:
    """A file on its way in: hashed plain, written sealed. Use it in a with block; what is not kept leaves nothing."""

    def __init__(self) -> None:
        handle, name = tempfile.mkstemp(dir=store().root / "incoming")
        self.place, self.key = Path(name), AESGCM.generate_key(256)
        self.file = os.fdopen(handle, "wb")
        self.digest, self.size = hashlib.sha256(), 0
        self.writer = Writer(self.file, self.key)

    def __enter__(self) -> "_Incoming":
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()
        self.place.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        self.size += len(piece)
        self.digest.update(piece)
        self.writer.write(piece)

    def keep(self) -> str:
        """Complete it and give it its name; a file that rests well is left as it is, one that does not is healed."""
        self.writer.finish()
        sha256 = self.digest.hexdigest()
        if not _rests_well(sha256):
            self._agree_on_key(sha256)
            self.file.flush()
            os.fsync(self.file.fileno())
            store().keep(self.place, sha256)
        return sha256

    def _agree_on_key(self, sha256: str) -> None:
        ours = sealing.seal(self.key, _purpose(sha256))
        laid = store().lay_key(sha256, ours)
        if laid == ours:
            return
        try:
            self._seal_anew(_unwrapped(sha256, laid))
        except Unsealable:
            store().change_key(sha256, ours)  # nothing can be read with what lies there

    def _seal_anew(self, key: bytes) -> None:
        """Somebody else keeps, or began to keep, the same bytes: under the key that lies there."""
        self.file.flush()
        with Reader(self.place.open("rb"), self.key) as before:  # stays readable while its name is taken away
            self.place.unlink()
            self.file.close()
            self.file = self.place.open("xb")
            self.writer, self.key = Writer(self.file, key), key
            _pour(before, self.writer)
            self.writer.finish()


def _pour(source: Any, target: Any) -> None:
    while piece := source.read(CHUNK):
        target.write(piece)
        time.sleep(0)  # in a web process the others go on


def _purpose(sha256: str) -> str:
    return f"file {sha256}"


def _unwrapped(sha256: str, wrapped: str) -> bytes:
    return sealing.unseal(wrapped, _purpose(sha256))


def _rests_well(sha256: str) -> bool:
    """Whether the file is there, sealed, and opens."""
    if not store().exists(sha256):
        return False
    try:
        with reader(sha256) as found:
            return isinstance(getattr(found, "raw", None), Reader)
    except Unsealable:
        return False


def intake(
    stream: Readable,
    *,
    limit: int,
    inspect: Inspect | None = None,
    accept: Callable[[Stored], None] = lambda _stored: None,
) -> Stored:
    """Stream into the store, hashing on the way; `inspect` sees the file, then `accept` its hash: both may refuse.

    Raises TooLarge beyond `limit` bytes, Invalid for nothing at all; nothing is left behind by a refusal.
    """
    with ExitStack() as held:
        incoming = held.enter_context(_Incoming())
        plain = held.enter_context(Private(_disk())) if inspect else None
        while piece := stream.read(CHUNK):
            if incoming.size + len(piece) > limit:
                raise TooLarge(_("The file is larger than the %(mb)s MB that are taken.", mb=limit >> 20))
            incoming.write(piece)
            if plain:
                plain.write(piece)
        if not incoming.size:
            raise Invalid(_("The file is empty."), "file")
        if inspect and plain:
            inspect(plain.path)
        stored = Stored(incoming.digest.hexdigest(), incoming.size)
        accept(stored)
        incoming.keep()
    return stored


def put(content: bytes | Path) -> str:
    """Keep bytes, or a copy of a file, and return the content hash."""
    with _Incoming() as incoming, io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as source:
        _pour(source, incoming)
        return incoming.keep()


def reader(sha256: str) -> "io.BufferedReader[Any]":
    """The plain bytes of a stored file, from any place, opened as they are asked for. Close it.

    Raises NotFound, and Unsealable for a file that was altered. A file from before there were containers is plain; it
    is given away only if its bytes still have its name.
    """
    with ExitStack() as held:
        file = held.enter_context(store().fetch(sha256).open("rb"))
        start = file.read(HEADER)
        file.seek(0)
        found: io.BufferedReader[Any] = file
        if is_container(start) and store().key(sha256):
            found = io.BufferedReader(Reader(file, _key_of(sha256)), BUFFER)
        elif hashlib.file_digest(file, "sha256").hexdigest() == sha256:
            file.seek(0)
        else:
            raise Unsealable(_("A stored file was altered or is cut off. Restore it from a backup."))
        held.pop_all()
        return found


def _key_of(sha256: str) -> bytes:
    try:
        return _unwrapped(sha256, store().key(sha256))
    except Unsealable:  # a cached text may be wrapped by a master key that is no more
        return _unwrapped(sha256, store().key(sha256, anew=True))


@contextmanager
def opened(sha256: str) -> Iterator[Path]:
    """A private plain copy of a stored file, for what needs a path; gone at the end of the block. Raises NotFound."""
    with reader(sha256) as source, private_copy(source, _disk(), CHUNK) as path:
        yield path


def read(sha256: str) -> bytes:
    """All bytes of a small stored file. Raises NotFound."""
    with reader(sha256) as source:
        return source.read()


def size(sha256: str) -> int:
    """How many plain bytes a stored file has. Raises NotFound."""
    with reader(sha256) as source:
        return source.seek(0, io.SEEK_END)


def exists(sha256: str) -> bool:
    """Whether the store has it."""
    return store().exists(sha256)


def remove(sha256: str) -> None:
    """Take away a file that no record names any more, such as a copy made for one reader."""
    store().remove(sha256)


def renew(sha256: str) -> Literal["wrapped", "sealed", "well"]:
    """Wrap the key of a file by the current master key, which reads no file; one that is still plain is sealed.

    Raises NotFound, and Unsealable for a file that cannot be opened.
    """
    if key := _key_in_use(sha256):
        return "wrapped" if _wrap_anew(sha256, key) else "well"
    with reader(sha256) as source, _Incoming() as incoming:
        _pour(source, incoming)
        incoming.keep()
    _wrap_anew(sha256, store().key(sha256, anew=True))  # a key left by who never finished may be under an older one
    return "sealed"


def _key_in_use(sha256: str) -> str:
    """The wrapped key of a file, "" where it is plain: also when who began to seal it got no further than the key."""
    return store().key(sha256, anew=True) if is_container(store().start(sha256, HEADER)) else ""


def _wrap_anew(sha256: str, key: str) -> bool:
    wrapped = sealing.renewed(key)
    if wrapped:
        store().change_key(sha256, wrapped)
    return wrapped is not None


def version(sha256: str) -> str:
    """The master key that the key of a file is wrapped by; nothing for a file that is still plain.

    Raises NotFound, and Unsealable where the key says none.
    """
    key = _key_in_use(sha256)
    return sealing.version_of(key) if key else ""


def _disk() -> Path:
    return store().root / "incoming"


def init_app(app: Flask) -> None:
    """A folder below the data folder, or the bucket that S3_BUCKET names."""
    root, bucket = Path(app.config["FILES"]), app.config.get("S3_BUCKET")
    if not bucket:
        app.extensions["storage"] = Folder(root)
        return
    import boto3  # only where it is used: it is slow to load

    client = boto3.client("s3", endpoint_url=app.config.get("S3_ENDPOINT") or None)
    app.extensions["storage"] = Bucket(root, client, bucket)
