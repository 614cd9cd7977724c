"""From the commit of an event to 500 open browsers on one web process, against a bare stream of the same server."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable

from redis import Redis
from sqlalchemy import event

from bench.report import figure, heading, percentile
from bench.running import add_projects, app, bare, bench_project, cookies, officer, portal

STREAMS, EVENTS, PAUSE_S = 500, 40, 0.4


def measure() -> None:
    """The 95th percentile over all streams and events; the clock of both processes is the machine's."""
    heading(f"Event to browser, {STREAMS} open streams, one web process")
    with portal(WEB_WORKERS="1") as running:
        with app().app_context():
            add_projects(1)
            change, shown = _editor()
            page = running.browser("ee")
            text = page.open(f"{running.address}{shown}", timeout=30).read().decode()
            stream = re.findall(r'hx-sse:connect="([^"]+)"', text)[0].replace("&amp;", "&")
            ours = _latencies(running.own.port, stream, cookies(page), change)
        with bare(running, 1) as port, Redis.from_url(running.own.redis_url) as redis:
            least = _latencies(port, "/live", "", lambda _number: _publish(redis))
    figure("95th percentile", percentile(ours, 95), "ms", baseline=percentile(least, 95), aim="50 ms")
    figure("median", percentile(ours, 50), "ms", baseline=percentile(least, 50))


def _publish(redis: Redis) -> float:
    begun = time.monotonic()
    redis.publish("bare", "")
    return begun


def _editor() -> tuple[Callable[[int], float], str]:
    """What changes a project and tells when it was committed, and the address of the project's page."""
    from portal.core.db import db
    from portal.projects.commands import edit_project

    ident, actor = bench_project(), officer()

    def change(number: int) -> float:
        committed: list[float] = []
        session = db.session()
        event.listen(session, "before_commit", lambda _session: committed.append(time.monotonic()))
        edit_project(actor, ident, {"status": f"stretch {number} is being laid"})
        db.session.remove()
        return committed[-1]

    return change, f"/projects/{ident}"


def _latencies(port: int, path: str, cookie: str, change: Callable[[int], float]) -> list[float]:
    """Milliseconds from each change to its arrival at each stream."""
    told = json.dumps([port, path, cookie, STREAMS])
    client = subprocess.Popen([sys.executable, "-m", "bench.live", told], stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    assert client.stdout.readline().strip() == "open"
    sent = []
    for number in range(EVENTS):
        sent.append(change(number))
        time.sleep(PAUSE_S)
    client.terminate()
    arrivals = json.loads(client.stdout.read())
    client.wait()
    return [1000 * late for stream in arrivals for late in _matched(sent, stream)]


def _matched(sent: list[float], arrived: list[float]) -> list[float]:
    """How long after each change the first arrival came."""
    found = []
    for at, following in zip(sent, [*sent[1:], sent[-1] + PAUSE_S], strict=True):
        first = next((moment for moment in arrived if at <= moment < following), None)
        assert first is not None, "a stream missed a change"
        found.append(first - at)
    return found


async def _listen(port: int, path: str, cookie: str, count: int) -> None:
    """Open the streams, say so, note every arrival until told to end."""
    arrivals: list[list[float]] = [[] for _ in range(count)]
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nCookie: {cookie}\r\n\r\n"
    waiting = asyncio.Semaphore(20)
    opened = asyncio.Semaphore(0)

    async def one(arrived: list[float]) -> None:
        async with waiting:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode())
            assert b" 200 " in await reader.readline()
            while b"event: hello" not in await reader.readline():
                pass
            opened.release()
        while line := await reader.readline():
            if line.startswith(b"event: "):
                arrived.append(time.monotonic())

    streams = [asyncio.create_task(one(arrived)) for arrived in arrivals]
    for _ in range(count):
        await opened.acquire()
    print("open", flush=True)
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(15, over.set)
    await over.wait()
    for stream in streams:
        stream.cancel()
    print(json.dumps(arrivals))


if __name__ == "__main__":
    asyncio.run(_listen(*json.loads(sys.argv[1])))
