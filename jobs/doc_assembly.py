"""Assembly without a request: a requested build starts a job, and the clock finds builds whose worker was lost."""

import time
from uuid import UUID

from flask import current_app

from jobs.queues import enqueue
from portal.core.access import SYSTEM
from portal.core.bus import Message, consumer
from portal.core.pdf import workroom
from portal.core.registry import supplies
from portal.doc_assembly import commands, queries
from portal.doc_assembly.commands.assembling import Assembler
from portal.doc_assembly.models import Status


@consumer("doc_assembly.builder", "hmda.assembly.build.requested")
def start_build(message: Message) -> None:
    """A requested build starts one job, whatever is told twice."""
    _enqueue(message.payload["build_id"], 0)


def _enqueue(build_id: str, attempt: int) -> None:
    """Once a minute and attempt: a job lost on its way is asked for again, and only one takes the build."""
    enqueue("pdf", assemble_report, build_id, attempt=attempt * 10_000_000 + int(time.time()) // 60 % 10_000_000)


def assemble_report(build_id: str) -> None:
    """Build the report and publish it; a build that another worker holds is left alone."""
    Assembler(UUID(build_id), current_app._get_current_object().app_context).run()  # type: ignore[attr-defined]


@supplies("schedule.tick")
def requeue_lost_builds() -> None:
    """What waits is put on the queue, what its worker lost is given back or ended; the database says which."""
    for build_id, status, attempt in queries.list_lost_builds(SYSTEM):
        if status == Status.QUEUED:
            _enqueue(str(build_id), attempt)
        elif commands.release_lost_build(SYSTEM, build_id, attempt):
            workroom.clear(str(build_id))
