"""Rights are swept, not sampled: every door, every route, every role."""

import importlib
import inspect
import pkgutil
import re
import uuid
from pathlib import Path

import pytest

import portal
from portal.app import MODULES
from portal.core.access import POLICY, ROLES, Actor
from portal.core.http import PUBLIC
from portal.core.usecases import DOORS

PARTS = [m.name for m in pkgutil.walk_packages(portal.__path__, "portal.")]
DOOR_MODULES = [name for name in PARTS if re.search(r"\.(commands|queries)(\.|$)", name)]
PUBLISHED = """
dpr-mode         RW RW RW RW R  R  R  R
technical-survey RW RW RW RW RW R  R  RW
design-drawing   RW RW RW RW RW R  R  RW
boq-estimates    RW RW RW RW RW R  RW RW
clearances       RW RW RW R  R  R  R  R
tech-sanction    RW R  R  -  -  RW RW -
doc-assembly     RW RW RW RW RW R  RW RW
quality-review   RW RW R  R  RW RW RW R
dashboard        RW RW RW R  R  R  R  R
analytics        RW R  R  -  R  RW RW -
"""


@pytest.mark.parametrize("line", PUBLISHED.strip().splitlines())
def test_the_policy_is_the_published_matrix(line):
    slug, *rights = line.split()
    row = POLICY["modules"][slug.replace("-", "_")]
    assert [row[role] for role in ("ce", "dce", "ee", "ae", "to", "qr", "fa", "ec")] == rights
    assert row["admin"] == "-"


@pytest.mark.parametrize("name", DOOR_MODULES)
def test_every_public_function_of_a_use_case_file_is_a_door(name):
    module = importlib.import_module(name)
    own = {
        f"{name}.{n}" for n, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == name and n[0] != "_"
    }
    assert own <= DOORS.keys()


def test_every_act_of_a_door_is_in_the_policy():
    for act in DOORS.values():
        module, verb = act.split(".")
        assert module in POLICY["modules"], act
        assert verb in ("read", "write") or act in POLICY["acts"] or act in POLICY["everyone"]["acts"], act


def test_acts_name_known_roles_that_may_write():
    for act, holders in POLICY["acts"].items():
        module = act.split(".")[0]
        for role in holders:
            assert role in ROLES
            assert "W" in POLICY["modules"][module][role], (act, role)


def urls(app, value):
    """Every route that is not public, with the same id in each place."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC or rule.endpoint in ("live.stream", "home", "accounts.sign_out"):
            continue
        values = {name: value if "UUID" in type(kind).__name__ else 1 for name, kind in rule._converters.items()}
        for method in rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            yield method, rule.build(values, append_unknown=False)[1]


def ask(browser, method, url):
    return browser.open(url, method=method, **({"json": {}} if url.startswith("/api") else {"data": {}}))


def test_strangers_are_turned_away_everywhere(app, session, redis):
    stranger = app.test_client()
    for method, url in urls(app, uuid.uuid4()):
        assert ask(stranger, method, url).status_code in (302, 401), (method, url)


def test_another_consultants_project_does_not_exist(app, session, redis, signed_in, api, make_project):
    project, pages, caller = make_project(), signed_in("ec"), api("ec")
    for method, url in urls(app, project.id):
        if str(project.id) in url:
            answer = ask(caller if url.startswith("/api") else pages, method, url)
            assert answer.status_code in (403, 404, 422, 428), (method, url, answer.status_code)
            assert project.name not in answer.get_data(as_text=True), (method, url)


def test_only_the_policy_decides_by_role():
    literal = re.compile(r"""["'](ce|dce|ee|ae|qr|fa)["']""")
    allowed = {"access.py", "sample.py"}
    for path in [*Path("portal").rglob("*.py"), *Path("jobs").rglob("*.py")]:
        if path.name not in allowed:
            assert not literal.search(path.read_text()), path
    for path in Path("templates").rglob("*.html"):
        assert not re.search(r"actor\.role\s*(==|!=|in\b|not\b)", path.read_text()), path


def test_a_right_is_never_more_than_the_row_gives():
    for module, row in POLICY["modules"].items():
        for role in ROLES:
            officer = Actor(uuid.uuid4(), role)
            assert officer.can(f"{module}.write") == ("W" in row[role])
            assert officer.can(f"{module}.read") == ("R" in row[role])


def test_the_modules_are_those_of_the_policy():
    assert set(MODULES) <= POLICY["modules"].keys()
