"""The one connection pool to Redis: every user of it survives a restart of the server."""

import time
from typing import Any

from flask import Flask, current_app
from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import TimeoutError as Late
from redis.retry import Retry

AWAY_S = 5
ONCE_MORE = Retry(NoBackoff(), 1)


class Patience(Retry):
    """Tries again for about a second and a half; for five seconds after that was in vain, each call tries once more.

    So a page that asks Redis five times while it is away waits once, not five times.
    """

    away_until = 0.0  # of the whole process

    def call_with_retry(self, *args: Any, **kwargs: Any) -> Any:
        """As Retry does."""
        tries = self if time.monotonic() >= Patience.away_until else ONCE_MORE
        try:
            return Retry.call_with_retry(tries, *args, **kwargs)
        except (Lost, Late):
            Patience.away_until = time.monotonic() + AWAY_S
            raise


def connect(url: str) -> Redis:
    """A client that survives a restart of the server; sockets are checked every 30 s."""
    return Redis.from_url(
        url,
        retry=Patience(ExponentialBackoff(cap=1, base=0.05), 5),
        retry_on_error=[Lost, Late],
        health_check_interval=30,
        socket_connect_timeout=5,
    )


def connection() -> Redis:
    """The client of the running app."""
    client: Redis = current_app.extensions["redis"]
    return client


def init_app(app: Flask) -> None:
    """Connect lazily: the app starts while Redis is still away."""
    app.extensions.setdefault("redis", connect(app.config["REDIS_URL"]))
