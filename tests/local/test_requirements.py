"""What the code imports is what the lock files install: nothing works only because of a machine's history."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWN = {"portal", "jobs", "tests", "bench", "wsgi"}


def declared(*files):
    """The names in requirements files, without extras."""
    lines = [line for name in files for line in (ROOT / name).read_text().splitlines()]
    return {re.split(r"[\[=<> ]", line)[0].lower() for line in lines if line and line[0] not in "#-"}


def imported(*places):
    """The distributions behind every import, with one file that needs each."""
    known, found = packages_distributions(), {}
    for place in places:
        for file in [ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                for name in modules_of(node) - OWN - sys.stdlib_module_names:
                    found[str(file.relative_to(ROOT)), name] = {part.lower() for part in known.get(name, [name])}
    return found


def modules_of(node):
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module.split(".")[0]}
    return set()


@pytest.mark.parametrize(
    ("files", "places"),
    [
        (["requirements.in"], ["portal", "jobs", "migrations", "wsgi.py"]),
        (["requirements.in", "requirements-dev.in"], ["tests"]),
        (["requirements.in", "requirements-dev.in", "bench/requirements.in"], ["bench"]),
    ],
)
def test_every_imported_package_is_declared(files, places):
    have = declared(*files)
    assert {use for use, names in imported(*places).items() if not names & have} == set()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt", "bench/requirements.txt"])
def test_a_lock_names_versions_and_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^--", text, re.MULTILINE)
    packages = re.split(r"\n(?=\w)", text.strip())
    assert all("--hash=sha256:" in package for package in packages)


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_declared_is_locked(name):
    assert declared(f"{name}.in") <= declared(f"{name}.txt")
