"""What others wrote is listed with its hash, and every class a template names has a rule or a script that needs it."""

import re
from pathlib import Path

import pytest

from portal.local.vendor import LISTING, PACKAGES, listing

SHEETS = " ".join(path.read_text() for path in [*Path("static").glob("*.css"), Path("static/vendor/tabler.css")])
SCRIPTS = " ".join(path.read_text() for path in Path("static").glob("*.js"))
DEFINED = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", SHEETS))


def test_the_list_of_vendored_files_is_true():
    assert LISTING.read_text() == listing()


def test_every_vendored_package_has_its_licence_beside_it():
    for package in PACKAGES:
        folder = Path(next(iter(package.files.values()))).parent
        short = package.name.strip("@").split("/")[0].split(".")[0]
        assert list(folder.glob(f"LICENSE-{short}*")), package.name


@pytest.mark.parametrize("path", list(Path("templates").rglob("*.html")), ids=str)
def test_every_class_of_a_template_is_one_of_the_sheets(path):
    named = {name for value in re.findall(r'class="([^"{]*)"', path.read_text()) for name in value.split()}
    assert not {name for name in named - DEFINED if f".{name}" not in SCRIPTS}
