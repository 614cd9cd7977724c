"""Estimates without a request: workbooks are read by the workers, lost and forgotten ones are tended by the clock."""

import time
from uuid import UUID

from jobs.queues import enqueue
from portal.boq_estimates import commands, queries
from portal.core.access import SYSTEM
from portal.core.bus import Message, consumer
from portal.core.registry import supplies

SECONDS = 180  # less than the lease of a reader


@consumer("boq_estimates.reader", "hmda.boq.import.requested")
def start_reading(message: Message) -> None:
    """A workbook that came in, or was mapped anew, is put on the queue, whatever is told twice."""
    _enqueue(message.payload["batch_id"], message.payload["attempt"], 0)


def _enqueue(batch_id: str, attempt: int, tries: int) -> None:
    """Once in ten minutes per mapping and try: a job lost on its way is asked for again, one that waits is not."""
    number = (attempt * 10 + tries) * 1_000_000 + int(time.time()) // 600 % 1_000_000
    enqueue("import", read_boq_workbook, batch_id, attempt=number, seconds=SECONDS)


def read_boq_workbook(batch_id: str) -> None:
    """Read and check a workbook; one that is read already, or held by another reader, is left alone."""
    commands.Reader(SYSTEM, UUID(batch_id)).run()


@supplies("schedule.tick")
def tend_imports() -> None:
    """Put what waits, and what its reader lost, on the queue once more; write only when a workbook has run out."""
    for batch_id, attempt, tries in queries.list_waiting_imports(SYSTEM):
        _enqueue(str(batch_id), attempt, tries)
    if queries.count_due_imports(SYSTEM):
        commands.expire_imports(SYSTEM)
