"""A workbook on its way into an estimate."""

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select

from portal.boq_estimates import commands, queries
from portal.boq_estimates.models import BoqItem, Estimate, EstimateVersion, ImportBatch
from portal.core import storage
from portal.core.access import SYSTEM
from portal.core.db import db, now, transaction
from portal.core.errors import Invalid, NotFound, NotPermitted, RuleBroken
from portal.core.sheets import read_workbook
from tests.boq_estimates.conftest import HEAD, ROAD, WRONG, Sent, read_in


@pytest.fixture
def upload(session, actor, workbook):
    """Upload as a browser does, then read as the worker does."""

    def run(project, rows=ROAD, head=HEAD, who="ee", **kwargs):
        batch = commands.request_import(actor(who), project.id, workbook(rows, head, **kwargs), {})
        return read_in(batch.id)

    return run


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_an_upload_is_read_checked_and_shown_before_anything_is_taken_over(upload, make_project, recorded):
    batch = upload(make_project())
    assert (batch.status, batch.sheet, batch.header_row, batch.committable) == ("validated", "BOQ", 2, True)
    assert (batch.rows_total, batch.items_count, batch.sections_count) == (14, 8, 4)
    assert (batch.rows_ok, batch.rows_error, batch.rows_warning) == (12, 0, 2)
    assert batch.works_total == Decimal("2736854.67")
    assert batch.sample[0] == ["2", *HEAD]
    assert len(batch.sample) == 15
    assert count(Estimate) == 0
    assert recorded() == ["hmda.boq.import.requested", "hmda.boq.import.checked"]


def test_a_commit_makes_the_first_version_to_the_rupee(upload, make_project, actor, recorded):
    project = make_project()
    batch = upload(project)
    version = commands.commit_import(actor("ee"), batch.id, {})
    found = queries.get_current_estimate(actor("qr"), project.id)
    assert found.version is version
    assert (found.estimate.estimate_no[:4], found.estimate.estimate_no[-6:]) == ("EST/", "/00001")
    assert (version.label, version.works_total, version.items_count) == ("0.1", Decimal("2736854.67"), 8)
    totals = [(section.code, section.total, section.items_count) for section in found.sections]
    assert totals == [
        ("1", Decimal("355287.60"), 2),
        ("2", Decimal("1235804.41"), 2),
        ("3", Decimal("1095762.66"), 3),
        ("4", Decimal("50000.00"), 1),
    ]
    assert found.sections[0].share == Decimal("12.98")
    assert sum(line.amount for line in found.recap) == version.say_amount
    assert version.grand_total == Decimal(3509964)
    assert [item.item_no for item in found.items] == ["1.1", "1.2", "2.1", "2.2", "3.1", "3.2", "3.3", "4.1"]
    assert found.items[2].unit_code == "cum"
    assert recorded()[2:] == [
        "hmda.boq.version.created",
        "hmda.boq.estimate.calculated",
        "hmda.boq.import.committed",
    ]


def test_one_wrong_row_keeps_the_whole_workbook_out(upload, make_project, actor, tmp_path):
    batch = upload(make_project(), WRONG)
    issues, _cursor = queries.list_issues(actor("ae"), batch.id)
    found = [(issue.row_no, issue.column, issue.severity, issue.code) for issue in issues]
    assert found == [(7, "D", "error", "negative_value"), (10, "F", "warning", "printed_total_mismatch")]
    assert "53,88,436.50" in issues[1].message
    with pytest.raises(RuleBroken, match="1 rows"):
        commands.commit_import(actor("ee"), batch.id, {})
    assert (count(Estimate), batch.status) == (0, "validated")
    with storage.opened(batch.issues_sha256) as path:
        rows = read_workbook(path, "issues.xlsx").sheets[0].rows
    assert [row.number for row in rows] == list(range(1, 11))
    assert rows[1].cells[6] == "Issues"
    assert "deduct" in rows[6].cells[6]
    assert rows[6].cells[:4] == ["5", "Openings", "sqm", Decimal("-89.4")]


def test_only_errors_are_listed_when_asked(upload, make_project, actor):
    batch = upload(make_project(), WRONG)
    assert [issue.code for issue in queries.list_issues(actor("ee"), batch.id, severity="error")[0]] == [
        "negative_value"
    ]
    first, cursor = queries.list_issues(actor("ee"), batch.id, size=1)
    second, end = queries.list_issues(actor("ee"), batch.id, size=1, after=cursor)
    assert ([first[0].position, second[0].position], end) == ([1, 2], "")
    with pytest.raises(Invalid):
        queries.list_issues(actor("ee"), batch.id, after="x")


def test_columns_can_be_named_by_hand_and_the_file_is_read_again(upload, make_project, actor):
    strange = ["A", "B", "C", "D", "E", "F"]
    batch = upload(make_project(), head=strange)
    assert (batch.status, batch.mapping, batch.sample[0][1:]) == (
        "parsed",
        {},
        ["Road of 120 m at Kompally", *[""] * 5],
    )
    with pytest.raises(RuleBroken):
        commands.commit_import(actor("ee"), batch.id, {})
    names = ("item_no", "description", "unit", "quantity", "rate", "amount")
    values = {"sheet": "BOQ", "header_row": 2, "columns": dict(zip(names, range(6), strict=True))}
    commands.map_import(actor("ae"), batch.id, values)
    assert read_in(batch.id).mapping == {}
    commands.map_import(actor("ae"), batch.id, values)
    batch = read_in(batch.id)
    assert (batch.status, batch.works_total) == ("validated", Decimal("2736854.67"))
    with pytest.raises(Invalid, match="two things"):
        commands.map_import(actor("ae"), batch.id, {**values, "columns": {"item_no": 1, "unit": 1}})
    with pytest.raises(Invalid, match="no such sheet"):
        commands.map_import(actor("ae"), batch.id, {**values, "sheet": "Other"})


def test_what_is_no_workbook_is_refused_at_once_and_leaves_nothing(session, make_project, actor, workbook, recorded):
    project = make_project()
    for name, content in {"a.xlsm": b"PK", "a.xlsx": b"hello", "a.csv": b"", "a.xls": b"x"}.items():
        file = Sent(content)
        file.filename = name
        with pytest.raises(Invalid):
            commands.request_import(actor("ee"), project.id, file, {})
    assert (count(ImportBatch), recorded()) == (0, [])


def test_what_turns_out_unreadable_later_is_marked_with_the_reason(session, make_project, actor, recorded):
    file = Sent(b"PK\x03\x04 not a zip")
    file.filename = "a.csv"
    with pytest.raises(Invalid, match="damaged"):
        commands.request_import(actor("ee"), make_project().id, file, {})
    file = Sent(b"\n \n")
    file.filename = "a.csv"
    batch = commands.request_import(actor("ee"), make_project().id, file, {})
    batch = read_in(batch.id)
    assert (batch.status, "blank rows" in batch.failure) == ("rejected", True)
    assert recorded()[-1] == "hmda.boq.import.failed"


def test_the_same_file_again_asks_for_a_confirmation(upload, make_project, actor):
    project = make_project()
    first = upload(project)
    commands.commit_import(actor("ee"), first.id, {})
    stream = storage.read(first.file_sha256)
    file = Sent(stream)
    again = read_in(commands.request_import(actor("ee"), project.id, file, {}).id)
    assert queries.find_twin(actor("ee"), again.id).id == first.id
    with pytest.raises(Invalid, match="already") as caught:
        commands.commit_import(actor("ee"), again.id, {"confirm": False})
    assert caught.value.field == "confirm"
    assert commands.commit_import(actor("ee"), again.id, {"confirm": True}).label == "0.2"


def test_a_new_import_keeps_the_keys_of_lines_and_the_choices_of_the_recapitulation(upload, make_project, actor):
    project, officer = make_project(), actor("ee")
    commands.commit_import(officer, upload(project).id, {})
    before = queries.get_current_estimate(officer, project.id)
    line = next(line for line in before.recap if line.head_code == "contingencies")
    commands.set_head(officer, line.id, {"pct": Decimal(4), "reason": "Little is unknown here"})
    changed = [row if row[0] != "2.2" else [*row[:3], 137.94, 7120.5, None] for row in ROAD[:-1]]
    commands.commit_import(officer, upload(project, changed).id, {})
    after = queries.get_current_estimate(officer, project.id)
    keys = select(BoqItem.version_id, BoqItem.item_no, BoqItem.line_key).order_by(BoqItem.item_no)
    found = {(version, number): key for version, number, key in db.session.execute(keys)}
    assert all(found[before.version.id, item.item_no] == found[after.version.id, item.item_no] for item in after.items)
    assert (after.version.label, before.version.status) == ("0.2", "superseded")
    kept = next(line for line in after.recap if line.head_code == "contingencies")
    assert (kept.pct_used, kept.reason) == (4, "Little is unknown here")


def test_an_untouched_import_can_be_taken_back(upload, make_project, actor, recorded):
    project, officer = make_project(), actor("ee")
    first, second = upload(project), upload(project, ROAD[:-1])
    one = commands.commit_import(officer, first.id, {})
    commands.commit_import(officer, second.id, {})
    with pytest.raises(RuleBroken, match="later version"):
        commands.undo_import(officer, first.id)
    commands.undo_import(officer, second.id)
    assert queries.get_current_estimate(officer, project.id).version is one
    assert (one.status, second.status, recorded()[-1]) == ("draft", "undone", "hmda.boq.import.undone")
    line = next(line for line in queries.get_content(officer, one.id).recap if line.head_code == "pmc")
    commands.set_head(officer, line.id, {"pct": Decimal(1), "reason": "A small work"})
    with pytest.raises(RuleBroken, match="changed since"):
        commands.undo_import(officer, first.id)


def test_taking_back_the_only_import_leaves_no_current_version(imported, actor):
    project, batch = imported
    commands.undo_import(actor("ee"), batch.id)
    assert queries.get_current_estimate(actor("ee"), project.id) is None
    assert queries.find_estimate(actor("ee"), project.id).current is None


def test_the_command_line_takes_a_file_at_once_or_only_looks(session, actor, make_project, road_file, tmp_path):
    project, officer = make_project(), actor("ee")
    looked = commands.import_boq_file(officer, project.id, road_file, dry_run=True)
    assert (looked.items_count, looked.works_total, count(EstimateVersion)) == (8, Decimal("2736854.67"), 0)
    assert (looked.status, looked.open, looked.committable) == ("rejected", False, False)
    assert commands.import_boq_file(officer, project.id, road_file).status == "committed"
    with pytest.raises(Invalid, match="already"):
        commands.import_boq_file(officer, project.id, road_file)
    assert commands.import_boq_file(officer, project.id, road_file, again=True).status == "committed"
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(Invalid, match="No table"):
        commands.import_boq_file(officer, project.id, tmp_path / "x.csv")
    assert count(ImportBatch) == 3


def test_readers_cannot_import_and_consultants_only_for_their_projects(session, actor, make_project, workbook):
    project = make_project()
    with pytest.raises(NotPermitted):
        commands.request_import(actor("qr"), project.id, workbook(), {})
    with pytest.raises(NotFound):
        commands.request_import(actor("ec"), project.id, workbook(), {})
    batch = commands.request_import(actor("ec", [project.id]), project.id, workbook(), {})
    with pytest.raises(NotFound):
        queries.get_import(actor("ec", [uuid4()]), batch.id)


def test_a_given_up_import_is_closed(upload, make_project, actor):
    batch = upload(make_project())
    commands.reject_import(actor("ee"), batch.id)
    assert "An EE" in batch.failure
    for act in (commands.reject_import, lambda who, id_: commands.commit_import(who, id_, {})):
        with pytest.raises(RuleBroken, match="closed"):
            act(actor("ee"), batch.id)


def test_forgotten_workbooks_run_out(session, actor, make_project, workbook):
    batch = commands.request_import(actor("ee"), make_project().id, workbook(), {})
    assert queries.count_due_imports(SYSTEM) == 0
    with transaction():
        batch.expires_at = now() - dt.timedelta(days=1)
    assert queries.count_due_imports(SYSTEM) == 1
    assert (commands.expire_imports(SYSTEM), batch.status) == (1, "expired")


def test_ten_thousand_rows_go_in(sandboxed, session, actor, make_project, tmp_path):
    lines = ["Item no,Description,Unit,Quantity,Rate"]
    for number in range(10_000):
        if number % 100 == 0:
            lines.append(f"{number // 100 + 1},Section {number // 100 + 1},,,")
        lines.append(
            f"{number // 100 + 1}.{number % 100 + 1},Item {number} of the long bill,cum,{number}.25,{number}.50"
        )
    (tmp_path / "long.csv").write_text("\n".join(lines))
    project, officer = make_project(), actor("ee")
    commands.import_boq_file(officer, project.id, tmp_path / "long.csv")
    statements = []
    seen = lambda *args: statements.append(args[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", seen)
    found = queries.get_current_estimate(officer, project.id)
    event.remove(db.engine, "before_cursor_execute", seen)
    assert (len(found.items), len(found.sections), len(statements) <= 12) == (10_000, 100, True)
    assert sum(item.amount for item in found.items) == found.version.works_total
