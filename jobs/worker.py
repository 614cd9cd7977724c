"""A worker: takes jobs from the queues, each in a process of its own."""

from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job

from jobs.process import start
from jobs.queues import QUEUES
from portal.core.db import db
from portal.core.origin import ORIGIN, Origin
from portal.core.redis import connection

app = start()


class PortalWorker(Worker):
    """Every job gets its own process, its own app context and its own database connections."""

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
