"""Servers that do not answer, for as long as a test wants."""

from contextlib import contextmanager

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


@contextmanager
def redis_away(app):
    """Redis does not answer the app; gives what ends that early."""
    there = app.extensions["redis"]

    def back():
        app.extensions["redis"] = there

    app.extensions["redis"] = Redis(host="127.0.0.1", port=9, retry=Retry(NoBackoff(), 0))
    try:
        yield back
    finally:
        back()
