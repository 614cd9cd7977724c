"""What happens to a workbook without a request."""

from rq import Queue

from jobs.boq_estimates import read_boq_workbook, start_reading, tend_imports
from portal.boq_estimates import commands, queries
from portal.core.access import SYSTEM
from portal.core.bus import Message


def test_a_workbook_that_came_in_is_read_once_whatever_is_told_twice(session, make_project, actor, workbook, redis):
    project = make_project()
    batch = commands.request_import(actor("ee"), project.id, workbook(), {})
    payload = {"batch_id": str(batch.id), "attempt": 1}
    told = Message("1", "hmda.boq.import.requested", str(batch.id), str(project.id), payload)
    start_reading(told)
    start_reading(told)
    queue = Queue("import", connection=redis)
    assert [job.args for job in queue.jobs] == [(str(batch.id),)]
    read_boq_workbook(str(batch.id))
    read_boq_workbook(str(batch.id))
    assert queries.get_import(SYSTEM, batch.id).status == "validated"
    start_reading(told._replace(payload={**payload, "attempt": 2}))
    assert len(queue.jobs) == 2


def test_the_clock_writes_nothing_while_nothing_is_due(session, make_project, actor, workbook, recorded):
    commands.request_import(actor("ee"), make_project().id, workbook(), {})
    before = recorded()
    tend_imports()
    assert recorded() == before
