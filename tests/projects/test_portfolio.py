"""The portfolio finds, counts, orders and pages; what stands in the address is all there is to it."""

import csv
import datetime as dt
import io
import json
import uuid
from base64 import urlsafe_b64encode
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from sqlalchemy import Text, event, insert, text

from portal.core.db import db, transaction
from portal.core.errors import Invalid, NotPermitted
from portal.projects import commands, queries
from portal.projects.models import DqFlag, Project
from portal.projects.rules import FIGURE_SORTS, TEXT_SORTS, View, read_view
from tests.projects.reports import Upload, content

CR = 10_000_000
TEXTS = [column.name for column in Project.__table__.c if isinstance(column.type, Text) and not column.nullable]


def ask(**given):
    return read_view({name: value if isinstance(value, list) else [value] for name, value in given.items()})


@pytest.fixture
def register(session, make_project):
    """Forty works with gaps in every column."""
    made = []
    for number in range(40):
        values = {
            "name": f"Work {number % 7}",
            "division": ("", "I", "II", "III")[number % 4],
            "work_type": ("road", "layout", "water")[number % 3],
            "financial_year": ("", "2023-24", "2024-25")[number % 3],
            "as_authority": ("", "mc", "govt")[number % 3],
            "as_date": dt.date(2024, 1, 1 + number % 5) if number % 3 else None,
            "estimate_amount": Decimal(number % 6) * CR if number % 4 else None,
            "contract_value": Decimal(number) * CR if number % 5 == 0 else None,
            "status": "In progress" if number % 2 else "",
            "tender_percent": Decimal(number % 3) - 1 if number % 2 else None,
        }
        made.append(make_project(**values))
    return made


def walk(officer, **given):
    """All rows by following next, and all again by following previous from the end."""
    found = queries.get_portfolio(officer, ask(size="25", **given))
    there, back = [row.id for row in found.page.rows], []
    while found.page.next:
        found = queries.get_portfolio(officer, ask(size="25", after=found.page.next, **given))
        there += [row.id for row in found.page.rows]
    back = [row.id for row in found.page.rows]
    while found.page.previous:
        found = queries.get_portfolio(officer, ask(size="25", before=found.page.previous, **given))
        back = [row.id for row in found.page.rows] + back
    return there, back


@pytest.mark.parametrize("key", [*TEXT_SORTS, *FIGURE_SORTS])
def test_pages_never_repeat_or_drop_a_row_in_any_order_and_either_direction(session, actor, register, key):
    for sort in (key, f"-{key}", f"{key},-amount,name", f"-status,{key}"):
        there, back = walk(actor("ee"), sort=sort)
        assert sorted(there) == sorted(project.id for project in register)
        assert there == back


def test_empty_values_stand_last_both_ways_and_ties_go_by_id(session, actor, register):
    for sort, way in (("estimate", 1), ("-estimate", -1)):
        found = queries.get_portfolio(actor("ee"), ask(sort=sort, size="50"))
        seen = [(row.estimate_amount is None, way * (row.estimate_amount or 0), row.id) for row in found.page.rows]
        assert seen == sorted(seen)


def test_a_row_that_comes_or_goes_meanwhile_moves_no_other(session, actor, register, make_project):
    first = queries.get_portfolio(actor("ee"), ask(sort="-amount", size="25"))
    make_project(estimate_amount=Decimal(900) * CR)
    second = queries.get_portfolio(actor("ee"), ask(sort="-amount", size="25", after=first.page.next))
    assert not {row.id for row in first.page.rows} & {row.id for row in second.page.rows}
    assert len(second.page.rows) == 15


def test_a_foreign_page_link_is_refused_and_one_of_another_order_starts_afresh(session, actor, register):
    with pytest.raises(Invalid):
        queries.get_portfolio(actor("ee"), ask(after="nonsense"))
    other = queries.get_portfolio(actor("ee"), ask(sort="name", size="25")).page.next
    assert queries.get_portfolio(actor("ee"), ask(sort="-amount", size="25", after=other)).page.previous == ""


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("name", "\0"),
        ("name", "\ud800"),
        *(("amount", text) for text in ("NaN", "1e999999", "9" * 500, [])),
        ("flags", "9" * 30),
    ],
)
def test_a_page_link_with_what_no_column_holds_is_refused_too(session, actor, register, sort, value):
    cursor = json.dumps([f"by_{sort},id", value, str(uuid.uuid4())]).encode()
    with pytest.raises(Invalid):
        queries.get_portfolio(actor("ee"), ask(sort=sort, after=urlsafe_b64encode(cursor).decode().rstrip("=")))


@pytest.mark.parametrize("name", ["q", "division", "year", "sort", "after", "cols"])
def test_a_sign_that_no_text_has_never_reaches_the_database(session, redis, signed_in, api, register, name):
    pages = [signed_in("ee").get(f"{place}?{name}=a%00b") for place in ("/projects/", "/projects/export.csv")]
    statuses = {answer.status_code for answer in (*pages, api("ee").get(f"/api/v1/projects?{name}=a%00b"))}
    assert statuses <= {200, 422}


def test_filters_join_kinds_by_and_options_by_or_and_count_beside_each(session, actor, register):
    found = queries.get_portfolio(actor("ee"), ask(division=["I", "II"], type="road"))
    assert all(row.division in ("I", "II") and row.work_type == "road" for row in found.page.rows)
    counts = dict(found.facets["division"])
    roads = [project for project in register if project.work_type == "road"]
    assert counts["III"] == sum(project.division == "III" for project in roads)
    assert counts["none"] == sum(project.division == "" for project in roads)
    assert dict(found.facets["type"])["layout"] == sum(
        project.work_type == "layout" and project.division in ("I", "II") for project in register
    )
    assert found.totals.works == len(found.page.rows) == counts["I"] + counts["II"]
    assert found.everything == 40


def test_not_stated_is_an_option_like_any_other(session, actor, register):
    found = queries.get_portfolio(actor("ee"), ask(division="none"))
    assert {row.division for row in found.page.rows} == {""}
    none = queries.get_portfolio(actor("ee"), ask(value="none"))
    assert {row.amount for row in none.page.rows} == {None}


def test_slices_of_size_include_their_upper_end(session, actor, make_project):
    for crore in ("5", "5.01", "50", "500", "500.01"):
        make_project(estimate_amount=Decimal(crore) * CR)
    counts = dict(queries.get_portfolio(actor("ee"), View()).facets["value"])
    assert counts == {"u5": 1, "5_50": 2, "50_500": 1, "o500": 1}


def test_totals_are_of_all_that_is_filtered_not_of_the_page(session, actor, register):
    found = queries.get_portfolio(actor("ee"), ask(size="25"))
    assert found.totals.estimate == sum(project.estimate_amount or 0 for project in register)
    assert found.totals.sized == sum(project.estimate_amount is not None for project in register)


def test_an_old_link_opens_without_what_no_longer_exists_and_says_so(session, actor, register):
    found = queries.get_portfolio(actor("ee"), ask(division=["I", "IX"], value="huge", sort="health,name"))
    assert (found.view.chosen, found.view.sort) == ({"division": ("I",)}, ("name",))
    assert set(found.view.dropped) == {"IX", "huge", "health"}


def test_the_search_looks_at_names_places_and_order_numbers_in_any_order_of_words(session, actor, make_project):
    made = make_project(name="Lake front", village="Rampur", as_details="G.O.Ms.No. 127", survey_numbers="100% 20_1")
    make_project()
    for words in ("front rampur", "RAMPUR lake", "g.o.ms.no. 127", "100%", "20_1"):
        assert [row.id for row in queries.get_portfolio(actor("ee"), ask(q=words)).page.rows] == [made.id]
    assert not queries.get_portfolio(actor("ee"), ask(q="_ront")).page.rows


def test_a_consultant_counts_and_finds_assigned_projects_only(session, actor, register):
    mine = register[3]
    found = queries.get_portfolio(actor("ec", [mine.id]), View())
    assert ([row.id for row in found.page.rows], found.everything, found.totals.works) == ([mine.id], 1, 1)
    assert sum(count for _value, count in found.facets["division"]) == 1
    rows, _next = queries.list_projects(actor("ec", [mine.id]))
    assert len(rows) == 1
    assert queries.get_portfolio(actor("ec"), View()).everything == 0
    with pytest.raises(NotPermitted):
        queries.get_portfolio(actor("admin"), View())


def test_the_page_costs_two_questions_however_many_rows(session, actor, register):
    asked = []
    listen = lambda *args: asked.append(args[2].split()[0])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        queries.get_portfolio(actor("ee"), ask(size="100", division="I"))
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    assert [word for word in asked if word in ("SELECT", "WITH")] == ["WITH", "SELECT"]


def test_search_and_first_page_use_their_indexes_with_thousands_of_works(session, actor):
    with transaction():
        session.execute(
            insert(Project),
            [
                dict.fromkeys(TEXTS, "")
                | {"id": uuid.uuid4(), "project_id": uuid.uuid4(), "version": 1}
                | {"code": f"X-{n}", "name": f"Work {n}", "work_type": "road", "reached": "grounded", "amount": n}
                | {"search": f"work {n} {uuid.uuid4().hex}", "as_revisions": [], "shared_fields": [], "imported": {}}
                for n in range(8000)
            ],
        )
        session.execute(text("ANALYZE project"))
        session.execute(text("SELECT gin_clean_pending_list('ix_project_search')"))  # what autovacuum does in its time

    def plan(question):
        return "\n".join(line for (line,) in session.execute(text("EXPLAIN " + question)))

    order = "ORDER BY amount DESC NULLS LAST, id LIMIT 51"
    assert "ix_project_amount" in plan(f"SELECT id FROM project WHERE NOT removed {order}")
    session.execute(text("SET LOCAL enable_seqscan = off"))  # whether the index fits, not which way is cheaper today
    assert "ix_project_search" in plan("SELECT id FROM project WHERE NOT removed AND search LIKE '%c4ca4238a0b9%'")
    assert queries.get_portfolio(actor("ee"), View()).totals.works == 8000


def test_everything_about_a_look_fits_into_its_link():
    view = ask(q="lake", division=["I", "II"], sort="-amount,name", cols="type,amount", size="100", after="x")
    again = read_view({k: v if isinstance(v, list) else [str(v)] for k, v in view.args().items()})
    assert again == view
    assert View().args() == {}
    assert view.pick("division", "I")["division"] == ["II"]
    assert "after" not in view.pick("division", "III")
    assert view.ordered("amount")["sort"] == "amount,name"
    assert view.ordered("type")["sort"] == "type,-amount,name"
    assert ask(sort="name,type,year,status").sort == ("name", "type", "year")


def test_the_page_answers_a_browser_whole_and_htmx_with_the_region(session, redis, signed_in, register):
    browser = signed_in("ae")
    whole = browser.get("/projects/?division=I&sort=name")
    assert "<html" in whole.text
    assert 'aria-sort="ascending"' in whole.text
    assert "Load works report" not in whole.text
    part = browser.get("/projects/?division=I", headers={"HX-Request": "true", "HX-Target": "div#portfolio"})
    assert "<html" not in part.text
    assert "10 works" in part.text
    assert "no longer exists" in browser.get("/projects/?division=IX").text
    assert "Nothing fits" in browser.get("/projects/?q=zeppelin").text


def test_a_kept_page_is_dropped_by_whatever_makes_it_wrong(session, redis, signed_in, actor, make_project):
    browser, officer, project = signed_in("ee"), actor("ee"), make_project(name="Old name")
    assert "Old name" in browser.get("/projects/").text
    commands.edit_project(officer, project.id, {"name": "New name"}, seen=1)
    assert "New name" in browser.get("/projects/").text
    batch = commands.stage_works_report(officer, Upload(content()))
    commands.commit_works_report(officer, batch.id)
    assert "9 works have values" in browser.get("/projects/").text
    flag = next(f for f in session.query(DqFlag) if f.code == "authority")
    commands.settle_flag(officer, flag.id, {"decision": "accepted", "value": "", "note": ""})
    assert "8 works have values" in browser.get("/projects/").text
    assert "Load works report" not in signed_in("ae").get("/projects/").text
    assert "New name" not in signed_in("ec").get("/projects/").text


def test_an_empty_register_says_what_to_do_next(session, redis, signed_in):
    assert "Load works report" in signed_in("ee").get("/projects/").text
    assert "assigned to you" in signed_in("ec").get("/projects/").text


def test_an_export_holds_every_filtered_row_and_no_text_that_acts(session, redis, signed_in, register, make_project):
    make_project(name="=cmd|' /C calc'!A0", division="I", estimate_amount=Decimal("12345678.50"))
    browser = signed_in("fa")
    with browser.get("/projects/export.csv?division=I&size=25") as answer:
        lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert lines[0] == ["Projects", "Division: I"]
    assert (lines[1][0], lines[2]) == ("As of", ["For", "An FA"])
    assert len(lines) == 5 + 11
    assert "'=cmd|' /C calc'!A0" in {line[1] for line in lines[5:]}
    with browser.get("/projects/export.xlsx") as answer:
        book = load_workbook(io.BytesIO(answer.data))
    rows = list(book.active.iter_rows(min_row=6, values_only=True))
    assert len(rows) == 41
    assert 12345678.5 in {row[16] for row in rows}


def test_the_api_lists_with_filters_and_a_cursor(session, redis, api, register):
    client = api("qr")
    first = client.get("/api/v1/projects?type=road&size=5&sort=code").json
    assert len(first["_embedded"]["items"]) == 5
    for name, link in first["_embedded"]["items"][0]["_links"].items():
        assert client.get(link["href"]).status_code in (200, 204), name
    second = client.get(first["_links"]["next"]["href"]).json
    assert first["_embedded"]["items"][0]["id"] != second["_embedded"]["items"][0]["id"]
    assert client.get(f"/api/v1/projects/{uuid.uuid4()}").status_code == 404
    assert session.query(Project).count() == 40
