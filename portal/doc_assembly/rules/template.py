"""The report's template: which volumes and sections there are, and which of them a kind of work needs."""

import tomllib
from pathlib import Path
from typing import NamedTuple

_READ = tomllib.loads(Path(__file__).with_name("template.toml").read_text(encoding="utf-8"))
VERSION: str = _READ["version"]
AUTHORITY: str = _READ["authority"]
AUTHORITY_TE: str = _READ["authority_te"]
MARK: str = _READ["mark"]
VOLUMES: dict[str, str] = _READ["volumes"]
RESTRICTED = frozenset[str](_READ["restricted"])
PRICED = frozenset[str](_READ["priced"])


class Section(NamedTuple):
    """A section of the template; `written` ones have a text of their own."""

    code: str
    title: str
    title_te: str
    needs: str
    written: bool

    @property
    def volume(self) -> str:
        """The volume it stands in."""
        return self.code.partition(".")[0]


SECTIONS = {
    code: Section(code, row["title"], row.get("title_te", ""), row["needs"], row.get("written", False))
    for code, row in _READ["sections"].items()
}
WRITTEN = {code: section for code, section in SECTIONS.items() if section.written}


def need_of(code: str, work_type: str) -> str:
    """M, C or . for a section and a type of work; an unknown type is a minor work."""
    letter = _READ["kinds"].get(work_type, "N")
    return SECTIONS[code].needs[_READ["order"].index(letter)]


def written_for(work_type: str) -> list[Section]:
    """The sections an officer may write for this type of work, in the order of the report."""
    return [section for section in WRITTEN.values() if need_of(section.code, work_type) != "."]


def is_closed(code: str) -> bool:
    """Whether a section stays closed to consultants until the tender is opened."""
    return code.partition(".")[0] in RESTRICTED or code in PRICED


def volume_title(volume: str) -> str:
    """Volume IX, spelt with its number; volume 0 is the summary in front of the others."""
    return "Summary volume" if volume == "0" else f"Volume {volume}"
