"""The Chief Engineer searches the trail, opens a record, and takes out exactly what was searched for."""

import csv
import io
import uuid

import openpyxl
import pytest
from sqlalchemy import select

from portal.audit_trail.rules import Ask, read_ask
from portal.core import audit
from portal.core.audit import AuditRecord
from portal.core.db import now
from portal.core.errors import Invalid
from portal.core.origin import ORIGIN, Origin
from portal.projects.commands import create_project, edit_project


@pytest.fixture
def written(session, redis, actor):
    """An engineer made a project and corrected it; a consultant was refused; a stranger failed to sign in."""
    ORIGIN.set(Origin("web", "10.4.2.17", "abcdef0123456789", "Firefox"))
    officer = actor("ee")
    values = {"code": "INFRA-RT-2026-777", "name": "Lake bund", "work": "Bund of the lake", "work_type": "water"}
    project = create_project(officer, values)
    edit_project(officer, project.id, {**values, "name": "Lake bund, phase 2"}, seen=project.version)
    audit.witness("projects.write", "refused", actor=actor("to"), why="right", subjects=[project.id])
    audit.witness("accounts.sign_in", "failed", name="s.rao", why="wrong password")
    ORIGIN.set(Origin())
    return project


def rows_of(answer):
    return answer.get_data(as_text=True).count('<th scope="row"><a href="/audit-trail/')


@pytest.fixture
def page(signed_in):
    """The search as the Chief Engineer sees it."""
    browser = signed_in("ce")
    return lambda address="": browser.get(f"/audit-trail/{address}")


def test_everything_is_listed_newest_first(written, page):
    answer = page()
    text = answer.get_data(as_text=True)
    assert (answer.status_code, rows_of(answer)) == (200, 4)
    assert text.index("accounts.sign_in") < text.index("create project")


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("q=wrong+password", 1),
        ("q=bund", 2),
        ("q=%22phase+2%22", 1),
        ("q=nothing+of+the+kind", 0),
        ("who=s.rao", 1),
        ("act=projects.write", 3),
        ("outcome=refused", 1),
        ("outcome=refused&outcome=failed", 2),
        ("role=ee", 2),
        ("module=projects", 3),
        ("module=accounts&module=projects", 4),
        ("module=dashboard", 0),
        ("record=INFRA-RT-2026-777", 3),
        ("record=infra-rt-2026-777&outcome=done", 2),
        ("record=INFRA-RT-2026-778", 0),
        (f"record={uuid.UUID(int=5)}", 0),
        ("address=10.4.2.17", 4),
        ("address=10.4.2.18", 0),
        ("instrument=7", 0),
        ("request=abcdef0123456789", 4),
        ("since=01-01-2020", 4),
        ("until=01-01-2020", 0),
        ("since=2020-01-01&until=01-01-2099", 4),
    ],
)
def test_each_filter_finds_its_own(written, page, asked, count):
    answer = page(f"?{asked}")
    assert (answer.status_code, rows_of(answer)) == (200, count)


def test_an_officer_is_found_by_a_part_of_the_name_and_by_id(session, redis, page, make_officer):
    officer = make_officer("ae", name="Sujatha Rao", username="sujatha")
    audit.witness("projects.write", "refused", actor=_as(officer), why="place")
    assert rows_of(page("?who=sujatha")) == rows_of(page("?who=rao")) == rows_of(page(f"?who={officer.id}")) == 1
    assert rows_of(page("?who=%25")) == 0


def _as(officer):
    from portal.accounts.queries.officers import _as_actor

    return _as_actor(officer)


def test_a_date_that_is_none_is_told_beside_its_field_and_leaves_the_rest_standing(written, page):
    answer = page("?since=31-02-2026&role=ee")
    assert (answer.status_code, rows_of(answer)) == (422, 2)
    assert "Not a date" in answer.get_data(as_text=True)


def test_a_filter_nobody_knows_is_refused_with_its_name(written, page):
    answer = page("?role=emperor")
    assert answer.status_code == 422
    assert "emperor" in answer.get_data(as_text=True)


def test_pages_neither_repeat_nor_drop_a_record(session, redis, api):
    for number in range(7):
        audit.witness("accounts.sign_in", "failed", name="x", why=f"no. {number}")
    caller, address, seen = api("ce"), "/api/v1/audit-trail?size=3", []
    while address:
        body = caller.get(address).json
        seen += [one["why"] for one in body["_embedded"]["items"]]
        address = body["_links"].get("next", {}).get("href")
    assert seen == [f"no. {number}" for number in reversed(range(7))]


def test_a_record_shows_before_and_after_side_by_side_and_that_it_stands(written, page, session):
    record = session.scalars(select(AuditRecord).where(AuditRecord.use_case.contains("edit_project"))).one()
    text = page(record.id).get_data(as_text=True)
    assert '<th scope="row">name</th><td><span class="lines">Lake bund</span></td>' in text
    assert '<td><span class="lines">Lake bund, phase 2</span></td>' in text
    assert "it follows the record before it" in text
    assert record.digest in text
    assert page(uuid.uuid4()).status_code == 404


def test_every_kind_of_change_can_be_opened(session, redis, page, records_of):
    long = "chainage " * 300
    changes = {
        "rows": [
            {"table": "project", "id": "x", "how": "removed", "columns": {"name": ["A", None], "ok": [True, False]}}
        ],
        "more": [{"table": "boq_item", "how": "added", "count": 9980}],
    }
    changes["rows"][0]["columns"]["note"] = [{"begins": long[:200], "characters": len(long), "sha256": "x"}, ["a", 1]]
    record = records_of(changes)
    text = page(record.id).get_data(as_text=True)
    assert "9980 more rows of “boq item” added" in text
    assert "2700 characters" in text
    assert '<td><span class="lines">A</span></td><td>–</td>' in text
    bare = records_of({})
    assert "changed no row" in page(bare.id).get_data(as_text=True)


@pytest.fixture
def records_of(session, actor):
    """A record with these changes."""
    from portal.core.audit.notes import _ledger, _where, _who
    from portal.core.db import transaction

    def make(changes):
        said = {"act": "projects.write", "use_case": "x", "instrument": "", "why": "", "outcome": "done"}
        with transaction():
            _ledger(session()).records.append(
                _who(actor("ee"), "X") | _where() | said | {"subjects": [], "touched": [], "changes": changes}
            )
        return session.scalars(select(AuditRecord).order_by(AuditRecord.position.desc()).limit(1)).one()

    return make


def test_an_act_under_an_instrument_says_for_whom(session, redis, page, actor):
    with_instrument = {"act": "tech_sanction.decide", "use_case": "x", "instrument": "TS/2026/7", "why": ""}
    from portal.core.audit.notes import _ledger, _where, _who
    from portal.core.db import transaction

    officer = actor("dce")
    with transaction():
        ledger = _ledger(session())
        said = with_instrument | {"outcome": "done", "subjects": [], "touched": [], "changes": {}}
        ledger.records.append(_who(officer, "D. Chary") | _where() | said)
    answer = page("?instrument=TS/2026/7")
    assert rows_of(answer) == 1
    assert "for Chief Engineer, instrument TS/2026/7" in answer.get_data(as_text=True)


def exported(browser, asked="", shape="csv"):
    answer = browser.post(f"/audit-trail/export{asked}", data={"shape": shape})
    assert answer.status_code == 200
    return answer


def test_the_export_is_exactly_what_was_searched_for_and_is_itself_recorded(written, signed_in, session):
    browser = signed_in("ce")
    answer = exported(browser, "?role=ee")
    lines = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    heads, found = lines[0], [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert [line["Act"] for line in found] == ["projects.write", "projects.write"]
    assert '"Lake bund, phase 2"' in found[0]["Before and after"]
    assert found[0]["Address"] == "10.4.2.17"
    assert heads[0] == "Day"
    record = session.scalars(select(AuditRecord).where(AuditRecord.act == "audit_trail.export")).one()
    assert (record.actor_id, record.why) == (browser.officer.id, "csv: role=ee")
    everything = exported(browser).get_data(as_text=True)
    assert everything.count("audit_trail.export") == 1  # the earlier export; its own record is not in it


def test_the_workbook_holds_the_same(written, signed_in):
    answer = exported(signed_in("ce"), "?outcome=failed", "xlsx")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))
    answer.close()
    assert (len(rows), rows[0][0], rows[1][3], rows[1][9]) == (2, "Day", "s.rao", "wrong password")


def test_an_export_needs_a_fresh_proof_and_a_known_shape(written, signed_in):
    browser = signed_in("ce")
    assert browser.post("/audit-trail/export", data={"shape": "pdf"}).status_code == 422
    with browser.session_transaction() as kept:
        kept["proven_at"] = now().replace(year=2020).isoformat()
    answer = browser.post("/audit-trail/export", data={"shape": "csv"})
    assert answer.status_code == 303
    assert "/prove" in answer.location


@pytest.mark.parametrize("role", ["dce", "ee", "ae", "to", "qr", "fa", "ec", "admin"])
def test_nobody_else_reads_the_trail(session, redis, signed_in, api, role):
    browser, caller = signed_in(role), api(role)
    assert browser.get("/audit-trail/").status_code == 403
    assert browser.post("/audit-trail/export").status_code == 403
    assert caller.get("/api/v1/audit-trail").status_code == 403


def test_the_api_gives_the_same_and_the_state_of_the_chain(written, api):
    caller = api("ce")
    items = caller.get("/api/v1/audit-trail?outcome=done&module=projects").json["_embedded"]["items"]
    assert [item["number"] for item in items] == [2, 1]
    assert items[0]["changes"]["rows"][0]["columns"]["name"] == ["Lake bund", "Lake bund, phase 2"]
    one = caller.get(f"/api/v1/audit-trail/{items[0]['id']}").json
    assert (one["chain"], one["digest"]) == ("stands", items[0]["digest"])
    assert caller.get("/api/v1/audit-trail/seals").json["_embedded"]["items"] == []
    assert caller.get("/api/v1/audit-trail?since=yesterday").status_code == 422


def test_what_an_address_asks_for_comes_back_from_its_words():
    asked = read_ask({"q": ["a"], "role": ["ee", "ae"], "since": ["01-02-2026"], "size": ["25"], "after": ["x"]})
    again = read_ask(
        {name: value if isinstance(value, tuple) else [str(value)] for name, value in asked.args().items()}
    )
    assert again == asked
    assert asked.words == "q=a; role=ee,ae; since=01-02-2026"
    assert Ask().words == "everything"
    assert asked.pick("role", "ee")["role"] == ("ae",)
    with pytest.raises(Invalid):
        read_ask({"module": ["cellar"]})
