"""A small HTTP client that keeps many connections busy, in a process of its own: it must not slow what it measures."""

import asyncio
import json
import subprocess
import sys
import time
from typing import NamedTuple

from bench.report import percentile


class Load(NamedTuple):
    """What came out of one run."""

    per_second: float
    p50_ms: float
    p95_ms: float


def drive(port: int, path: str, cookie: str, *, clients: int = 32, seconds: float = 12) -> Load:
    """Ask for one page again and again with `clients` connections; the first quarter of the time does not count."""
    told = json.dumps([port, path, cookie, clients, seconds])
    done = subprocess.run([sys.executable, "-m", "bench.load", told], capture_output=True, text=True, check=True)
    return Load(*json.loads(done.stdout))


async def _client(port: int, request: bytes, until: float, found: list[tuple[float, float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (begun := time.monotonic()) < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode(errors="replace"))
        await _body(reader, head.lower())
        found.append((begun, time.monotonic() - begun))
    writer.close()


async def _body(reader: asyncio.StreamReader, head: bytes) -> None:
    if b"content-length:" in head:
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
        return
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
    await reader.readline()


async def _run(port: int, path: str, cookie: str, clients: int, seconds: float) -> Load:
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nAccept-Encoding: identity\r\n"
    request = f"{head}Cookie: {cookie}\r\n\r\n".encode()
    found: list[tuple[float, float]] = []
    begun = time.monotonic()
    await asyncio.gather(*(_client(port, request, begun + seconds, found) for _ in range(clients)))
    counted = begun + seconds / 4
    times = [1000 * took for at, took in found if at > counted]
    return Load(len(times) / (seconds * 3 / 4), percentile(times, 50), percentile(times, 95))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(*json.loads(sys.argv[1])))))
