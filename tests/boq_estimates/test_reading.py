"""Who reads a workbook, for how long, how often, and where."""

import datetime as dt
import zipfile

import pytest
from sqlalchemy import select

from jobs.boq_estimates import read_boq_workbook
from portal.boq_estimates import commands, queries
from portal.boq_estimates.commands import reading
from portal.boq_estimates.models import ImportBatch
from portal.core import sandbox
from portal.core.access import SYSTEM
from portal.core.db import db, now, transaction
from portal.core.errors import Invalid
from tests.boq_estimates.conftest import WRONG, read_in


@pytest.fixture
def batch(session, actor, make_project, workbook):
    return commands.request_import(actor("ee"), make_project().id, workbook(), {})


def set_back(batch, **columns):
    """Let time pass, or a reader be lost, without a change of the record."""
    with transaction():
        db.session.execute(ImportBatch.__table__.update().where(ImportBatch.id == batch.id).values(**columns))
    db.session.expire_all()


def long_ago(minutes=60):
    return now() - dt.timedelta(minutes=minutes)


def test_what_only_waits_is_never_given_up(batch, recorded):
    before, version = recorded(), batch.version
    set_back(batch, created_at=long_ago())
    for _minute in range(10):
        assert [(row.attempt, row.tries) for row in queries.list_waiting_imports(SYSTEM)] == [(1, 0)]
    assert (batch.status, batch.version, recorded()) == ("uploaded", version, before)


def test_a_workbook_in_work_is_left_to_its_reader_and_keeps_its_version(batch):
    version = batch.version
    set_back(batch, created_at=long_ago())
    task = commands.take_up_import(SYSTEM, batch.id)
    assert (task.attempt, task.tries, batch.version) == (1, 1, version)
    assert commands.take_up_import(SYSTEM, batch.id) is None
    assert queries.list_waiting_imports(SYSTEM) == []


def test_a_lost_reader_is_replaced_and_comes_too_late(batch):
    first = commands.take_up_import(SYSTEM, batch.id)
    set_back(batch, lease_until=long_ago())
    assert [row.tries for row in queries.list_waiting_imports(SYSTEM)] == [1]
    second = commands.take_up_import(SYSTEM, batch.id)
    refusal = reading.Found({"refused": "too late"})
    assert commands.keep_import(SYSTEM, first, refusal).status == "uploaded"
    assert commands.keep_import(SYSTEM, second, refusal).failure == "too late"


def test_after_three_lost_readers_it_is_given_up(batch, recorded):
    for _try in range(3):
        assert commands.take_up_import(SYSTEM, batch.id) is not None
        set_back(batch, lease_until=long_ago())
    assert commands.take_up_import(SYSTEM, batch.id) is None
    assert (batch.status, batch.failure) == ("rejected", "It could not be read in three tries.")
    assert recorded()[-1] == "hmda.boq.import.failed"


def test_what_was_mapped_anew_meanwhile_is_not_overwritten(batch, actor):
    read_in(batch.id)
    values = {"sheet": "BOQ", "header_row": 2, "columns": {"item_no": 0, "description": 1, "unit": 2}}
    commands.map_import(actor("ee"), batch.id, values)
    task = commands.take_up_import(SYSTEM, batch.id)
    commands.map_import(actor("ee"), batch.id, values)
    assert commands.keep_import(SYSTEM, task, reading.Found({"refused": "x"})).status == "uploaded"
    assert (batch.tries, batch.lease_until) == (0, None)
    assert read_in(batch.id).status == "validated"


def test_no_transaction_is_open_while_the_workbook_is_looked_at(batch, monkeypatch):
    seen, look = [], sandbox.look

    def watched(function, path):
        seen.append((db.session().in_transaction(), "writing" in db.session().info))
        return look(function, path)

    monkeypatch.setattr(sandbox, "look", watched)
    read_boq_workbook(str(batch.id))
    assert seen == [(False, False)]


def test_the_command_line_reads_before_it_asks_the_database(batch, monkeypatch, actor, road_file):
    seen, look, project_id = [], sandbox.look, batch.project_id
    db.session.rollback()

    def watched(function, path):
        seen.append(db.session().in_transaction())
        return look(function, path)

    monkeypatch.setattr(sandbox, "look", watched)
    commands.import_boq_file(actor("ee"), project_id, road_file)
    assert seen == [False]


def test_the_workbook_is_opened_in_a_process_of_its_own(sandboxed, session, actor, make_project, workbook):
    project = make_project()
    good = read_in(commands.request_import(actor("ee"), project.id, workbook(), {}).id)
    assert (good.status, good.items_count, good.committable) == ("validated", 8, True)
    wrong = read_in(commands.request_import(actor("ee"), project.id, workbook(WRONG), {}).id)
    assert (wrong.rows_error, wrong.issues_sha256 is not None) == (1, True)
    assert commands.commit_import(actor("ee"), good.id, {}).items_count == 8


def test_a_workbook_that_brings_its_reader_down_is_refused_with_words(batch, monkeypatch, actor, tmp_path):
    monkeypatch.setattr(sandbox, "look", lambda _function, _path: {"refused": "damaged"})
    assert "far more than a bill holds" in read_in(batch.id).failure
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("a", b"")
    with pytest.raises(Invalid, match="far more than a bill holds"):
        commands.import_boq_file(actor("ee"), batch.project_id, tmp_path / "x.xlsx")
    assert len(db.session.scalars(select(ImportBatch)).all()) == 1
