"""Every act leaves a record of who, what, before and after; the records are one chain, written last."""

import datetime as dt
import hashlib
import threading
import uuid

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from portal.core import audit
from portal.core.access import SYSTEM, Actor
from portal.core.audit import GENESIS, AuditDay, AuditRecord, digest_of
from portal.core.audit.changes import Changes, kept
from portal.core.db import after_commit, before_commit, db, now, transaction
from portal.core.errors import NotFound, NotPermitted
from portal.core.origin import ORIGIN, Origin
from portal.core.usecases import DOORS, command
from portal.projects.models import Project


@pytest.fixture
def act(session):
    """A command made of what is handed to it, behind the door of the projects module."""

    def do_it(actor: Actor, project_id, change):
        return change()

    do_it.__module__, do_it.__qualname__ = "portal.projects.commands", "do_it"
    yield command("write")(do_it)
    DOORS.pop("portal.projects.commands.do_it")


@pytest.fixture
def records(session):
    """All records, in the order of the chain."""
    return lambda: session.scalars(select(AuditRecord).order_by(AuditRecord.position)).all()


def fields(record):
    return {column.name: getattr(record, column.name) for column in AuditRecord.__table__.columns}


def test_the_record_says_who_and_from_where_and_what_was_before_and_after(act, actor, make_project, records):
    project, officer = make_project(), actor("ee")
    ORIGIN.set(Origin("web", "10.4.2.17", "abcdef0123456789", "Firefox"))
    act(officer, project.id, lambda: setattr(project, "name", "Lake bund"))
    (record,) = records()
    assert (record.actor_id, record.actor_name, record.role, record.act) == (
        officer.id,
        "An EE",
        "ee",
        "projects.write",
    )
    assert (record.door, record.address, record.request_id) == ("web", "10.4.2.17", "abcdef0123456789")
    assert (record.device, record.outcome) == ("Firefox", "done")
    assert record.changes == {
        "rows": [
            {
                "table": "project",
                "id": str(project.id),
                "how": "changed",
                "columns": {"name": ["Kompally link road", "Lake bund"]},
            }
        ]
    }
    assert record.subjects == [str(project.id)]


def test_a_new_row_and_a_removed_one_are_kept_whole(act, actor, make_project, session, records):
    made = Project(code="X-1", name="Lake bund", work="Bund", work_type="water")
    made.project_id = made.id
    act(actor("ee"), made.id, lambda: session.add(made))
    act(actor("ee"), made.id, lambda: session.delete(session.get(Project, made.id)))
    added, removed = (record.changes["rows"][0] for record in records())
    assert (added["how"], added["columns"]["name"]) == ("added", [None, "Lake bund"])
    assert (removed["how"], removed["columns"]["name"]) == ("removed", ["Lake bund", None])


def test_a_row_saved_twice_in_one_act_shows_the_first_before_and_the_last_after(
    act, actor, make_project, session, records
):
    project = make_project()

    def twice():
        project.name = "Half-way"
        session.flush()
        project.name = "Lake bund"

    act(actor("ee"), project.id, twice)
    assert records()[0].changes["rows"][0]["columns"] == {"name": ["Kompally link road", "Lake bund"]}


def test_secrets_never_reach_the_record(make_officer, session, records):
    officer = make_officer("ee")
    with transaction():
        officer.password_hash = "$argon2id$new"
        audit.note(SYSTEM, "accounts.own", "test", ())
    (record,) = records()
    assert record.changes["rows"][0]["columns"] == {"password_hash": ["•••", "•••"]}


def test_a_large_load_is_kept_as_its_first_rows_and_a_count(act, actor, session, records):
    rows = [Project(code=f"L-{n}", name="Road", work="Road", work_type="road") for n in range(50)]
    for row in rows:
        row.project_id = row.id
    act(actor("ee"), rows[0].id, lambda: session.add_all(rows))
    (record,) = records()
    assert len(record.changes["rows"]) == 20
    assert record.changes["more"] == [{"table": "project", "how": "added", "count": 30}]


def test_statements_over_many_rows_are_counted(act, actor, make_project, session, records):
    projects = [make_project() for _ in range(3)]
    act(actor("ee"), projects[0].id, lambda: session.execute(update(Project).values(status="in progress")))
    assert records()[0].changes == {"more": [{"table": "project", "how": "changed", "count": 3}]}


def test_an_act_within_an_act_has_a_record_of_its_own_with_its_own_changes(act, actor, make_project, records):
    one, other, officer = make_project(), make_project(), actor("ee")

    def outer():
        act(officer, other.id, lambda: setattr(other, "name", "Inner"))
        one.name = "Outer"

    act(officer, one.id, outer)
    assert [record.changes["rows"][0]["columns"]["name"][1] for record in records()] == ["Inner", "Outer"]
    assert [record.number for record in records()] == [1, 2]


def test_what_an_act_that_failed_changed_is_not_told_by_the_next(act, actor, make_project, session, records):
    project, officer = make_project(), actor("ee")

    def fail():
        project.name = "Half-way"
        session.flush()
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        act(officer, project.id, fail)
    act(officer, project.id, lambda: None)
    assert [record.changes for record in records()] == [{}]


def test_a_reason_given_inside_is_in_the_record_of_that_act_alone(act, actor, make_project, records):
    project, officer = make_project(), actor("ee")
    act(officer, project.id, lambda: audit.because("role = ee"))
    act(officer, project.id, lambda: None)
    assert [record.why for record in records()] == ["role = ee", ""]


def test_long_values_are_kept_by_their_beginning_and_their_hash():
    long = "chainage " * 1000
    assert kept(long) == {"begins": long[:200], "characters": 9000, "sha256": hashlib.sha256(long.encode()).hexdigest()}
    assert kept(b"abc") == {"bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}
    assert kept({"rate": 0.1, "of": [1, uuid.UUID(int=0)]}) == {
        "rate": "0.1",
        "of": [1, "00000000-0000-0000-0000-000000000000"],
    }


def test_changes_are_taken_once():
    changes = Changes()
    changes.count("boq_item", "added", 7)
    assert changes.taken() == ({"more": [{"table": "boq_item", "how": "added", "count": 7}]}, [])
    assert changes.taken() == ({}, [])


def test_each_record_follows_the_one_before_it(act, actor, make_project, records, session):
    project, officer = make_project(), actor("ee")
    for name in ("A", "B", "C"):
        act(officer, project.id, lambda name=name: setattr(project, "name", name))
    found = records()
    assert [record.number for record in found] == [1, 2, 3]
    assert [record.previous for record in found] == [GENESIS, found[0].digest, found[1].digest]
    session.expire_all()
    assert [digest_of(fields(record)) for record in found] == [record.digest for record in found]
    day = session.scalars(select(AuditDay)).one()
    assert (day.count, day.tip, day.closed) == (3, found[-1].digest, False)


def test_the_first_record_of_a_day_follows_the_last_of_the_day_before(session, actor, records, monkeypatch):
    first = dt.date(2026, 11, 25)
    for day in (first, first + dt.timedelta(days=3)):
        monkeypatch.setattr("portal.core.audit.chain.today", lambda day=day: day)
        audit.witness("projects.write", "refused", actor=actor("ee"))
    before, after = records()
    assert (before.day, before.number, after.number) == (first, 1, 1)
    assert after.previous == before.digest
    assert [day.closed for day in session.scalars(select(AuditDay).order_by(AuditDay.day))] == [True, False]


def test_a_day_that_is_closed_is_never_added_to_whatever_a_clock_says(session, actor, records, monkeypatch):
    first = dt.date(2026, 11, 25)
    for day in (first, first + dt.timedelta(days=1), first):
        monkeypatch.setattr("portal.core.audit.chain.today", lambda day=day: day)
        audit.witness("projects.write", "refused", actor=actor("ee"))
    assert [(record.day.day, record.number) for record in records()] == [(25, 1), (26, 1), (26, 2)]


def test_the_chain_is_written_after_everything_else_a_transaction_does_last(session, actor, make_project):
    order = []
    with transaction():
        session.add(Project(code="X", name="A", work="A", work_type="road", project_id=uuid.uuid4()))
        session.flush()  # from here on there is a ledger
        before_commit(lambda: order.append(session.query(AuditRecord).count()))
        audit.note(SYSTEM, "projects.write", "test", ())
        after_commit(lambda: order.append(session.query(AuditRecord).count()))
    assert order == [0, 1]


def test_what_a_stranger_calls_themselves_cannot_break_the_record(session, records):
    audit.witness("accounts.sign_in", "failed", name="a\x00b\ud800" + "x" * 5000, why="wrong password")
    (record,) = records()
    assert record.actor_name.startswith("a\ufffdb?x")
    assert (len(record.actor_name), record.role) == (500, "")
    assert digest_of(fields(record)) == record.digest


def test_refusals_are_told_once_with_the_act_and_the_rule(signed_in, records, make_project, redis):
    browser = signed_in("to")
    assert browser.post("/projects/new", data={}).status_code == 403
    (record,) = records()
    assert (record.actor_id, record.act, record.outcome) == (browser.officer.id, "projects.write", "refused")
    assert (record.why, record.role) == ("right", "to")


def test_a_project_that_is_not_the_consultants_is_a_refusal_and_an_unknown_page_is_none(
    signed_in, records, make_project, redis
):
    project, consultant, engineer = make_project(), signed_in("ec"), signed_in("ee")
    assert consultant.get(f"/projects/{project.id}").status_code == 404
    assert engineer.get(f"/projects/{uuid.uuid4()}").status_code == 404
    (record,) = records()
    assert (record.outcome, record.why, record.subjects) == ("refused", "unassigned", [str(project.id)])


def test_a_refusal_leaves_nothing_else_of_the_failed_use_case(actor, make_project, session):
    project = make_project()
    project.name = "Never saved"
    audit.refused(NotPermitted("no", why="right", act="projects.write"), actor("to"), "projects", [], wrote=True)
    session.expire_all()
    assert project.name == "Kompally link road"


def test_a_missing_record_is_no_refusal_to_an_engineer_nor_is_anything_to_a_stranger(actor, records):
    audit.refused(NotFound("no"), actor("ee"), "projects", [uuid.uuid4()], wrote=False)
    audit.refused(NotPermitted("no"), None, "projects", [], wrote=False)
    assert records() == []


@pytest.mark.parametrize("table", ["audit_record", "audit_seal", "event"])
def test_the_database_lets_nobody_empty_what_is_append_only(session, table):
    for change in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(Exception, match="append-only"), session.begin_nested():
            session.execute(text(change))


def test_many_writers_at_once_make_one_chain_without_a_gap(app, session):
    """On connections of their own, with a new day to begin; taken back at the end, for the database is shared."""
    engine = db.engines[None].engine
    problems = []

    def write():
        try:
            with app.app_context():
                db.engines[None] = engine
                for _ in range(10):
                    audit.witness("projects.write", "refused", why="in a crowd")
                db.session.remove()
        except Exception as problem:  # told in the main thread
            problems.append(problem)

    writers = [threading.Thread(target=write) for _ in range(6)]
    with Session(engine) as own:
        before = own.scalar(select(AuditDay.count).order_by(AuditDay.day.desc()).limit(1)) or 0
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with Session(engine) as own:
        found = own.scalars(
            select(AuditRecord).where(AuditRecord.why == "in a crowd").order_by(AuditRecord.number)
        ).all()
        assert problems == []
        assert [record.number for record in found] == list(range(before + 1, before + 61))
        assert [record.previous for record in found[1:]] == [record.digest for record in found[:-1]]
        assert sorted(found, key=lambda record: record.position) == found
        for table in ("audit_record", "audit_day"):
            own.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            own.execute(text(f"DELETE FROM {table}"))
            own.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        own.commit()


def test_old_records_without_a_place_in_the_chain_stay_readable(session, actor, records):
    said = {"actor_id": uuid.uuid4(), "actor_name": "S. Rao", "role": "ee", "act": "projects.write", "use_case": ""}
    said |= {"subjects": [], "door": "web", "address": "", "request_id": "", "at": now(), "id": uuid.uuid4()}
    with transaction():
        session.execute(insert(AuditRecord.__table__).values(**said))
    audit.witness("accounts.sign_in", "failed", name="nobody")
    assert {record.number for record in records()} == {None, 1}
