"""A worker: takes jobs from the queues, each in a process of its own."""

import ctypes
import signal
import sys

from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job

from jobs.process import start
from jobs.queues import QUEUES
from portal.core.db import db
from portal.core.origin import ORIGIN, Origin
from portal.core.redis import connection

app = start()


PR_SET_PDEATHSIG = 1  # prctl(2)


class PortalWorker(Worker):
    """Every job gets its own process, its own app context and its own database connections."""

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """The job's process ends with its worker, however that ended: another worker takes the job up."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        super().main_work_horse(job, queue)

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Run one job, known by its id in every audit record it makes."""
        with app.app_context():
            db.engine.dispose(close=False)
            ORIGIN.set(Origin("job", request_id=job.id))
            return super().perform_job(job, queue, execution)


def main() -> None:
    """Until told to stop; a second signal stops the running job too."""
    with app.app_context():
        client = connection()
        PortalWorker([Queue(name, connection=client) for name in QUEUES], connection=client).work(
            logging_level="WARNING"
        )


if __name__ == "__main__":
    main()
