"""Estimates for machines."""

from decimal import Decimal

from portal.boq_estimates import commands, queries
from portal.core.access import SYSTEM
from tests.boq_estimates.conftest import WRONG

URL = "/api/v1/boq-estimates"


def send(caller, project, file):
    url = f"{URL}/of/{project.id}/imports"
    return caller.post(url, data={"file": (file, file.filename)}, content_type="multipart/form-data")


def test_a_workbook_goes_all_the_way(session, make_project, api, workbook, redis):
    project, caller = make_project(), api("ee")
    made = send(caller, project, workbook())
    assert (made.status_code, made.json["status"]) == (201, "uploaded")
    assert made.headers["Location"].startswith(f"{URL}/imports/")
    commands.check_import(SYSTEM, queries.list_imports(SYSTEM, project.id)[0].id)
    read = caller.get(made.headers["Location"]).json
    assert (read["status"], read["works_total"], read["committable"]) == ("validated", "2736854.67", True)
    issues = caller.get(read["_links"]["issues"]["href"]).json["_embedded"]["items"]
    assert [issue["code"] for issue in issues] == ["unit_alias_used", "unit_alias_used"]
    done = caller.post(read["_links"]["commit"]["href"], json={})
    assert (done.status_code, done.json["say_amount"]) == (201, "3510000")
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
    commands.check_import(SYSTEM, queries.list_imports(SYSTEM, project.id)[0].id)
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
    commands.check_import(SYSTEM, batch.id)
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
    assert (done.status_code, done.json["pct_used"], done.json["amount"]) == (200, "1", "27369")
    assert caller.patch(url, json=change, headers={"If-Match": tag}).status_code == 412
    bad = caller.patch(url, json={"pct": "99", "reason": "x" * 20}, headers={"If-Match": done.headers["ETag"]})
    assert bad.status_code == 422
    url = f"{URL}/{estimate.id}"
    tag = caller.get(url).headers["ETag"]
    assert caller.patch(url, json={"duration_months": 36}, headers={"If-Match": tag}).json["duration_months"] == 36
    assert len(caller.get(f"{url}/versions").json["_embedded"]["items"]) == 1
    assert api("qr").patch(url, json={}, headers={"If-Match": tag}).status_code == 403
    assert api("ec").get(url).status_code == 404
