"""From the outside: every role at every route, page, interface, download and stream, against the published table."""

import uuid

import pytest
from flask import Flask
from werkzeug.routing import UUIDConverter

from portal.attachments import commands as attachments
from portal.boq_estimates.commands import import_boq_file
from portal.boq_estimates.queries import find_estimate, get_content, list_editable_heads
from portal.core.access import NO_ROLE, POLICY
from portal.core.cards import card_of
from portal.core.db import transaction
from portal.doc_assembly import commands as doc_assembly
from portal.projects.commands import assign_consultant
from portal.projects.models import DqFlag
from tests.attachments.test_attachments import Upload
from tests.attachments.test_rules import pdf
from tests.boq_estimates.conftest import at_hand, road_file, workbook  # noqa: F401 - fixtures
from tests.delegations.conftest import chief, deputy, issued, prepared  # noqa: F401 - fixtures
from tests.routes import OWN, PUBLIC, rights, undeclared
from tests.test_access import PUBLISHED

ROLES = ("ce", "dce", "ee", "ae", "to", "qr", "fa", "ec")
BESIDES = """
projects         RW RW RW RW R  R  R  R
attachments      RW RW RW RW RW R  R  RW
delegations      RW R  R  -  -  R  R  -
audit-trail      RW -  -  -  -  -  -  -
accounts         -  -  -  -  -  -  -  -
security         RW -  -  -  -  -  -  -
"""
TABLE = {
    line.split()[0].replace("-", "_"): dict(zip(ROLES, line.split()[1:], strict=True))
    for line in (PUBLISHED + BESIDES).strip().splitlines()
    if line
}
MODULES = [line.split()[0].replace("-", "_") for line in PUBLISHED.strip().splitlines()]
ADMIN = {"accounts": "RW", "delegations": "RW", "security": "RW"}
EVERYBODY = ("accounts.own", "accounts.factors", "accounts.keys")


def given(role, act):
    """What the tables say: the letter of the row and, for an act narrower than W, its holders."""
    module, _dot, verb = act.partition(".")
    row = (ADMIN if role == "admin" else {}).get(module, "-") if role not in ROLES else TABLE[module][role]
    if verb in ("read", "write"):
        return ("R" if verb == "read" else "W") in row
    return act in EVERYBODY or ("W" in row and role in POLICY["acts"][act])


# the ten modules, whether they have pages yet or not


@pytest.mark.parametrize("role", ROLES)
def test_an_officer_of_each_role_has_in_each_module_what_is_published(role, session, redis, make_officer):
    officer = card_of(make_officer(role).id).actor()
    for module in MODULES:
        for verb in ("read", "write"):
            assert officer.can(f"{module}.{verb}") == given(role, f"{module}.{verb}"), (role, module, verb)


# every route


@pytest.fixture
def world(session, redis, actor, make_project, make_officer, road_file, deputy, issued):  # noqa: F811
    """A project with estimate, file, section and consultant, and an instrument; the ids by module and name."""
    engineer, project = actor("ee"), make_project(circle="II")
    consultant = make_officer("ec")
    days = {"from_date": project.created_at.date(), "to_date": None}
    assign_consultant(engineer, project.id, {"consultant": consultant.username} | days)
    drawing = {"title": "Key plan", "kind": "drawing", "number": "ST-01", "dated": None}
    file = attachments.add_attachment(engineer, project.id, Upload(pdf(1)), drawing)
    doc_assembly.write_section(engineer, project.id, "I.4", {"text": "Along the lake.", "text_te": ""})
    batch = import_boq_file(engineer, project.id, road_file)
    row = find_estimate(engineer, project.id)
    settable = list_editable_heads(actor("fa")) & list_editable_heads(engineer)
    doubt = DqFlag(project_id=project.id, field="amount", code="too_large", found="12")
    with transaction():
        session.add(doubt)
    return {
        "flag_id": doubt.id,
        "line_id": next(line.id for line in get_content(engineer, row.current.id).recap if line.head_code in settable),
        "consultant": consultant,
        "project_id": project.id,
        "code": "I.4",
        "attachment_id": file.id,
        "instrument_id": issued(deputy).id,
        ("boq_estimates", "batch_id"): batch.id,
        ("boq_estimates", "estimate_id"): row.estimate.id,
        ("boq_estimates", "version_id"): row.current.id,
    }


def requests(app, world):
    """Endpoint, method and address of each route that is not everybody's own affair; reading comes first."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC | OWN:
            continue
        module, values = rule.endpoint.partition(".")[0].removesuffix("_api"), {}
        for name, kind in rule._converters.items():
            unknown = uuid.uuid4() if isinstance(kind, UUIDConverter) else 1
            values[name] = world.get((module, name), world.get(name, unknown))
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            found.append((method != "GET", rule.endpoint, method, rule.build(values, append_unknown=False)[1]))
    return [one[1:] for one in sorted(found)]


def ask(browser, method, url):
    if not url.startswith("/api"):
        return browser.open(url, method=method, data={} if method != "GET" else None)
    return browser.open(url, method=method, headers={"If-Match": "*"}, **({"json": {}} if method != "GET" else {}))


@pytest.mark.parametrize("role", [*ROLES, "admin", NO_ROLE])
def test_every_route_answers_each_role_as_the_tables_say(role, app, world, signed_in, api, make_officer):
    officer = world["consultant"] if role == "ec" else make_officer(role)
    pages, caller, declared, wrong = signed_in(role, officer), api(role, officer), rights(app), []
    for endpoint, method, url in requests(app, world):
        acts = declared[endpoint, method]
        if acts <= set(EVERYBODY):
            continue
        needed = {act for act in acts if act.endswith(".read")} if method == "GET" else acts
        with ask(caller if url.startswith("/api") else pages, method, url) as answer:
            refused = answer.status_code in (401, 403) or "/waiting" in answer.headers.get("Location", "")
            if all(given(role, act) for act in acts) and (refused or answer.status_code >= 500):
                wrong.append(("refused", method, url, answer.status_code, acts))
            if not all(given(role, act) for act in needed) and not refused:
                wrong.append(("let in", method, url, answer.status_code, acts))
    assert not wrong, "\n".join(map(str, wrong))


def everything():
    return "everything"


def test_no_route_is_without_a_right_and_one_that_were_is_found(app):
    assert undeclared(app) == set()
    careless = Flask("careless")
    careless.add_url_rule("/everything", view_func=everything)
    assert undeclared(careless) == {"everything", "static"} - PUBLIC


# the place: a posting narrows what may be written, not what may be read


def test_who_is_posted_to_one_circle_changes_nothing_of_another_and_is_offered_nothing(
    signed_in, api, make_officer, make_project, session, redis
):
    officer = make_officer("ee", circles=["II"])
    pages, caller = signed_in("ee", officer), api("ee", officer)
    own, other = make_project(circle="II").id, make_project(circle="III").id
    for project, status in ((own, 200), (other, 403)):
        assert pages.get(f"/projects/{project}").status_code == 200
        assert pages.get(f"/projects/{project}/edit").status_code == status
        assert (f"/projects/{project}/edit" in pages.get(f"/projects/{project}").text) == (status == 200)
        answer = caller.patch(f"/api/v1/projects/{project}", json={"village": "Narsingi"}, headers={"If-Match": "*"})
        assert answer.status_code == status, answer.text
    assert "circle" in answer.json["detail"].lower()
