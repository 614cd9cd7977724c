"""The Telugu catalogue: complete where people read, true to the places of names and numbers, compiled as it stands."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUE = Path("portal/translations/te/LC_MESSAGES/messages.po")
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")
TELUGU = re.compile(r"[\u0c00-\u0c7f]")


@pytest.fixture(scope="module")
def catalogue():
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="te")


def sentences(catalogue):
    """Pairs of English and Telugu, each form of a plural on its own."""
    for message in catalogue:
        if message.id:
            english = message.id if isinstance(message.id, tuple) else (message.id,)
            telugu = message.string if isinstance(message.string, tuple) else (message.string,)
            yield from zip(english, telugu, strict=True)


def test_every_place_of_a_name_or_number_is_kept(catalogue):
    wrong = [e for e, t in sentences(catalogue) if t and not set(PLACES.findall(t)) <= set(PLACES.findall(e))]
    lost = [
        e
        for e, t in sentences(catalogue)
        if t and "%(num)s" not in e and set(PLACES.findall(e)) != set(PLACES.findall(t))
    ]
    assert (wrong, lost) == ([], [])


def test_sentences_are_written_in_telugu_script(catalogue):
    unwritten = [
        e for e, t in sentences(catalogue) if t != e and re.search("[a-z]", PLACES.sub("", t)) and not TELUGU.search(t)
    ]
    assert not unwritten


def test_what_people_read_on_pages_is_translated_but_for_a_few_new_sentences(catalogue):
    pages = [path for path in Path("templates").rglob("*.html") if path.name != "reference.html"]
    quoted = {text for path in pages for text in re.findall(r'_\("([^"]+)"', path.read_text())}
    known = {english for english, telugu in sentences(catalogue) if telugu}
    missing = {text for text in quoted if re.search("[a-z]{3}", text)} - known
    assert len(missing) <= len(quoted) // 20, missing


def test_the_compiled_catalogue_is_the_written_one(catalogue):
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    assert CATALOGUE.with_suffix(".mo").read_bytes() == compiled.getvalue()
