"""What happens to a workbook without a request."""

import datetime as dt

from rq import Queue

from jobs.boq_estimates import read_boq_workbook, start_reading, tend_imports
from portal.boq_estimates import commands, queries
from portal.boq_estimates.models import ImportBatch
from portal.core.access import SYSTEM
from portal.core.bus import Message
from portal.core.db import now, transaction


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


def test_the_clock_writes_nothing_while_nothing_is_due(session, make_project, actor, workbook, recorded, redis):
    commands.request_import(actor("ee"), make_project().id, workbook(), {})
    before = recorded()
    tend_imports()
    assert (recorded(), Queue("import", connection=redis).jobs) == (before, [])


def test_the_clock_asks_once_for_what_waits_and_again_for_what_was_lost(
    session, make_project, actor, workbook, recorded, redis, monkeypatch
):
    monkeypatch.setattr("jobs.boq_estimates.time.time", lambda: 1_800_000_000.0)
    batch = commands.request_import(actor("ee"), make_project().id, workbook(), {})
    before, queue = recorded(), Queue("import", connection=redis)
    table = ImportBatch.__table__
    with transaction():
        session.execute(table.update().values(created_at=now() - dt.timedelta(hours=1)))
    for _tick in range(3):
        tend_imports()
    assert len(queue.jobs) == 1
    commands.take_up_import(SYSTEM, batch.id)
    tend_imports()
    assert len(queue.jobs) == 1
    with transaction():
        session.execute(table.update().values(lease_until=now() - dt.timedelta(seconds=1)))
    for _tick in range(3):
        tend_imports()
    assert (len(queue.jobs), recorded()) == (2, before)
