"""What a decision about rights costs: from the kept card, from the database, and by a policy server."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench.report import figure, heading, percentile
from bench.running import app, officer, portal

TIMES, SLOW_TIMES, WARM = 5_000, 1_000, 200
ACT = "projects.write"


def measure() -> None:
    """Each kind some thousand times, in turn with what it is compared with."""
    heading("A decision about rights, 95th percentile")
    with portal(WEB_WORKERS="1", JOB_WORKERS="1"):
        served = app()
        with served.app_context():
            asking = officer()
            _by_the_portal(asking)
            with _policy_server() as address:
                _by_a_server(served, asking, address)


def _by_the_portal(asking: Any) -> None:
    from portal.core.db import db
    from portal.core.redis import connection

    redis, kept = connection(), {str(number): number for number in range(1000)}
    by_key = text("SELECT * FROM officer WHERE id = :id")

    def nothing_kept() -> None:
        redis.delete(f"card:{asking.id}")
        db.session.remove()  # as a request finds it

    _compare("the policy alone, the card at hand", lambda: asking.can(ACT), lambda: kept["500"])
    _compare("with the kept card", lambda: _decided(asking.id), lambda: redis.get(f"card:{asking.id}"))
    _compare(
        "with the card from the database",
        lambda: _decided(asking.id),
        lambda: db.session.execute(by_key, {"id": asking.id}).one(),
        nothing_kept,
    )


def _by_a_server(served: Any, asking: Any, address: str) -> None:
    from portal.core import cards, opa
    from portal.core.redis import connection

    served.extensions["opa"] = opa.PolicyServer(address)
    redis, line = connection(), HTTPConnection(address.removeprefix("http://"))
    question = json.dumps({"input": opa.question(asking, ACT)})

    def post() -> None:
        line.request("POST", "/v1/data/portal/decision", question, {"Content-Type": "application/json"})
        line.getresponse().read()

    decided = partial(_decided, asking.id)
    _compare("by a policy server, card and verdict kept", decided, lambda: redis.get(f"card:{asking.id}"))
    _compare("by a policy server, asked each time", decided, post, lambda: cards.forget_verdicts(asking.id))
    del served.extensions["opa"]


def _compare(
    what: str, act: Callable[[], object], bare: Callable[[], object], before: Callable[[], None] | None = None
) -> None:
    """Both in turn, so that neither has the quieter machine; what has to be so before each time is not counted."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * (WARM + (SLOW_TIMES if before else TIMES))):
        ours = number % 2 == 0
        if before:
            before()
        begun = time.perf_counter_ns()
        (act if ours else bare)()
        times[ours].append((time.perf_counter_ns() - begun) / 1000)
    decided, least = (percentile(times[which][WARM:], 95) for which in (True, False))
    figure(what, decided, "µs", baseline=least)


def _decided(officer_id: UUID) -> None:
    """What every request does: whose card, and may they."""
    from portal.core.cards import card_of

    card = card_of(officer_id)
    if card is None or not card.actor().can(ACT):
        raise RuntimeError("the sample officer may not write")


class _Yes(BaseHTTPRequestHandler):
    """The Data API of a policy server that need not think."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answer = b""

    def do_POST(self) -> None:
        """Yes, by the policy at hand."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_said: Any) -> None:
        """Nothing."""


def _serve(told: Any) -> None:
    from portal.core import opa

    verdict = {"allow": True, "why": "role", "instrument": "", "revision": opa.REVISION}
    _Yes.answer = json.dumps({"result": verdict}).encode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Yes)
    told.put(server.server_port)
    server.serve_forever()


@contextmanager
def _policy_server() -> Iterator[str]:
    """Its address, while it runs in a process of its own."""
    apart = get_context("spawn")
    told: Any = apart.Queue()
    running = apart.Process(target=_serve, args=(told,), daemon=True)
    running.start()
    try:
        yield f"http://127.0.0.1:{told.get(timeout=60)}"
    finally:
        running.terminate()
        running.join()
