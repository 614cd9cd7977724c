"""Whoever changes the trail behind the portal's back is found, and what they did is named."""

import datetime as dt
import uuid

import pytest
from sqlalchemy import func, select, text

from portal.accounts.commands import rotate_seal_key
from portal.accounts.models import SigningKey
from portal.audit_trail.commands import _seal_over, seal_day
from portal.core import audit
from portal.core.access import SYSTEM
from portal.core.audit import GENESIS, AuditDay, AuditRecord, AuditSeal, digest_of, examine, stands
from portal.core.audit.verify import RULES, Finding
from portal.core.db import transaction
from portal.core.errors import NotFound, RuleBroken

FIRST = dt.date(2026, 11, 20)


@pytest.fixture
def behind(session):
    """A statement of somebody who owns the tables."""

    def run(statement, **values):
        for table in ("audit_record", "audit_seal"):
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        session.execute(text(statement), values)
        for table in ("audit_record", "audit_seal"):
            session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        session.expire_all()

    return run


@pytest.fixture
def trail(session, actor, monkeypatch):
    """Three days of four records each, written by an engineer."""
    officer = actor("ee")
    for place in range(3):
        monkeypatch.setattr("portal.core.audit.chain.today", lambda place=place: FIRST + dt.timedelta(days=place))
        for number in range(4):
            audit.witness("projects.write", "refused", actor=officer, why=f"right {place}{number}")
    monkeypatch.undo()


@pytest.fixture
def sealed(trail):
    """The same, sealed."""
    made, broken = _seal_over(SYSTEM)
    assert (len(made), broken) == (3, [])


def found(day=None, *, without=("unsealed", "open")):
    """The rules that fail, with the day of the month and the number of the record."""
    findings = examine(day).findings
    return [(one.rule, one.day and one.day.day, one.number) for one in findings if one.rule not in without]


def test_a_trail_nobody_touched_stands_from_end_to_end(sealed, session):
    report = examine()
    last = session.scalars(select(AuditRecord).order_by(AuditRecord.position.desc()).limit(1)).one()
    assert (report.found, report.findings) == (0, [])
    assert (report.records, report.days, report.sealed) == (
        15,
        4,
        3,
    )  # the three seals are acts of the day they are made
    assert report.tip == last.digest


@pytest.mark.parametrize(
    "change",
    [
        "why = 'nothing'",
        "actor_name = 'Somebody else'",
        "outcome = 'done'",
        "at = at + interval '1 microsecond'",
        "subjects = '[\"x\"]'",
        """changes = '{"rows": []}'""",
        "role = 'ce'",
        "address = '10.0.0.1'",
        "id = gen_random_uuid()",
    ],
)
def test_an_altered_record_is_named(trail, behind, change):
    behind(f"UPDATE audit_record SET {change} WHERE day = :day AND number = 2", day=FIRST)
    assert found() == [("altered", 20, 2)]
    assert found(FIRST) == [("altered", 20, 2)]
    assert found(FIRST + dt.timedelta(days=1)) == []


def test_a_record_altered_with_its_digest_no_longer_fits_what_follows(trail, behind, session):
    record = session.scalars(select(AuditRecord).where(AuditRecord.day == FIRST, AuditRecord.number == 2)).one()
    fields = {column.name: getattr(record, column.name) for column in AuditRecord.__table__.columns}
    digest = digest_of(fields | {"why": "nothing"})
    behind("UPDATE audit_record SET why = 'nothing', digest = :digest WHERE id = :id", digest=digest, id=record.id)
    assert found() == [("moved", 20, 3)]


def test_a_removed_record_is_named_by_its_number_and_its_neighbour(trail, behind):
    behind("DELETE FROM audit_record WHERE day = :day AND number IN (2, 3)", day=FIRST)
    (finding,) = [one for one in examine().findings if one.rule == "removed"]
    assert (finding.day, finding.number, finding.more) == (FIRST, 4, " (no. 2–3)")
    assert finding.says == "20-11-2026 no. 4, An EE, projects.write: what stood before it is gone (no. 2–3)"


def test_the_first_and_the_last_record_of_a_day_are_missed_too(trail, behind):
    behind("DELETE FROM audit_record WHERE day = :day AND number IN (1, 4)", day=FIRST)
    assert found() == [("removed", 20, 2), ("missing", 20, None), ("moved", 21, 1)]


def test_a_day_removed_with_its_row_is_missed_by_the_next_day(trail, behind):
    behind("DELETE FROM audit_record WHERE day = :day", day=FIRST + dt.timedelta(days=1))
    assert found() == [("moved", 22, 1), ("missing", 21, None)]
    behind("DELETE FROM audit_day WHERE day = :day", day=FIRST + dt.timedelta(days=1))
    assert found() == [("moved", 22, 1)]


def test_two_records_that_changed_places_are_named(trail, behind):
    behind("UPDATE audit_record SET number = 7 - number + 100 WHERE day = :day AND number IN (3, 4)", day=FIRST)
    behind("UPDATE audit_record SET number = number - 100 WHERE day = :day AND number > 100", day=FIRST)
    assert {rule for rule, _day, _number in found()} >= {"altered", "moved"}
    assert {number for rule, _day, number in found() if rule == "altered"} == {3, 4}


def test_records_whose_order_in_the_table_was_changed_are_named(trail, behind):
    behind("ALTER TABLE audit_record ALTER position DROP IDENTITY")
    behind("UPDATE audit_record SET position = 1000000 + position WHERE day = :day AND number = 2", day=FIRST)
    assert found()[0] == ("order", 20, 3)


def test_a_record_put_in_at_the_end_is_named(trail, behind, session):
    last = session.scalars(select(AuditRecord).where(AuditRecord.day == FIRST, AuditRecord.number == 4)).one()
    fields = {column.name: getattr(last, column.name) for column in AuditRecord.__table__.columns}
    fields |= {"id": uuid.uuid4(), "number": 5, "previous": last.digest, "position": 10**9}
    forged = AuditRecord(**fields | {"digest": digest_of(fields)})
    with transaction():
        session.execute(text("ALTER TABLE audit_record ALTER position SET GENERATED BY DEFAULT"))
        session.add(forged)
    assert ("inserted", 20, 5) in found()


def test_a_record_slipped_in_without_a_place_in_the_chain_is_named(trail, behind):
    columns = "id, at, actor_id, actor_name, role, act, use_case, subjects, door, address, request_id"
    behind(
        f"INSERT INTO audit_record ({columns}) VALUES "
        "(gen_random_uuid(), now(), gen_random_uuid(), 'X', 'ce', 'tech_sanction.decide', '', '[]', 'web', '', '')"
    )
    (finding,) = [one for one in examine().findings if one.rule == "unchained"]
    assert (finding.who, finding.act) == ("X", "tech_sanction.decide")


def test_a_day_row_that_says_otherwise_is_told(trail, behind):
    behind("UPDATE audit_day SET tip = :tip WHERE day = :day", tip="f" * 64, day=FIRST)
    assert found() == [("day", 20, None)]
    behind("DELETE FROM audit_day WHERE day = :day", day=FIRST)
    assert found() == [("day", 20, None)]


def test_the_seal_holds_even_when_everything_after_the_change_was_calculated_anew(sealed, behind, session):
    tip = GENESIS
    for record in session.scalars(select(AuditRecord).order_by(AuditRecord.day, AuditRecord.number)).all():
        fields = {column.name: getattr(record, column.name) for column in AuditRecord.__table__.columns}
        fields |= {"previous": tip} | ({"why": "nothing"} if (record.day, record.number) == (FIRST, 2) else {})
        tip = digest_of(fields)
        behind(
            "UPDATE audit_record SET why = :why, previous = :previous, digest = :digest WHERE id = :id",
            **{name: fields[name] for name in ("why", "previous", "id")},
            digest=tip,
        )
        behind("UPDATE audit_day SET tip = :tip WHERE day = :day", tip=tip, day=record.day)
    assert found() == [("seal", 20, None), ("seal", 21, None), ("seal", 22, None)]


@pytest.mark.parametrize(
    "change",
    ["count = 5", "root = repeat('0', 64)", "sealed_at = sealed_at + interval '1 s'", "kid = 'x'", "signature = 'x'"],
)
def test_a_seal_that_was_changed_is_told(sealed, behind, change):
    behind(f"UPDATE audit_seal SET {change} WHERE day = :day", day=FIRST)
    assert ("signature", 20, None) in found()


def test_a_seal_that_was_removed_is_told(sealed, behind):
    behind("DELETE FROM audit_seal WHERE day = :day", day=FIRST)
    assert found(without=()) == [("unsealed", 20, None)]


def test_a_key_put_into_the_table_by_hand_verifies_nothing(sealed, session, behind):
    key = session.scalars(select(SigningKey).where(SigningKey.purpose == "audit")).one()
    behind("UPDATE signing_key SET private_sealed = :sealed WHERE id = :id", sealed="s1.x.y.z", id=key.id)
    assert [rule for rule, _day, _number in found()] == ["signature"] * 3


def test_seals_of_an_earlier_key_stay_good(sealed, actor, session):
    with_admin = actor("admin")
    assert rotate_seal_key(with_admin).kid != session.scalars(select(AuditSeal.kid)).first()
    assert found() == []


def test_only_a_day_that_is_over_is_sealed_and_only_once(trail, session):
    audit.witness("projects.write", "refused", why="today")
    today = session.scalar(select(func.max(AuditDay.day)))
    assert [one.day.day for one in _seal_over(SYSTEM)[0]] == [20, 21, 22]
    assert _seal_over(SYSTEM) == ([], [])
    with pytest.raises(RuleBroken, match="sealed"):
        seal_day(SYSTEM, FIRST)
    with pytest.raises(NotFound):
        seal_day(SYSTEM, today)


def test_a_broken_day_is_not_sealed_and_raises_the_alarm_once_a_day(trail, behind, session):
    behind("UPDATE audit_record SET why = '' WHERE day = :day AND number = 2", day=FIRST)
    for _again in range(2):
        assert [day for day, _why in _seal_over(SYSTEM)[1]] == [FIRST]
    alarms = session.scalars(select(AuditRecord).where(AuditRecord.outcome == "tampering")).all()
    assert [alarm.act for alarm in alarms] == ["audit_trail.seal"]
    assert "20-11-2026 no. 2" in alarms[0].why
    assert [seal.day.day for seal in session.scalars(select(AuditSeal).order_by(AuditSeal.day))] == [21, 22]


def test_of_one_record_it_is_told_whether_it_stands(trail, behind, session):
    behind("UPDATE audit_record SET why = '' WHERE day = :day AND number = 2", day=FIRST)
    behind("DELETE FROM audit_record WHERE day = :day AND number = 3", day=FIRST)
    rows = session.scalars(select(AuditRecord).order_by(AuditRecord.day, AuditRecord.number)).all()
    assert [stands(row) for row in rows[:4]] == ["", "altered", "removed", ""]


def test_every_rule_has_words():
    assert all(Finding(rule, FIRST, 1, "S. Rao", "projects.write").says for rule in RULES)
