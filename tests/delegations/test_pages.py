"""The register as pages: prepared, read once more, issued after a fresh proof; bad input is said beside its field."""

import datetime as dt
import re

import pytest

from portal.core.calendar import today
from portal.core.db import now, transaction
from portal.delegations import commands
from tests.delegations.conftest import CRORE, REASON, terms

DAY = dt.timedelta(days=1)


@pytest.fixture
def desk(signed_in, redis):
    """A browser in which the Chief Engineer is signed in."""
    return signed_in("ce")


def typed(officer, **said):
    """The form as a browser sends it."""
    usual = {
        "to_officer": officer.username,
        "type": "temporary",
        "charge": "scoped",
        "floor_rs": "",
        "ceiling_rs": "2 crore",
        "project_classes": ["standard", "emergency"],
        "circles": "II, III",
        "starts_on": f"{today():%d-%m-%Y}",
        "ends_on": f"{today() + 18 * DAY:%d-%m-%Y}",
        "review_on": "",
        "condition": "",
        "reason": REASON,
        "outside_approval_ref": "",
    }
    return usual | said


def place(instrument, act=""):
    return f"/delegations/{instrument.id}{act}"


def test_from_the_form_to_the_register_in_three_presses(desk, deputy, session):
    saved = desk.post("/delegations/new", data=typed(deputy))
    assert saved.status_code == 303
    address = saved.headers["Location"]
    page = desk.get(address).text
    for said in ("Draft for M. Fatima", "Your turn", "₹ 2,00,00,000.00", "19 calendar days", "standard, emergency"):
        assert said in page, said
    asked = desk.get(f"{address}/issue").text
    assert "It takes effect at once: M. Fatima needs no new sign-in." in asked
    version = re.search(r'name="version" value="(\d+)"', asked)[1]
    assert desk.post(f"{address}/issue", data={"version": version}).headers["Location"] == address
    page = desk.get(address).text
    assert f"DI-{today().year}-001" in page
    assert "in force" in page
    assert "M. Fatima decides for the Chief Engineer in these bounds" in page
    listed = desk.get("/delegations/").text
    assert "One instrument is in force today." in listed
    assert "₹2.00 Cr" in listed


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"ceiling_rs": "two crore"}, "ceiling_rs", "is not a number"),
        ({"ceiling_rs": "-5"}, "ceiling_rs", "not below nothing"),
        ({"ceiling_rs": "10.1 crore"}, "ceiling_rs", "at most ₹10.00 Cr is lent"),
        ({"ceiling_rs": "1.001"}, "ceiling_rs", "At most 2 decimals"),
        ({"ceiling_rs": ""}, "ceiling_rs", "required"),
        ({"floor_rs": "3 crore"}, "ceiling_rs", "ends below where it begins"),
        ({"project_classes": []}, "project_classes", "at least one class"),
        ({"project_classes": ["grand"]}, "project_classes", "There is no class “grand”"),
        ({"circles": " , "}, "circles", "at least one circle"),
        ({"circles": "x" * 21}, "circles", "longer than the 20 signs"),
        ({"starts_on": "31-02-2027"}, "starts_on", "Not a date"),
        ({"starts_on": "01-01-2020"}, "starts_on", "works backwards"),
        ({"ends_on": ""}, "ends_on", "has a last day"),
        ({"ends_on": "01-01-2020"}, "ends_on", "before the first"),
        ({"type": "standing"}, "review_on", "has a day of review"),
        ({"type": "conditional"}, "condition", "Say the event"),
        ({"type": "eternal"}, "type", "Not a valid choice"),
        ({"charge": "full_additional_charge"}, "outside_approval_ref", "order of the Secretary"),
        ({"reason": "leave"}, "reason", "20 and 1000"),
        ({"reason": " " * 40}, "reason", "required"),
        ({"to_officer": "nobody"}, "to_officer", "Not a valid choice"),
        ({"to_officer": ""}, "to_officer", "required"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(desk, deputy, said, field, words, session):
    answer = desk.post("/delegations/new", data=typed(deputy, **said))
    assert answer.status_code == 422
    error = re.search(rf'id="{field}-error">([^<]*)<', answer.text)
    assert error, answer.text
    assert words in error[1].replace("&#34;", '"')
    assert said.get("reason", REASON).strip() in answer.text


def test_amounts_are_typed_as_text_with_their_unit(desk, deputy):
    for name in ("floor_rs", "ceiling_rs"):
        (field,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', desk.get("/delegations/new").text)
        assert 'type="text"' in field


def test_every_fault_is_said_at_once(desk, deputy):
    answer = desk.post("/delegations/new", data=typed(deputy, ends_on="", circles="", reason="leave", starts_on="x"))
    for field in ("ends_on", "circles", "reason", "starts_on"):
        assert f'id="{field}-error"' in answer.text, field


def test_a_draft_is_changed_and_two_at_once_see_both_texts(desk, signed_in, prepared, deputy):
    draft, other = prepared(deputy), signed_in("admin")
    seen = draft.version
    page = desk.get(place(draft, "/edit")).text
    assert '<input class="form-check-input" type="checkbox" name="project_classes" id="class-standard"' in page
    assert re.search(r'id="class-standard" value="standard" checked', page)
    theirs = {"version": seen, "ceiling_rs": "1.5 crore", "circles": "II"}
    assert other.post(place(draft, "/edit"), data=typed(deputy, **theirs)).status_code == 303
    mine = {"version": seen, "ceiling_rs": "1 crore", "circles": "II", "project_classes": ["complex"]}
    answer = desk.post(place(draft, "/edit"), data=typed(deputy, **mine))
    assert answer.status_code == 409
    for said in ("Another officer saved this record", "15000000.00", "10000000.00", "standard, emergency", "complex"):
        assert said in answer.text, said
    assert draft.ceiling_rs == 1.5 * float(CRORE)
    again = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    assert desk.post(place(draft, "/edit"), data=typed(deputy, **mine | {"version": again})).status_code == 303
    assert (draft.ceiling_rs, draft.project_classes) == (CRORE, ["complex"])


def test_two_who_save_the_very_same_are_both_content(desk, signed_in, prepared, deputy):
    draft, other = prepared(deputy), signed_in("admin")
    data = typed(deputy, version=draft.version, ceiling_rs="1.5 crore")
    for browser in (other, desk):
        assert browser.post(place(draft, "/edit"), data=data).headers["Location"] == place(draft)


def test_what_was_not_read_is_not_issued(desk, chief, prepared, deputy):
    draft = prepared(deputy)
    seen = draft.version
    commands.edit_instrument(chief, draft.id, terms(deputy, ceiling_rs=9 * CRORE), seen=seen)
    for version in ({"version": seen}, {}):
        answer = desk.post(place(draft, "/issue"), data=version)
        assert (answer.status_code, "Someone else saved this" in answer.text) == (409, True)
    assert draft.state == "draft"


def test_an_old_proof_is_renewed_first_and_the_act_waits(desk, prepared, deputy):
    draft = prepared(deputy)
    with desk.session_transaction() as kept:
        kept["proven_at"] = (now() - dt.timedelta(minutes=6)).isoformat()
    answer = desk.post(place(draft, "/issue"), data={"version": draft.version})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/prove?held=1")
    assert draft.state == "draft"
    assert desk.post("/delegations/new", data=typed(deputy)).headers["Location"].startswith("/delegations/")


def test_a_draft_with_a_fault_offers_no_button_to_issue_it(desk, prepared, deputy, issued, make_officer):
    first, draft = issued(make_officer("dce", name="K. Nair")), prepared(deputy)
    with transaction():
        draft.starts_on = today() - DAY
    page = desk.get(place(draft, "/issue")).text
    assert "works backwards" in page
    assert '<button class="btn btn-primary">Issue instrument' not in page
    assert f"{first.instrument_no} lends up to ₹2.00 Cr in circle II to K. Nair" in page


def test_what_is_in_the_way_of_an_event_is_shown_before_it_is_declared(desk, deputy, issued, make_officer):
    waiting = issued(deputy, type="conditional", condition="Election duty")
    other = issued(make_officer("ee", name="S. Rao"))
    page = desk.get(place(waiting, "/declare")).text
    assert f"{other.instrument_no} lends up to ₹2.00 Cr in circle II to S. Rao" in page
    assert f'href="{place(other)}"' in page
    assert 'name="why"' not in page
    answer = desk.post(place(waiting, "/declare"), data={"why": "All the same", "version": waiting.version})
    assert (answer.status_code, other.instrument_no in answer.text) == (409, True)


def test_an_event_is_declared_a_review_recorded_and_an_end_given_a_reason(desk, deputy, issued):
    waiting = issued(deputy, type="conditional", condition="Election duty", review_on=today() + DAY)
    page = desk.get(place(waiting)).text
    assert "on standby" in page
    assert "Declare the event" in page
    assert "Election duty" in desk.get(place(waiting, "/declare")).text
    for act, data in (
        ("/declare", {"why": ""}),
        ("/review", {"review_on": "tomorrow"}),
        ("/review", {"review_on": "01-01-2020"}),
        ("/revoke", {"why": "   "}),
    ):
        answer = desk.post(place(waiting, act), data=data | {"version": waiting.version})
        assert (answer.status_code, "-error" in answer.text) == (422, True), act
    later = f"{today() + 30 * DAY:%d-%m-%Y}"
    for act, data in (
        ("/declare", {"why": "Order 7 of today"}),
        ("/review", {"review_on": later}),
        ("/revoke", {"why": "Election is over"}),
    ):
        assert desk.get(place(waiting, act)).status_code == 200
        assert desk.post(place(waiting, act), data=data | {"version": waiting.version}).status_code == 303, act
    page = desk.get(place(waiting)).text
    for said in ("Election is over", "Order 7 of today", later, "was revoked"):
        assert said in page, said
    assert "Revoke instrument" not in page


def test_a_draft_is_thrown_away_and_then_not_found(desk, prepared, deputy):
    draft = prepared(deputy)
    address = place(draft)
    assert desk.post(f"{address}/discard").headers["Location"] == "/delegations/"
    assert desk.get(address).status_code == 404
    assert desk.post(f"{address}/issue", data={"version": 1}).status_code == 404


def test_the_register_is_searched_and_filtered_by_state(desk, prepared, issued, deputy, make_officer):
    one = issued(deputy, circles=["II", "VII"])
    prepared(make_officer("ee", name="S. Rao"))
    page = desk.get("/delegations/").text
    assert "One draft waits to be issued." in page
    assert "S. Rao" in page
    for asked, found, missing in (
        ("state=draft", "S. Rao", "M. Fatima"),
        ("state=active", "M. Fatima", "S. Rao"),
        ("q=vii", "M. Fatima", "S. Rao"),
        (f"q={one.instrument_no}", "M. Fatima", "S. Rao"),
        ("q=rao", "S. Rao", "M. Fatima"),
    ):
        page = desk.get(f"/delegations/?{asked}").text
        rows = " ".join(re.findall(r"<tr>.*?</tr>", page, re.DOTALL))
        assert found in rows, asked
        assert missing not in rows, asked
    assert "Nothing fits" in desk.get("/delegations/?q=nobody").text
    assert desk.get("/delegations/?after=garbage").status_code == 422
    assert desk.get("/delegations/?state=asleep").status_code == 200


def test_an_empty_register_says_what_it_is_for(desk, signed_in):
    assert "power of sanction to a Deputy" in desk.get("/delegations/").text
    assert "decides everything" in signed_in("ee").get("/delegations/").text


def test_circles_without_a_project_and_closed_accounts_are_pointed_out(desk, issued, deputy, make_project):
    make_project(circle="I")
    live = issued(deputy)
    assert "No project of the register lies in circle II" in desk.get(place(live)).text
    with transaction():
        deputy.active = False
    assert "cannot use it now" in desk.get(place(live)).text


@pytest.mark.parametrize(
    ("role", "reads", "prepares", "issues"),
    [
        ("ce", True, True, True),
        ("admin", True, True, False),
        ("dce", True, False, False),
        ("qr", True, False, False),
        ("ae", False, False, False),
        ("to", False, False, False),
        ("ec", False, False, False),
    ],
)
def test_a_role_sees_the_buttons_it_may_press(role, reads, prepares, issues, signed_in, prepared, issued, deputy):
    browser, draft, live = signed_in(role), prepared(deputy), issued(deputy)
    listed = browser.get("/delegations/")
    assert (listed.status_code == 200) is reads
    assert ("Prepare an instrument" in listed.text) is prepares
    assert (browser.get("/delegations/new").status_code == 200) is prepares
    assert (browser.get(place(draft)).status_code == 200) is prepares
    assert (browser.get(place(draft, "/edit")).status_code == 200) is prepares
    assert (browser.get(place(live, "/revoke")).status_code == 200) is issues
    assert (">Revoke instrument<" in browser.get(place(live)).text) is issues
    assert (browser.get(place(live)).status_code == 200) is reads
    data = {"version": live.version, "why": "Not for me to do"}
    assert (browser.post(place(live, "/revoke"), data=data).status_code == 303) is issues


def test_an_issued_instrument_has_no_form(desk, issued, deputy):
    answer = desk.get(place(issued(deputy), "/edit"))
    assert (answer.status_code, "changed no more" in answer.text) == (409, True)


def test_the_administrator_sees_it_on_the_page_of_the_officer(signed_in, issued, deputy):
    live = issued(deputy)
    page = signed_in("admin").get(f"/officers/{deputy.id}").text
    assert live.instrument_no in page
    assert "stays in force on paper" in signed_in("admin").get(f"/officers/{deputy.id}/disable").text
