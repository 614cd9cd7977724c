"""Telling browsers that something changed; never what: they come back and ask, with their own rights."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Lock, Thread

from flask import Blueprint, Response, current_app, g, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from redis import Redis
from redis.exceptions import RedisError

from portal.core.db import db
from portal.core.errors import NotFound
from portal.core.i18n import _
from portal.core.redis import connection

bp = Blueprint("live", __name__)
HEARTBEAT_S = 15
TICKET_S = 24 * 3600
MOST_WAITING = 200
log = logging.getLogger("portal.live")


class Switchboard:
    """One Redis subscription for the whole process, handed on to each open stream by a queue in memory."""

    def __init__(self) -> None:
        self.lock, self.running = Lock(), False
        self.streams: dict[str, set[Queue[str]]] = defaultdict(set)

    def open(self, redis: Redis, topics: list[str]) -> "Queue[str]":
        """A queue that gets the name of each of the topics when it is announced."""
        queue: Queue[str] = Queue(MOST_WAITING)
        with self.lock:
            for topic in topics:
                self.streams[topic].add(queue)
            if not self.running:
                self.running = True
                Thread(target=self.pump, args=(redis,), daemon=True).start()
        return queue

    def close(self, queue: "Queue[str]", topics: list[str]) -> None:
        """Forget the queue of a browser that went away."""
        with self.lock:
            for topic in topics:
                self.streams[topic].discard(queue)
                if not self.streams[topic]:
                    del self.streams[topic]

    def pump(self, redis: Redis) -> None:
        """Listen for ever; after a restart of Redis everybody is told to look again, for what was missed."""
        missed = False
        while True:
            try:
                listener = redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
                listener.psubscribe("live:*")
                if missed:
                    self._tell(list(self.streams))
                for message in listener.listen():
                    self._tell([message["channel"].decode().removeprefix("live:")])
            except (RedisError, OSError, ValueError) as lost:  # ValueError: the pool was closed beneath it
                log.warning("live updates interrupted: %s", lost)
                missed = True
                time.sleep(1)

    def _tell(self, topics: list[str]) -> None:
        with self.lock:
            told = [(queue, topic) for topic in topics for queue in self.streams.get(topic, ())]
        for queue, topic in told:
            with suppress(Full):  # a browser that does not listen asks again by itself within a minute
                queue.put_nowait(topic)


switchboard = Switchboard()


def announce(topic: object) -> None:
    """Tell every browser that watches the topic to ask again."""
    try:
        connection().publish(f"live:{topic}", "")
    except RedisError as lost:
        log.warning("nobody could be told of %s: %s", topic, lost)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="live-topics")


def stream_url(topics: list[object]) -> str:
    """The address of a stream for these topics, good for this officer only: a view decided that they may watch them."""
    ticket = _signer().dumps([str(g.actor.id), *map(str, topics)])
    return url_for("live.stream", ticket=ticket)


def _topics_of(ticket: str) -> list[str]:
    try:
        officer, *topics = _signer().loads(ticket, max_age=TICKET_S)
    except (BadSignature, ValueError):
        raise NotFound(_("This live address has run out. Load the page again.")) from None
    if officer != str(g.actor.id):
        raise NotFound(_("This live address belongs to another officer."))
    return list(topics)


@bp.get("/live/<ticket>")
def stream(ticket: str) -> Response:
    """Server-sent events: an event named by its topic for each change, a heartbeat between them."""
    topics, client = _topics_of(ticket), connection()
    db.session.remove()  # an open stream holds no database connection

    def lines() -> Iterator[str]:
        queue = switchboard.open(client, topics)  # here, for who leaves before the first line never starts this
        try:
            yield "event: hello\ndata: live\n\n"
            while True:
                try:
                    yield f"event: {queue.get(timeout=HEARTBEAT_S)}\ndata: changed\n\n"
                except Empty:
                    yield ": still here\n\n"
        finally:
            switchboard.close(queue, topics)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(lines(), mimetype="text/event-stream", headers=headers)
