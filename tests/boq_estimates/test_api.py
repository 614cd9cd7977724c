"""Estimates for machines."""

from decimal import Decimal

import pytest

from portal.attachments.models import Attachment
from portal.boq_estimates import queries
from portal.core.access import SYSTEM
from portal.core.db import db, transaction
from tests.boq_estimates.conftest import WRONG, read_in

URL = "/api/v1/boq-estimates"


def send(caller, project, file):
    url = f"{URL}/of/{project.id}/imports"
    return caller.post(url, data={"file": (file, file.filename)}, content_type="multipart/form-data")


def test_a_workbook_goes_all_the_way(session, make_project, api, workbook, redis):
    project, caller = make_project(), api("ee")
    made = send(caller, project, workbook())
    assert (made.status_code, made.json["status"]) == (201, "uploaded")
    assert made.headers["Location"].startswith(f"{URL}/imports/")
    read_in(queries.list_imports(SYSTEM, project.id)[0].id)
    read = caller.get(made.headers["Location"]).json
    assert (read["status"], read["works_total"], read["committable"]) == ("validated", "2736854.67", True)
    issues = caller.get(read["_links"]["issues"]["href"]).json["_embedded"]["items"]
    assert [issue["code"] for issue in issues] == ["unit_alias_used", "unit_alias_used"]
    done = caller.post(read["_links"]["commit"]["href"], json={})
    assert (done.status_code, done.json["say_amount"]) == (201, "3510000.00")
    content = caller.get(done.json["_links"]["self"]["href"]).json
    assert [section["code"] for section in content["sections"]] == ["1", "2", "3", "4"]
    assert sum(Decimal(line["amount"]) for line in content["recapitulation"]) == Decimal(done.json["say_amount"])
    page = caller.get(f"{done.json['_links']['items']['href']}?size=5").json
    assert [item["item_no"] for item in page["_embedded"]["items"]] == ["1.1", "1.2", "2.1", "2.2", "3.1"]
    second = caller.get(page["_links"]["next"]["href"]).json["_embedded"]["items"]
    assert [item["item_no"] for item in second] == ["3.2", "3.3", "4.1"]
    listed = caller.get(URL).json["_embedded"]["items"]
    assert [row["current"]["say_amount"] for row in listed] == ["3510000.00"]
    assert caller.get(f"{URL}/of/{project.id}").json["estimate_no"] == listed[0]["estimate_no"]
    assert caller.post(f"{made.headers['Location']}/undo").json["status"] == "undone"


def test_errors_keep_it_out_with_a_problem(session, make_project, api, workbook, redis):
    project, caller = make_project(), api("ee")
    made = send(caller, project, workbook(WRONG))
    read_in(queries.list_imports(SYSTEM, project.id)[0].id)
    refused = caller.post(f"{made.headers['Location']}/commit", json={})
    assert (refused.status_code, refused.content_type) == (409, "application/problem+json")
    assert "commit" not in caller.get(made.headers["Location"]).json["_links"]
    errors = caller.get(f"{made.headers['Location']}/issues?severity=error").json["_embedded"]["items"]
    assert [(e["row_no"], e["column"], e["code"]) for e in errors] == [(7, "D", "negative_value")]
    with caller.get(f"{made.headers['Location']}/issues.xlsx") as file:
        assert file.data[:2] == b"PK"
    assert caller.post(f"{made.headers['Location']}/reject").json["status"] == "rejected"


def test_columns_are_named_and_wrong_files_refused(session, make_project, api, workbook, redis):
    project, caller = make_project(), api("ee")
    assert send(caller, project, workbook(name="x.xlsm")).status_code == 422
    made = send(caller, project, workbook(head=list("ABCDEF")))
    batch = queries.list_imports(SYSTEM, project.id)[0]
    read_in(batch.id)
    mapping = {"sheet": "BOQ", "header_row": 2, "item_no": 0, "description": 1, "unit": 2, "quantity": 3}
    assert caller.post(f"{made.headers['Location']}/columns", json=mapping).status_code == 202
    assert caller.post(f"{made.headers['Location']}/columns", json={**mapping, "sheet": "X"}).status_code == 422


def test_heads_and_particulars_are_changed_with_if_match_only(imported, api, actor, redis):
    project, _batch = imported
    caller, estimate = api("ee"), queries.find_estimate(SYSTEM, project.id)
    line = next(row for row in queries.get_current_estimate(SYSTEM, project.id).recap if row.head_code == "pmc")
    url = f"{URL}/recapitulation/{line.id}"
    change = {"pct": "1", "reason": "A smaller consultancy"}
    assert caller.patch(url, json=change).status_code == 428
    tag = caller.get(url).headers["ETag"]
    done = caller.patch(url, json=change, headers={"If-Match": tag})
    assert (done.status_code, done.json["pct_used"], done.json["amount"]) == (200, "1", "27369.00")
    assert caller.patch(url, json=change, headers={"If-Match": tag}).status_code == 412
    bad = caller.patch(url, json={"pct": "99", "reason": "x" * 20}, headers={"If-Match": done.headers["ETag"]})
    assert bad.status_code == 422
    url = f"{URL}/{estimate.id}"
    tag = caller.get(url).headers["ETag"]
    assert caller.patch(url, json={"duration_months": 36}, headers={"If-Match": tag}).json["duration_months"] == 36
    assert len(caller.get(f"{url}/versions").json["_embedded"]["items"]) == 1
    assert api("qr").patch(url, json={}, headers={"If-Match": tag}).status_code == 403
    assert api("ec").get(url).status_code == 404


@pytest.fixture
def head(imported, api, redis):
    """The address of a head of the recapitulation."""
    project, _batch = imported
    recap = queries.get_current_estimate(SYSTEM, project.id).recap
    return lambda code: f"{URL}/recapitulation/{next(row.id for row in recap if row.head_code == code)}"


def patch(caller, url, body):
    return caller.patch(url, json=body, headers={"If-Match": caller.get(url).headers["ETag"]})


@pytest.mark.parametrize(
    ("code", "body", "shown"),
    [
        ("pmc", {"pct": "1.0500", "reason": "A smaller consultancy"}, ("1.05", "28737.00", "1.05 % × 2736854.67")),
        ("trees", {"amount": "1.25 lakh", "reason": "Demanded by the forest officer"}, None),
        ("trees", {"amount": "95000", "reason": "Demanded by the forest officer"}, (None, "95000.00", "95000.00")),
    ],
)
def test_figures_look_the_same_in_the_answer_and_when_read_again(head, api, code, body, shown):
    caller, url = api("ee"), head(code)
    done = patch(caller, url, body)
    if shown is None:
        assert (done.status_code, done.json["errors"][0]["pointer"]) == (422, "#/document_id")
        return
    assert (done.json["pct_used"], done.json["amount"], done.json["why"]) == shown
    db.session.expire_all()
    again = caller.get(url).json
    assert again | {"updated_at": None} == done.json | {"updated_at": None}


def test_the_particulars_look_the_same_in_the_answer_and_when_read_again(imported, api, redis):
    caller, estimate = api("ee"), queries.find_estimate(SYSTEM, imported[0].id)
    url = f"{URL}/{estimate.id}"
    done = patch(caller, url, {"approved_budget": "4.5 crore"})
    assert (done.status_code, done.json["approved_budget"]) == (200, "45000000.00")
    db.session.expire_all()
    assert caller.get(url).json["approved_budget"] == "45000000.00"


def test_a_partial_change_of_a_head_leaves_the_rest_as_it_was(head, api):
    caller, pmc, trees = api("ee"), head("pmc"), head("trees")
    patch(caller, pmc, {"pct": "1", "reason": "A smaller consultancy"})
    done = patch(caller, pmc, {"reason": "Smaller, as decided in March"})
    assert (done.status_code, done.json["pct_used"], done.json["amount"], done.json["reason"]) == (
        200,
        "1",
        "27369.00",
        "Smaller, as decided in March",
    )
    assert patch(caller, pmc, {"pct": "2"}).json["reason"] == "Smaller, as decided in March"
    patch(caller, trees, {"amount": "95000.40", "reason": "Demanded by the forest officer"})
    again = patch(caller, trees, {"reason": "Demanded in writing on 3 March"}).json
    assert (again["amount"], again["why"], again["reason"]) == (
        "95000.00",
        "95000.40",
        "Demanded in writing on 3 March",
    )


def test_a_partial_change_keeps_the_document_of_a_lump_sum(head, api, imported):
    note = Attachment(
        project_id=imported[0].id,
        title="Demand note",
        kind="other",
        filename="note.pdf",
        mimetype="application/pdf",
        sha256="0" * 64,
        bytes=1,
        pages=1,
        page_sizes=[[210, 297]],
        status="attached",
    )
    with transaction():
        db.session.add(note)
    caller, url = api("ee"), head("utility_shifting")
    body = {"amount": "2,05,000", "reason": "Demanded by the company", "document_id": str(note.id)}
    assert patch(caller, url, body).json["document_id"] == str(note.id)
    done = patch(caller, url, {"reason": "Demanded again in April"})
    assert (done.status_code, done.json["document_id"], done.json["amount"]) == (200, str(note.id), "205000.00")


@pytest.mark.parametrize(
    ("code", "body", "count"), [("pmc", {"pct": "2.12345"}, "4"), ("trees", {"amount": "100.495"}, "2")]
)
def test_more_decimals_than_are_kept_are_refused(head, api, code, body, count):
    refused = patch(api("ee"), head(code), body | {"reason": "As decided in March"})
    assert refused.status_code == 422
    assert f"At most {count} decimals" in refused.json["errors"][0]["detail"]


@pytest.mark.parametrize("size", ["-5", "0", "9999999999999999999999"])
def test_the_size_of_a_page_of_issues_is_bounded(session, make_project, api, workbook, redis, size):
    project, caller = make_project(), api("ee")
    made = send(caller, project, workbook(WRONG))
    read_in(queries.list_imports(SYSTEM, project.id)[0].id)
    found = caller.get(f"{made.headers['Location']}/issues?size={size}")
    assert (found.status_code, len(found.json["_embedded"]["items"])) == (200, 2 if len(size) > 5 else 1)
