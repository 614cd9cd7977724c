"""Putting work on a queue: an id as the argument, one job per id and attempt; the database says what is to be done."""

from collections.abc import Callable
from contextlib import suppress

from rq import Queue
from rq.exceptions import DuplicateJobError

from portal.core.redis import connection

QUEUES = ("pdf", "import")


def enqueue(queue: str, job: Callable[[str], None], argument: str, *, attempt: int = 0, seconds: int = 3600) -> None:
    """Once per job, id and attempt, however often it is asked. Raises RedisError while the queue is away."""
    name = f"{job.__name__}-{argument}-{attempt}"
    with suppress(DuplicateJobError):  # already waiting or running
        Queue(queue, connection=connection()).enqueue(
            job, argument, job_id=name, unique=True, job_timeout=seconds, result_ttl=60, failure_ttl=86400
        )
