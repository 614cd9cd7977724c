"""Estimates without a request: workbooks are read by the workers, lost and forgotten ones are tended by the clock."""

from uuid import UUID

from jobs.queues import enqueue
from portal.boq_estimates import commands, queries
from portal.core.access import SYSTEM
from portal.core.bus import Message, consumer
from portal.core.registry import supplies


@consumer("boq_estimates.reader", "hmda.boq.import.requested")
def start_reading(message: Message) -> None:
    """A workbook that came in, or was mapped anew, is read once per attempt, whatever is told twice."""
    payload = message.payload
    enqueue("import", read_boq_workbook, payload["batch_id"], attempt=payload["attempt"], seconds=300)


def read_boq_workbook(batch_id: str) -> None:
    """Read and check a workbook; one that is read already is left alone."""
    commands.check_import(SYSTEM, UUID(batch_id))


@supplies("schedule.tick")
def tend_imports() -> None:
    """Look for workbooks whose reader was lost and for those nobody took over; write only when there are any."""
    if queries.count_due_imports(SYSTEM):
        commands.tend_imports(SYSTEM)
