"""A load is taken back whole, with the doubts it brought and those it closed, until somebody has worked on it."""

import pytest
from sqlalchemy import event

from portal.core.db import db
from portal.core.errors import RuleBroken
from portal.core.events import StoredEvent
from portal.projects import commands, queries
from portal.projects.rules import View
from tests.projects.reports import by_name, changed, content


def test_a_load_is_undone_whole_and_can_be_loaded_anew(session, load, officer, recorded):
    batch = load()
    commands.undo_works_report(officer, batch.id)
    assert batch.state == "undone"
    assert queries.get_portfolio(officer, View()).totals.works == 0
    assert recorded()[-1] == "hmda.dashboard.import.undone"
    again = load()
    assert again.id != batch.id
    assert queries.get_portfolio(officer, View()).totals.works == 14


def test_undoing_an_update_puts_back_what_was(session, load, officer):
    load()
    batch = load(changed(15, status="Commenced", estimate=60.5))
    commands.undo_works_report(officer, batch.id)
    sewer = by_name(session, "Trunk sewer")
    assert (sewer.status, sewer.estimate_amount) == ("", None)
    assert load(changed(15, status="Commenced", estimate=60.5)).result["update"] == 1


def test_a_load_on_which_somebody_has_worked_stays(session, load, officer):
    batch = load()
    sewer = by_name(session, "Trunk sewer")
    commands.edit_project(officer, sewer.id, {"mandal": "Lakeside"}, seen=sewer.version)
    with pytest.raises(RuleBroken, match=sewer.code):
        commands.undo_works_report(officer, batch.id)
    assert queries.get_portfolio(officer, View()).totals.works == 14


def test_work_of_another_module_also_stands_in_the_way(session, load, officer):
    from portal.attachments.commands import add_attachment
    from tests.attachments.test_attachments import VALUES, pdf
    from tests.attachments.test_attachments import Upload as File

    batch = load()
    add_attachment(officer, by_name(session, "Trunk sewer").id, File(pdf(1)), VALUES)
    with pytest.raises(RuleBroken):
        commands.undo_works_report(officer, batch.id)


def doubts(officer, project):
    return {(flag.code, flag.state) for flag in queries.list_flags(officer, project.id)}


def test_undoing_opens_the_doubts_again_that_the_load_had_closed(session, load, officer):
    load()
    lake = by_name(session, "Lake")
    batch = load(changed(12, grounded="29.03.2025"))
    assert (doubts(officer, lake), lake.kept_out, lake.open_flags) == ({("grounded_before_as", "corrected")}, False, 0)
    commands.undo_works_report(officer, batch.id)
    (flag,) = queries.list_flags(officer, lake.id)
    assert (flag.state, flag.note, flag.settled_by, flag.settled_at) == ("open", "", None, None)
    assert (lake.kept_out, lake.open_flags) == (True, 1)


def test_undoing_closes_the_doubts_the_load_brought_also_for_works_it_left_alone(session, load, officer):
    load()
    sewer = by_name(session, "Trunk sewer")
    commands.edit_project(officer, sewer.id, {"status": "Tender called"}, seen=sewer.version)
    batch = load(changed(15, status="Commenced"))
    assert batch.result["same"] == 14
    assert doubts(officer, sewer) == {("unreadable_amount", "open"), ("edited", "open")}
    assert sewer.open_flags == 2
    commands.undo_works_report(officer, batch.id)
    assert doubts(officer, sewer) == {("unreadable_amount", "open"), ("edited", "corrected")}
    assert sewer.open_flags == 1


def test_the_facts_of_a_work_stand_in_one_row_through_load_update_and_undo(session, load, officer):
    load()
    sewer = by_name(session, "Trunk sewer")
    commands.undo_works_report(officer, load(changed(15, status="Commenced")).id)
    told = session.query(StoredEvent).filter_by(stream_id=sewer.id).order_by(StoredEvent.position).all()
    assert [one.stream_version for one in told] == [1, 2, 3]
    assert [one.project_id for one in told] == [sewer.id] * 3
    assert (told[1].payload["after"], told[2].payload["after"]) == ({"status": "Commenced"}, {"status": ""})


def test_a_load_costs_the_same_few_questions_however_many_works_it_brings(session, stage, officer):
    works = {row: {"division": "I", "work": f"Road {row}", "ecv": 2, "authority": "the Board"} for row in range(2, 302)}
    batch = stage(content(works=works))
    asked = []
    listen = lambda *args: asked.append(args[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        assert commands.commit_works_report(officer, batch.id).result["create"] == 300
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    assert len(asked) < 40
