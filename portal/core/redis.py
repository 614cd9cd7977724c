"""The one connection pool to Redis: every user of it survives a restart of the server."""

from flask import Flask, current_app
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import TimeoutError as Late
from redis.retry import Retry


def connect(url: str) -> Redis:
    """A client that tries again for about one and a half seconds before it gives up; sockets are checked every 30 s."""
    return Redis.from_url(
        url,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), 5),
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
