"""`portal policy` as the person at the server meets it, and the document whose tables it keeps."""

import re
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal import explain
from portal.cli import main
from portal.core import opa
from portal.core.access import NO_ROLE, POLICY, ROLES, SYSTEM, Actor, decide
from tests.core.rego import Rego

DOCUMENT = Path("docs/policy.md")


def run(*words):
    """Exit status, what it said, what it complained of; whoever starts it needs no running portal."""
    done = CliRunner().invoke(main, ["policy", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def test_the_whole_policy_is_one_table_of_all_modules_and_roles():
    code, said, _complaint = run("show")
    assert code == 0
    lines = [line.split() for line in said.splitlines()]
    assert lines[0] == ["module", *ROLES]
    for module, row in POLICY["modules"].items():
        assert [module, *row.values()] in lines
    assert ["tech_sanction.decide", "ce"] in lines
    assert "doc_assembly.work           nobody: the portal itself" in said
    assert said.endswith(f"revision {opa.REVISION}\n")


@pytest.mark.parametrize("role", [*ROLES, NO_ROLE])
def test_what_one_role_has_is_what_the_policy_decides(role):
    code, said, _complaint = run("show", role.upper())
    assert code == 0
    assert said.startswith(f"{explain.titles()[role]} ({role})\n")
    rows = {heading: set(re.findall(r"[a-z_]+(?:\.[a-z_]+)?", found)) for heading, found in explain.rows_of(role)}
    officer = Actor(SYSTEM.id, role)
    for module in POLICY["modules"]:
        may = [decide(officer, f"{module}.{verb}").allowed for verb in ("read", "write")]
        heading = {(True, True): "reads and writes", (True, False): "reads", (False, False): "nothing in"}[tuple(may)]
        assert module in rows[heading], (role, module)
    for act in POLICY["acts"]:
        assert (act in rows["narrower acts"]) == decide(officer, act).allowed
    assert rows["fresh proof"] == {act for act in POLICY["step_up"]["acts"] if decide(officer, act).allowed}
    assert ("can be lent" in rows) == (role in POLICY["lent"]["to"])


def test_who_signs_for_the_chief_engineer_up_to_how_much_is_said():
    words = " ".join(run("show", "dce")[1].split())
    assert "up to ₹10.00 Cr, with the full charge of the post up to ₹50.00 Cr" in words
    assert "assigned projects only, without the volumes" in " ".join(run("show", "ec")[1].split())


def test_a_role_there_is_not_is_named_with_those_there_are():
    code, _said, complaint = run("show", "boss")
    assert code == 2
    assert "'boss' is not one of 'ce', 'dce'" in complaint


def test_the_bundle_that_is_written_decides_as_the_portal_does(tmp_path):
    file = tmp_path / "policy.tar.gz"
    code, said, _complaint = run("bundle", file)
    assert (code, said) == (0, f"{file}: revision {opa.REVISION}\n")
    first, rego = file.read_bytes(), Rego(file.read_bytes())
    pairs = list(product(ROLES, (*POLICY["acts"], "projects.read", "clearances.write")))
    told = rego.decisions([opa.question(Actor(SYSTEM.id, role), act) for role, act in pairs])
    assert [answer["allow"] for answer in told] == [decide(Actor(SYSTEM.id, role), act).allowed for role, act in pairs]
    run("bundle", file)
    assert file.read_bytes() == first, "the same policy is the same file, so a server sees no change where none is"


def test_a_bundle_that_cannot_be_written_is_said_so(tmp_path):
    code, _said, complaint = run("bundle", tmp_path / "nowhere" / "policy.tar.gz")
    assert code == 1
    assert complaint.endswith("cannot be written: No such file or directory\n")


def test_the_document_says_what_the_policy_says():
    text = DOCUMENT.read_text()
    assert set(re.findall(r"made from the policy: (\w+)", text)) == explain.PARTS.keys(), "every part is in it"
    assert explain.filled(text) == text, "run: portal policy document docs/policy.md"


def test_a_document_is_brought_up_to_date_and_its_own_words_stay(tmp_path):
    old = DOCUMENT.read_text().replace("| `analytics` | RW |", "| `analytics` | R |")
    file = tmp_path / "policy.md"
    file.write_text(old)
    assert run("document", file)[1] == f"{file} was brought up to date\n"
    assert file.read_text() == DOCUMENT.read_text() != old
    assert run("document", file)[1] == f"{file} is up to date\n"
    file.write_text("<!-- made from the policy: weather -->\n<!-- end -->")
    code, _said, complaint = run("document", file)
    assert (code, "weather" in complaint) == (1, True)
