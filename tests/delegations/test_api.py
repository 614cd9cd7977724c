"""The register over the API: the same acts, the same refusals, no edit of what was not read."""

import datetime as dt
import uuid

import pytest

from portal.accounts.queries.tokens import _token_of
from portal.core.calendar import today
from portal.core.db import now
from portal.core.openapi import specification
from portal.delegations.api import PLACE
from tests.delegations.conftest import REASON

DAY = dt.timedelta(days=1)
WHY = {"why": "The Chief Engineer is back"}


@pytest.fixture
def chief_api(api, redis):
    """The Chief Engineer's program."""
    return api("ce")


def body(officer, **said):
    usual = {
        "to_officer": officer.username,
        "type": "temporary",
        "charge": "scoped",
        "ceiling_rs": "20000000.00",
        "project_classes": ["standard"],
        "circles": ["II"],
        "starts_on": today().isoformat(),
        "ends_on": (today() + 18 * DAY).isoformat(),
        "reason": REASON,
    }
    return usual | said


def matching(answer):
    return {"If-Match": answer.headers["ETag"]}


def test_an_instrument_from_draft_to_its_end(chief_api, deputy):
    made = chief_api.post(PLACE, json=body(deputy))
    assert made.status_code == 201
    here = made.headers["Location"]
    assert (made.json["state"], made.json["instrument_no"], made.json["ceiling_rs"]) == ("draft", "", "20000000.00")
    assert (made.json["days"], made.json["project_classes"], made.json["floor_rs"]) == (19, ["standard"], "0.00")
    read = chief_api.get(here)
    assert read.json == made.json
    changed = chief_api.patch(here, json={"circles": ["II", "III"]}, headers=matching(read))
    assert (changed.status_code, changed.json["circles"]) == (200, ["II", "III"])
    assert changed.json["ends_on"] == read.json["ends_on"], "what is left out keeps its value"
    assert chief_api.post(f"{here}/issue", headers=matching(read)).status_code == 412
    assert chief_api.post(f"{here}/issue").status_code == 428
    issued = chief_api.post(f"{here}/issue", headers=matching(changed))
    assert (issued.status_code, issued.json["in_force"]) == (200, True)
    assert issued.json["instrument_no"] == f"DI-{today().year}-001"
    assert chief_api.patch(here, json={"circles": ["V"]}, headers={"If-Match": "*"}).status_code == 409
    assert chief_api.delete(here).status_code == 409
    wrong = chief_api.post(f"{here}/revoke", json={}, headers=matching(issued))
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "#/why")
    ended = chief_api.post(f"{here}/revoke", json=WHY, headers=matching(issued))
    assert (ended.json["state"], ended.json["revoked_why"], ended.json["in_force"]) == ("revoked", WHY["why"], False)
    topics = [one["topic"].rpartition(".")[2] for one in chief_api.get(f"{here}/events").json["_embedded"]["items"]]
    assert topics == ["delegation_ended", "revoked", "delegation_started", "issued", "changed", "prepared"]


def test_a_conditional_one_is_declared_and_reviewed(chief_api, deputy):
    said = {"type": "conditional", "condition": "Election duty", "review_on": (today() + DAY).isoformat()}
    here = chief_api.post(PLACE, json=body(deputy, **said)).headers["Location"]
    issued = chief_api.post(f"{here}/issue", headers={"If-Match": "*"})
    assert issued.json["state"] == "standby"
    later = {"review_on": (today() + 200 * DAY).isoformat()}
    reviewed = chief_api.post(f"{here}/review", json=later, headers=matching(issued))
    assert reviewed.json["review_on"] == later["review_on"]
    declared = chief_api.post(f"{here}/declare", json={"why": "Order 7"}, headers=matching(reviewed))
    assert (declared.json["state"], declared.json["declared_on"]) == ("active", today().isoformat())


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"ceiling_rs": "20000000.001"}, "ceiling_rs"),
        ({"ceiling_rs": None}, "ceiling_rs"),
        ({"ceiling_rs": "1e30"}, "ceiling_rs"),
        ({"ceiling_rs": ["1"]}, "ceiling_rs"),
        ({"ceiling_rs": True}, "ceiling_rs"),
        ({"project_classes": "grand"}, "project_classes"),
        ({"project_classes": [{"a": 1}]}, "project_classes"),
        ({"circles": []}, "circles"),
        ({"starts_on": "2027-02-30"}, "starts_on"),
        ({"starts_on": 5}, "starts_on"),
        ({"to_officer": "nobody"}, "to_officer"),
        ({"to_officer": "\x00"}, "to_officer"),
        ({"type": "for ever"}, "type"),
        ({"reason": "short"}, "reason"),
        ({"state": "active"}, "state"),
        ({"instrument_no": "DI-2026-900"}, "instrument_no"),
    ],
)
def test_bad_input_is_a_problem_that_names_the_field(chief_api, deputy, said, field):
    answer = chief_api.post(PLACE, json=body(deputy, **said))
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.json["errors"][0]["pointer"] == f"#/{field}"


def test_overlapping_ones_are_refused_and_the_first_is_named(chief_api, deputy, make_officer):
    for officer, status in ((deputy, 200), (make_officer("ee"), 409)):
        here = chief_api.post(PLACE, json=body(officer)).headers["Location"]
        answer = chief_api.post(f"{here}/issue", headers={"If-Match": "*"})
        assert answer.status_code == status
    assert f"DI-{today().year}-001" in answer.json["detail"]
    assert chief_api.get(here).json["state"] == "draft"


def test_an_old_proof_is_refused_as_rfc_9470_says(app, chief_api, begin, issued, deputy):
    live, officer = issued(deputy), chief_api.officer
    token = _token_of(officer.id, begin(officer, "api").id.hex, now() - dt.timedelta(minutes=6))
    caller = app.test_client()
    headers = {"Authorization": f"Bearer {token}", "If-Match": "*"}
    answer = caller.post(f"{PLACE}/{live.id}/revoke", json=WHY, headers=headers)
    assert answer.status_code == 401
    assert 'error="insufficient_user_authentication"' in answer.headers["WWW-Authenticate"]
    assert live.state == "active"


def test_the_same_draft_sent_twice_is_one(chief_api, deputy):
    key = {"Idempotency-Key": "draft-1"}
    first, second = (chief_api.post(PLACE, json=body(deputy), headers=key) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert len(chief_api.get(PLACE).json["_embedded"]["items"]) == 1


def test_who_may_not_is_refused_and_drafts_are_hidden(api, prepared, issued, deputy):
    draft, live = prepared(deputy), issued(deputy)
    reader, outsider, clerk = api("ee"), api("ec"), api("admin")
    assert [one["id"] for one in reader.get(PLACE).json["_embedded"]["items"]] == [str(live.id)]
    assert reader.get(f"{PLACE}/{draft.id}").status_code == 404
    assert reader.post(PLACE, json=body(deputy)).status_code == 403
    assert outsider.get(PLACE).status_code == 403
    assert clerk.post(PLACE, json=body(deputy)).status_code == 201
    assert clerk.post(f"{PLACE}/{draft.id}/issue", headers={"If-Match": "*"}).status_code == 403
    assert clerk.delete(f"{PLACE}/{draft.id}").status_code == 204
    assert clerk.get(f"{PLACE}/{uuid.uuid4()}").status_code == 404


def test_the_list_is_filtered_and_paged(chief_api, issued, prepared, deputy):
    for number in range(3):
        issued(deputy, circles=[f"C{number}"])
    prepared(deputy)
    assert len(chief_api.get(f"{PLACE}?state=active").json["_embedded"]["items"]) == 3
    (only,) = chief_api.get(f"{PLACE}?q=c1").json["_embedded"]["items"]
    assert only["circles"] == ["C1"]
    page, seen = chief_api.get(f"{PLACE}?size=3").json, []
    seen += [one["id"] for one in page["_embedded"]["items"]]
    page = chief_api.get(page["_links"]["next"]["href"]).json
    seen += [one["id"] for one in page["_embedded"]["items"]]
    assert len(set(seen)) == len(seen) == 4
    assert chief_api.get(f"{PLACE}?colour=red").status_code == 422


def test_the_published_document_names_no_officer(app, session, deputy):
    told = str(specification()["paths"][PLACE])
    assert "project_classes" in told
    assert deputy.username not in told
