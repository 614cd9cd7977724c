"""A command is checked, whole, recorded and audited; a query cannot write."""

import pytest
from sqlalchemy import text

from portal.attachments import queries
from portal.core.access import SYSTEM, Actor, who_may
from portal.core.audit import AuditRecord
from portal.core.db import consistent_read, cursor_of, page_of, read_cursor, transaction
from portal.core.errors import Invalid, NotPermitted, Stale
from portal.core.events import Outbox, StoredEvent, record, timeline
from portal.core.usecases import DOORS, command
from portal.projects.models import Project
from tests.core.facts import Renamed


@pytest.fixture
def rename(session):
    """A command of our own, behind the door of the attachments module."""

    def rename_it(actor: Actor, project, name, fails=False):
        project.name = name
        record(Renamed(name=name), project, actor)
        if fails:
            raise ValueError("half-way")

    rename_it.__module__, rename_it.__qualname__ = "portal.attachments.commands", "rename_it"
    yield command("withdraw")(rename_it)
    DOORS.pop("portal.attachments.commands.rename_it")


def test_state_fact_outbox_and_audit_record_are_kept_together(session, actor, make_project, rename):
    project, officer = make_project(), actor("ee")
    rename(officer, project, "Lake bund")
    (fact,) = session.query(StoredEvent).all()
    assert (fact.topic, fact.payload, fact.stream_id, fact.stream_version) == (
        Renamed.topic,
        {"name": "Lake bund"},
        project.id,
        1,
    )
    assert fact.says == "Renamed to Lake bund."
    assert session.query(Outbox).one().sent_at is None
    assert session.query(AuditRecord).one().actor_id == officer.id
    assert (project.updated_by, project.version) == (officer.id, 2)


def test_a_command_that_fails_leaves_nothing(session, actor, make_project, rename):
    project = make_project()
    with pytest.raises(ValueError, match="half-way"):
        rename(actor("ee"), project, "Lake bund", fails=True)
    session.expire_all()
    assert project.name == "Kompally link road"
    assert not session.query(StoredEvent).count() + session.query(AuditRecord).count()


def test_a_role_without_the_act_is_told_who_has_it(session, actor, make_project, rename):
    with pytest.raises(NotPermitted, match="Chief Engineer"):
        rename(actor("to"), make_project(), "Lake bund")
    assert "Executive Engineer" in who_may("projects.import")


def test_a_query_cannot_write(session, make_project):
    project = make_project()
    project.name = "Written by a query"
    with pytest.raises(RuntimeError, match="outside a command"):
        session.flush()
    session.rollback()


def test_facts_of_one_stream_are_numbered_without_a_gap(session, actor, make_project, rename):
    project, officer = make_project(), actor("ee")
    for name in ("A", "B", "C"):
        rename(officer, project, name)
    assert [f.stream_version for f in timeline(stream_id=project.id)] == [3, 2, 1]
    assert len(timeline(project_id=project.id, limit=2)) == 2


@pytest.mark.parametrize("table", ["event", "audit_record"])
def test_the_database_refuses_to_change_what_is_append_only(session, actor, make_project, rename, table):
    rename(actor("ee"), make_project(), "Lake bund")
    for change in (f"UPDATE {table} SET actor_id = gen_random_uuid()", f"DELETE FROM {table}"):
        with pytest.raises(Exception, match="append-only"), session.begin_nested():
            session.execute(text(change))


def test_two_savers_at_once_do_not_overwrite_each_other(session, make_project):
    project = make_project()
    with pytest.raises(Stale):
        project.seen_as(project.version - 1)
    project.seen_as(project.version)


def test_who_is_slower_by_a_moment_is_told(session, make_project):
    def be_overtaken(project):
        with transaction():
            session.execute(text("UPDATE project SET version = version + 1"))
            project.name = "Mine"

    project = make_project()
    project.seen_as(project.version)
    with pytest.raises(Stale):
        be_overtaken(project)


def test_pages_neither_repeat_nor_drop_a_row(session, make_project):
    from sqlalchemy import select

    made = {make_project().id for _ in range(7)}
    seen, after = [], ""
    while True:
        rows, after = page_of(select(Project), Project.created_at, Project.id, after=after, size=3)
        seen += [row.id for row in rows]
        if not after:
            break
    assert len(seen) == 7
    assert set(seen) == made


def test_a_cursor_of_nobody_is_refused(session, make_project):
    assert read_cursor(cursor_of(make_project(), Project.name), 1) == ["Kompally link road"]
    for forged in ("zzz", "W10", "eyJhIjoxfQ"):
        with pytest.raises(Invalid):
            read_cursor(forged, 1)


def test_a_consistent_read_does_not_start_inside_a_command(session):
    with consistent_read():
        pass
    with transaction(), pytest.raises(RuntimeError), consistent_read():
        pass


def test_the_portal_itself_may_do_everything(session, make_project):
    assert SYSTEM.can("doc_assembly.cancel_any")
    assert SYSTEM.knows(make_project().id)
    assert queries.list_attachments(SYSTEM, make_project().id) == []
