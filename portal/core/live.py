"""Telling whoever watches that something changed; never what: they come back and ask, with their own rights."""

import logging
import time
from collections import defaultdict
from contextlib import suppress
from queue import Full, Queue
from threading import Lock, Thread

from redis import Redis
from redis.exceptions import RedisError

from portal.core.redis import connection

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
