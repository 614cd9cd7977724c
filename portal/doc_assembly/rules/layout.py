"""Page labels, contents, bookmarks and lists (doc-assembly section 6): known once it is known how long each part is.

Front matter of a volume has a roman run of its own, so that body labels never move when its contents grow.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from portal.core.pdf.bind import Mark, Run
from portal.doc_assembly.rules.frozen import File, Inputs
from portal.doc_assembly.rules.generated import column
from portal.doc_assembly.rules.template import SECTIONS, VOLUMES, volume_title
from portal.doc_assembly.rules.units import Unit, files_of

SIZES = {"A4": (210, 297), "A3": (297, 420), "A2": (420, 594), "A1": (594, 841), "A0": (841, 1189)}
NEAR_MM = 3
ROMAN = {100: "c", 90: "xc", 50: "l", 40: "xl", 10: "x", 9: "ix", 5: "v", 4: "iv", 1: "i"}


class Length(NamedTuple):
    """How long a part is, and on which of its pages its anchors stand."""

    pages: int
    anchors: Mapping[str, int]


class Place(NamedTuple):
    """A page of the bound file: physical number from 0, and what is printed as its label."""

    page: int
    label: str


@dataclass
class Volume:
    """A volume: its front pages, then its units one after the other."""

    name: str
    front: int
    units: list[tuple[Unit, Length]] = field(default_factory=list)

    @property
    def body(self) -> int:
        """Arabic pages."""
        return sum(length.pages for _unit, length in self.units)


def roman(number: int) -> str:
    """Lower case: i, ii, iii, iv …"""
    letters = ""
    for value, sign in ROMAN.items():
        count, number = divmod(number, value)
        letters += sign * count
    return letters


@dataclass
class Layout:
    """Where everything is, for one assumption of the lengths."""

    volumes: list[Volume]
    same: Mapping[str, tuple[str, str]]  # a file bound a second time: the code it was bound under first, and its title
    places: dict[str, Place] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)  # as printed in the footer, one a page

    def __post_init__(self) -> None:
        for volume in self.volumes:
            self._number(volume)
        self.places |= {again: self.places[first] for again, (first, _title) in self.same.items()}

    def _number(self, volume: Volume) -> None:
        start = len(self.labels)
        if volume.front:
            self.runs.append(Run(start, "r", f"{volume.name}-"))
            self.places[f"volume.{volume.name}"] = Place(start, f"{volume.name}-i")
            self.labels += [f"{volume.name}-{roman(number)}" for number in range(1, volume.front + 1)]
        if volume.body:
            self.runs.append(Run(len(self.labels), "D", f"{volume.name}-"))
        number = 1
        for unit, length in volume.units:
            here = len(self.labels)
            self.places.setdefault(unit.code, Place(here, f"{volume.name}-{number}"))
            for anchor, page in length.anchors.items():
                self.places[anchor] = Place(here + page, f"{volume.name}-{number + page}")
            self.labels += [f"{volume.name}-{n} of {volume.body}" for n in range(number, number + length.pages)]
            number += length.pages

    def entry(self, level: int, code: str, title: str, to: str) -> dict[str, Any]:
        """A line of the contents."""
        return {"level": level, "code": code, "title": title, "to": to, "label": self.places[to].label}

    def master(self) -> list[dict[str, Any]]:
        """The contents of all volumes, to their sections."""
        lines = []
        for volume in self.volumes:
            head = f"{volume_title(volume.name)}: {VOLUMES[volume.name]}" if volume.name != "0" else VOLUMES["0"]
            lines.append(self.entry(1, "", head, f"volume.{volume.name}"))
            lines += [line | {"level": 2} for line in self.contents(volume) if line["level"] == 1]
        return lines

    def contents(self, volume: Volume) -> list[dict[str, Any]]:
        """The contents of one volume: sections, and below them headings, bills and bound papers."""
        lines = [line for unit, _length in volume.units for line in self._lines(volume, unit)]
        again = [(code, title) for code, (_first, title) in self.same.items() if code.startswith(f"{volume.name}.")]
        return lines + [self.entry(2, "", title, code) for code, title in again]

    def _lines(self, volume: Volume, unit: Unit) -> Iterator[dict[str, Any]]:
        if unit.depth == 3:
            if volume.name == "IX" and unit is next(one for one, _length in volume.units if one.depth == 3):
                yield self.entry(1, "IX.2", SECTIONS["IX.2"].title, unit.code)
            yield self.entry(2, "", unit.title, unit.code)
        elif unit.entry:
            yield self.entry(1, unit.shown_code, unit.title, unit.code)
        for anchor, words in unit.anchors:
            if anchor.count(".") == 2:
                number, gap, rest = words.partition("  ")
                yield self.entry(2, number, rest, anchor) if gap else self.entry(2, "", words, anchor)

    def marks(self) -> Iterator[Mark]:
        """Bookmarks: volume, section, and below it headings, bills and bound papers."""
        for volume in self.volumes:
            title = volume_title(volume.name)
            head = f"{title}: {VOLUMES[volume.name]}" if volume.name != "0" else VOLUMES["0"]
            yield Mark(1, head, self.places[f"volume.{volume.name}"].page)
            for line in self.contents(volume):
                words = f"{line['code']} {line['title']}".strip()
                yield Mark(min(3, line["level"] + 1), words, self.places[line["to"]].page)


def size_name(file: File) -> str:
    """A4 … A0 within 3 mm, either way round; else the size itself."""
    if not file.page_sizes:
        return ""
    wide, high = file.page_sizes[0]
    for name, (short, long) in SIZES.items():
        if abs(min(wide, high) - short) <= NEAR_MM and abs(max(wide, high) - long) <= NEAR_MM:
            return name
    return f"{wide:.0f} × {high:.0f} mm"


def list_values(unit: Unit, inputs: Inputs, places: Mapping[str, Place]) -> dict[str, Any]:
    """The index of drawings, or the list of letters or certificates, each with the page it stands on."""
    rows = []
    for serial, (code, file) in enumerate(files_of(inputs, unit.list_kind), 1):
        page: list[Any] | str = [{"t": places[code].label.partition(" ")[0], "to": code}] if code in places else ""
        rows.append({"c": [str(serial), file.number, file.title, file.dated, size_name(file), str(file.pages), page]})
    columns = [
        column("No.", "10mm"),
        column("Number", "30mm"),
        column("Title", "1fr"),
        column("Dated", "22mm"),
        column("Size", "20mm"),
        column("Sheets", "14mm", "right"),
        column("Page", "18mm", "right"),
    ]
    nothing = {"drawing": "No drawing is bound in this version."}.get(unit.list_kind, "")
    block = {"k": "table", "columns": columns, "rows": rows} if rows else {"k": "note", "runs": nothing}
    parts = [{"lang": "en", "blocks": [block]}]
    return {"template": "section", "code": unit.code, "title": unit.title, "parts": parts}


def front_values(layout: Layout, volume: Volume) -> dict[str, Any]:
    """The head of a volume and its contents; for the summary volume the contents of them all."""
    first = volume.name == "0"
    return {
        "template": "contents",
        "volume": "" if first else volume_title(volume.name),
        "title": VOLUMES[volume.name],
        "heading": "Contents",
        "heading_te": "విషయ సూచిక",
        "entries": layout.master() if first else layout.contents(volume),
        "empty": "",
    }


def volumes_of(
    units: Sequence[Unit], lengths: Mapping[int, Length], fronts: Mapping[str, int]
) -> tuple[list[Volume], dict[str, tuple[str, str]]]:
    """The volumes that hold something; a file that was bound already is left out and referred to."""
    bound: dict[str, str] = {}
    same: dict[str, tuple[str, str]] = {}
    volumes: dict[str, Volume] = {}
    for number, unit in enumerate(units):
        if unit.file is not None:
            if unit.file.sha256 in bound:
                same[unit.code] = (bound[unit.file.sha256], unit.title)
                continue
            bound[unit.file.sha256] = unit.code
        volume = volumes.setdefault(unit.volume, Volume(unit.volume, fronts.get(unit.volume, 1)))
        volume.units.append((unit, lengths[number]))
    return list(volumes.values()), same
