"""Typesetting: a template of templates/print and plain values in, a PDF out; the same values give the same bytes."""

import hashlib
import json
import re
import threading
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typst

from portal.core.pdf.readback import Sheets, finish

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "templates" / "print"
FONTS = ROOT / "static" / "fonts"
SETTING = "3"  # raised when this file or readback.py makes other pages from the same template and values
ENGINE = f"typst {version('typst')}, pikepdf {version('pikepdf')}, setting {SETTING}"
LONG_WORD, PIECE = re.compile(r"[^\s\u0c00-\u0c7f]{45,}"), re.compile(".{1,24}", re.DOTALL)
KEYS = ("anchor", "to")  # values that name a place; everything else is printed, or too short to be broken
_mine = threading.local()


@cache
def _fonts() -> typst.Fonts:
    """The shipped fonts and no others, so that a page looks the same on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _digest(paths: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


@cache
def template_version() -> str:
    """The hash of the print templates: a changed comma renders anew."""
    return _digest(list(SOURCES.glob("*.typ")))[:16]


@cache
def font_set() -> str:
    """The hash of the shipped fonts."""
    return _digest(list(FONTS.glob("*.ttf")))[:16]


def _compiler() -> typst.Compiler:
    """One compiler a thread, with the fonts loaded once."""
    if not hasattr(_mine, "compiler"):
        _mine.compiler = typst.Compiler(root=str(SOURCES), font_paths=_fonts())
    found: typst.Compiler = _mine.compiler
    return found


def _printed(value: Any) -> Any:
    """The same values; in what is printed a word longer than a line may be broken (ZERO WIDTH SPACE)."""
    if isinstance(value, str):
        return LONG_WORD.sub(lambda word: "\u200b".join(PIECE.findall(word[0])), value)
    if isinstance(value, dict):
        return {name: one if name in KEYS else _printed(one) for name, one in value.items()}
    return [_printed(one) for one in value] if isinstance(value, (list, tuple)) else value


def _as_json(values: Any) -> str:
    return json.dumps(_printed(values), ensure_ascii=False, sort_keys=True)


def typeset(template: str, values: Any) -> Sheets:
    """The pages of a template. The values go in as JSON, so that no text of an officer is read as code."""
    made = _compiler().compile(
        str(SOURCES / f"{template}.typ"),
        format="pdf",
        sys_inputs={"data": _as_json(values)},
        timestamp=0,
        pdf_tags=False,
    )
    assert isinstance(made, bytes)
    return finish(made)


def picture(template: str, values: Any, ppi: float = 40) -> list[bytes]:
    """The pages as PNG, for comparing looks."""
    made = _compiler().compile(
        str(SOURCES / f"{template}.typ"),
        format="png",
        ppi=ppi,
        sys_inputs={"data": _as_json(values)},
    )
    return made if isinstance(made, list) else [made] if made else []
