"""The form in which a file rests: chunks under AES-256-GCM, each bound to its place.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, 2015): the nonce of a chunk is a random prefix, its number
and whether it is the last, so a chunk that is altered, moved, left out or cut off at the end is noticed. Every chunk
can be opened by itself, which is what ranges need. The key is for one file only.

    16 bytes   mark (8), power of two of the chunk size (1), prefix of the nonces (7)
    n chunks   cipher text and tag (16); all but the last are full; an empty file has one empty chunk
"""

import io
import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.core.i18n import _
from portal.core.keys import Unsealable

MARK = b"PORTAL1\n"
HEADER, PREFIX, TAG = 16, 7, 16
POWER, LEAST, MOST = 16, 4, 20  # chunks of 64 KiB; of 16 bytes to 1 MiB
MANY = 1 << 32


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def is_container(start: bytes) -> bool:
    """Whether a file with these first bytes can be one of ours."""
    return len(start) >= HEADER and start.startswith(MARK) and LEAST <= start[len(MARK)] <= MOST


class Writer:
    """Writes a container, piece by piece; without `finish` it lacks its end and cannot be opened."""

    def __init__(self, out: BinaryIO, key: bytes, power: int = POWER) -> None:
        self.out, self.cipher, self.chunk = out, AESGCM(key), 1 << power
        self.prefix, self.number, self.rest = os.urandom(PREFIX), 0, bytearray()
        self.header = MARK + bytes([power]) + self.prefix
        out.write(self.header)

    def write(self, piece: bytes) -> None:
        """Add plain bytes; one chunk is held back, for it may be the last."""
        self.rest += piece
        whole = max(len(self.rest) - 1, 0) // self.chunk
        with memoryview(self.rest) as view:
            for start in range(0, whole * self.chunk, self.chunk):
                with view[start : start + self.chunk] as chunk:
                    self._seal(chunk, last=False)
        del self.rest[: whole * self.chunk]

    def finish(self) -> None:
        """Write the last chunk."""
        self._seal(self.rest, last=True)

    def _seal(self, chunk: bytes | bytearray | memoryview, *, last: bool) -> None:
        if self.number >= MANY:
            raise ValueError("more chunks than there are numbers")
        self.out.write(self.cipher.encrypt(_nonce(self.prefix, self.number, last), chunk, self.header))
        self.number += 1


class Reader(io.RawIOBase):
    """The plain bytes of a container, from any place; opens only the chunks that are asked for.

    Its end is looked at first, so a file that was cut off is refused before a byte of it is given away. Raises
    Unsealable.
    """

    def __init__(self, source: BinaryIO, key: bytes) -> None:
        super().__init__()
        self.source, self.cipher = source, AESGCM(key)
        self.header = source.read(HEADER)
        if not is_container(self.header):
            raise _damaged()
        self.chunk, self.prefix = 1 << self.header[len(MARK)], self.header[-PREFIX:]
        body = source.seek(0, io.SEEK_END) - HEADER
        self.last = max(-(-body // (self.chunk + TAG)) - 1, 0)
        self.size = body - TAG * (self.last + 1)
        self.place, self.number, self.plain = 0, -1, b""
        if self.size < self.last * self.chunk:
            raise _damaged()
        self._open(self.last)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("a place before the beginning")
        self.place = start + offset
        return self.place

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fill from one chunk; at most what is left of it."""
        number, skip = divmod(self.place, self.chunk)
        if self.place >= self.size or not len(buffer):
            return 0
        self._open(number)
        found = self.plain[skip : skip + len(buffer)]
        buffer[: len(found)] = found
        self.place += len(found)
        return len(found)

    def close(self) -> None:
        self.source.close()
        super().close()

    def _open(self, number: int) -> None:
        if number == self.number:
            return
        self.source.seek(HEADER + number * (self.chunk + TAG))
        sealed = self.source.read(self.chunk + TAG)
        try:
            nonce = _nonce(self.prefix, number, number == self.last)
            self.plain = self.cipher.decrypt(nonce, sealed, self.header)
        except (InvalidTag, ValueError):
            raise _damaged() from None
        self.number = number


def _damaged() -> Unsealable:
    return Unsealable(_("A stored file was altered or is cut off. Restore it from a backup."))
