"""Rules of shape that a linter has no words for."""

import ast
import re
from pathlib import Path

import pytest

SOURCES = [*Path("portal").rglob("*.py"), *Path("jobs").rglob("*.py"), *Path("migrations").glob("*.py")]
TEMPLATES = [*Path("templates").rglob("*.html")]
MODULE_FILES = {"events", "models", "queries", "commands", "forms", "pages", "api", "rules", "__init__"}


@pytest.mark.parametrize("path", [*SOURCES, *TEMPLATES, *Path("static").glob("*.js")], ids=str)
def test_no_file_outgrows_a_sitting(path):
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_no_function_outgrows_a_screen(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 45, node.name


@pytest.mark.parametrize("path", [p for p in SOURCES if p.name != "__init__.py"], ids=str)
def test_every_file_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_no_template_needs_what_the_content_security_policy_forbids(path):
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)
    assert not re.search(r"\s(style|on\w+|hx-on[\w:-]*)=", text)
    assert not re.search(r"(src|href)=\"https?://", text)


@pytest.mark.parametrize("path", [*Path("portal").rglob("pages.py"), *Path("portal").glob("*/pages/*.py")], ids=str)
def test_a_view_only_asks_and_answers(path):
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno <= 18, node.name
            assert not any(isinstance(inner, ast.Try) for inner in ast.walk(node)), node.name


def test_only_use_cases_and_the_core_touch_the_session():
    for path in SOURCES:
        if path.parts[0] == "portal" and path.stem in ("pages", "api", "forms"):
            assert "db.session" not in path.read_text() or path.parts[1] == "core", path
