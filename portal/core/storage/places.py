"""Where the sealed files rest: a folder, or an S3-compatible store with a folder as its cache.

Beside every file lies its wrapped key, `<name>.key`. The first one that is laid down stays: whoever keeps the same file
at the same moment uses that key too, so a file and the key beside it always fit. Only a rotation writes it anew, and
then it holds the same key of the file.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from portal.core.errors import NotFound
from portal.core.i18n import _

KEY = ".key"
HEX = set("0123456789abcdef")


def is_name(text: str) -> bool:
    """Whether this can be a content hash."""
    return len(text) == 64 and set(text) <= HEX


class Folder:
    """Files in a folder: ab/abcdef…, complete or not there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "incoming").mkdir(parents=True, exist_ok=True, mode=0o700)

    def fetch(self, sha256: str) -> Path:
        """Where the file rests, sealed. Raises NotFound."""
        found = self._place(sha256)
        if not found.is_file():
            raise NotFound(_("The file %(name)s… is not in the store.", name=sha256[:8]))
        return found

    def start(self, sha256: str, size: int) -> bytes:
        """The first bytes as they rest; of a file elsewhere, no more than these are fetched. Raises NotFound."""
        with self.fetch(sha256).open("rb") as file:
            return file.read(size)

    def exists(self, sha256: str) -> bool:
        return self._place(sha256).is_file()

    def keep(self, incoming: Path, sha256: str) -> None:
        """Move a complete file to its name; on the disk before it is visible."""
        place = self._place(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        incoming.chmod(0o600)
        incoming.replace(place)
        _settle(place.parent)  # the name is on the disk before a record names it

    def remove(self, sha256: str) -> None:
        """Take a file away, with its key; whoever reads it reads on."""
        for place in (self._place(sha256), self._key_place(sha256)):
            place.unlink(missing_ok=True)

    def key(self, sha256: str, *, anew: bool = False) -> str:
        """The wrapped key beside the file, "" when there is none; `anew` passes over a cache."""
        with suppress(FileNotFoundError):
            return self._key_place(sha256).read_text()
        return ""

    def lay_key(self, sha256: str, wrapped: str) -> str:
        """Lay a key beside a file to come, unless there is one; the key that counts is returned."""
        place = self._key_place(sha256)
        with self._draft(place, wrapped) as draft, suppress(FileExistsError):
            place.hardlink_to(draft)
        return place.read_text()

    def change_key(self, sha256: str, wrapped: str) -> None:
        """Put the same key, wrapped anew, in the place of the old one."""
        place = self._key_place(sha256)
        with self._draft(place, wrapped) as draft:
            draft.replace(place)

    def names(self) -> Iterator[str]:
        """All files, by name."""
        for shard in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(entry.name for entry in os.scandir(shard) if is_name(entry.name))

    def _place(self, sha256: str) -> Path:
        if not is_name(sha256):
            raise NotFound(_("There is no such file."))
        return self.root / sha256[:2] / sha256

    def _key_place(self, sha256: str) -> Path:
        return self._place(sha256).with_suffix(KEY)

    @contextmanager
    def _draft(self, place: Path, text: str) -> Iterator[Path]:
        """A complete text on its way to a name; the folder is on the disk afterwards."""
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.root / "incoming")
        try:
            with os.fdopen(handle, "w") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            yield Path(name)
            _settle(place.parent)
        finally:
            Path(name).unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Bucket(Folder):
    """The same in an S3-compatible store; the folder is its cache, which may be emptied at any time."""

    def __init__(self, root: Path, client: Any, bucket: str) -> None:
        super().__init__(root)
        self.client, self.bucket = client, bucket

    def fetch(self, sha256: str) -> Path:
        place = self._place(sha256)
        if not place.is_file():
            if not self.exists(sha256):
                raise NotFound(_("The file %(name)s… is not in the store.", name=sha256[:8]))
            with tempfile.NamedTemporaryFile(dir=self.root / "incoming", delete=False) as copy:
                self.client.download_fileobj(self.bucket, sha256, copy)
            super().keep(Path(copy.name), sha256)
        return place

    def start(self, sha256: str, size: int) -> bytes:
        try:
            found = self.client.get_object(Bucket=self.bucket, Key=sha256, Range=f"bytes=0-{size - 1}")
        except self.client.exceptions.ClientError as refused:
            if _status(refused) == 404:
                raise NotFound(_("The file %(name)s… is not in the store.", name=sha256[:8])) from None
            raise
        content: bytes = found["Body"].read()
        return content

    def exists(self, sha256: str) -> bool:
        if super().exists(sha256):
            return True
        try:
            self.client.head_object(Bucket=self.bucket, Key=sha256)
        except self.client.exceptions.ClientError as refused:
            if _status(refused) == 404:
                return False
            raise  # away is not the same as absent
        return True

    def keep(self, incoming: Path, sha256: str) -> None:
        self.client.upload_file(str(incoming), self.bucket, sha256)
        super().keep(incoming, sha256)

    def remove(self, sha256: str) -> None:
        for name in (sha256, sha256 + KEY):
            self.client.delete_object(Bucket=self.bucket, Key=name)
        super().remove(sha256)

    def key(self, sha256: str, *, anew: bool = False) -> str:
        if not anew and (cached := super().key(sha256)):
            return cached
        try:
            found = self.client.get_object(Bucket=self.bucket, Key=sha256 + KEY)["Body"].read().decode()
        except self.client.exceptions.ClientError as refused:
            if _status(refused) == 404:
                return ""
            raise
        super().change_key(sha256, found)
        return str(found)

    def lay_key(self, sha256: str, wrapped: str) -> str:
        if found := self.key(sha256, anew=True):
            return found
        try:
            self.client.put_object(Bucket=self.bucket, Key=sha256 + KEY, Body=wrapped.encode(), IfNoneMatch="*")
        except self.client.exceptions.ClientError as refused:
            if _status(refused) not in (409, 412):  # another process was first
                raise
        return self.key(sha256, anew=True)

    def change_key(self, sha256: str, wrapped: str) -> None:
        self.client.put_object(Bucket=self.bucket, Key=sha256 + KEY, Body=wrapped.encode())
        super().change_key(sha256, wrapped)

    def names(self) -> Iterator[str]:
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            yield from (found["Key"] for found in page.get("Contents", ()) if is_name(found["Key"]))


def _status(refused: Any) -> int:
    return int(refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
