"""Binding: many PDFs into one, with what is laid over each page, page labels, bookmarks and links that lead inside.

The parts stay as they are on the disk; only what is new is made here. The same parts give the same bytes.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem

from portal.core.pdf.spots import LABEL_MM, place

MM = 72 / 25.4
LONGER_MM = 8.0  # how much a sheet without room is lengthened at the bottom
LINK = "portal:"
Report = Callable[[int], None]


class Leaf(NamedTuple):
    """A page of the bound file: the form laid over it (none: -1), and for attached sheets the place of the label."""

    form: int
    spot: str = ""


@dataclass(frozen=True)
class Source:
    """A file to be bound, page by page; `targets` names pages that links may lead to."""

    path: Path
    leaves: Sequence[Leaf]
    targets: Mapping[str, int] = field(default_factory=dict)


class Run(NamedTuple):
    """From a page on, labels are this prefix and a number: style "r" lower roman, "D" arabic."""

    page: int
    style: str
    prefix: str


class Mark(NamedTuple):
    """A bookmark: depth from 1, words, page."""

    depth: int
    title: str
    page: int


@dataclass(frozen=True)
class Imprint:
    """What the file says of itself."""

    title: str
    author: str
    subject: str
    keywords: str
    at: dt.datetime


class Binder:
    """One bound file in the making. Use it in a with block: the sources stay open until it is written."""

    def __init__(self, overlay: Path, diagonal: int = -1) -> None:
        self.files, self.pdf = ExitStack(), pikepdf.new()
        self.overlay = self.files.enter_context(pikepdf.open(overlay))
        self.diagonal = self._form(diagonal) if diagonal >= 0 else None
        self.leaves: list[Leaf] = []
        self.targets: dict[str, int] = {}
        self.linked: list[int] = []
        self.push = self.pdf.make_stream(b"q\n")

    def __enter__(self) -> "Binder":
        return self

    def __exit__(self, *_error: object) -> None:
        self.files.close()
        self.pdf.close()

    def add(self, source: Source) -> None:
        """Append all pages of a file."""
        first = len(self.leaves)
        pdf = self.files.enter_context(pikepdf.open(source.path))
        if len(pdf.pages) != len(source.leaves):
            raise ValueError(f"{source.path.name} has {len(pdf.pages)} pages, {len(source.leaves)} were expected")
        self.pdf.pages.extend(pdf.pages)
        self._keep_layers(pdf)
        self.leaves += source.leaves
        self.targets |= {name: first + page for name, page in source.targets.items()}
        self.linked += [first + n for n, page in enumerate(pdf.pages) if "/Annots" in page.obj]

    def _keep_layers(self, pdf: pikepdf.Pdf) -> None:
        """Layers of a drawing that are switched off stay off."""
        layers = pdf.Root.get("/OCProperties")
        if layers is None or "/OCGs" not in layers:
            return
        if "/OCProperties" not in self.pdf.Root:
            self.pdf.Root.OCProperties = Dictionary(OCGs=Array(), D=Dictionary(OFF=Array(), Order=Array()))
        ours = self.pdf.Root.OCProperties
        copied = {layer.objgen: self.pdf.copy_foreign(layer) for layer in layers.OCGs if layer.is_indirect}
        view = layers.get("/D", Dictionary())
        hidden = {layer.objgen for layer in view.get("/OFF", [])}
        if view.get("/BaseState") == Name.OFF:
            hidden = set(copied) - {layer.objgen for layer in view.get("/ON", [])}
        for number, layer in copied.items():
            ours.OCGs.append(layer)
            if number in hidden:
                ours.D.OFF.append(layer)

    def stamp(self, report: Report = lambda _done: None) -> None:
        """Lay the forms over the pages."""
        for number, leaf in enumerate(self.leaves):
            page = self.pdf.pages[number]
            drawn = []
            if leaf.spot == "below":
                _lengthen(page)
            sight, wide, high = _sight(page)
            if leaf.form >= 0:
                matrix = _label_matrix(leaf.spot, wide, high) if leaf.spot else (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
                drawn.append((f"/Stamp{number}", self._form(leaf.form), _times(matrix, sight)))
            if self.diagonal is not None:
                drawn.append(("/StampAcross", self.diagonal, _times(_across(wide, high), sight)))
            self._draw(page, drawn)
            report(number + 1)

    def _form(self, number: int) -> Any:
        return self.pdf.copy_foreign(self.overlay.pages[number].as_form_xobject())

    def _draw(self, page: pikepdf.Page, drawn: Iterable[tuple[str, Any, Sequence[float]]]) -> None:
        code = ["Q"]
        for name, form, matrix in drawn:
            page.add_resource(form, Name.XObject, Name(name))
            code.append("q " + " ".join(f"{number:.5f}" for number in matrix) + f" cm {name} Do Q")
        if len(code) > 1:
            page.contents_add(self.push, prepend=True)
            page.contents_add(self.pdf.make_stream("\n".join(["", *code]).encode()))

    def label(self, runs: Iterable[Run]) -> None:
        """Page labels, as they are printed."""
        numbers = Array()
        for run in runs:
            numbers.append(run.page)
            numbers.append(Dictionary(S=Name("/" + run.style), P=pikepdf.String(run.prefix), St=1))
        self.pdf.Root.PageLabels = Dictionary(Nums=numbers)

    def bookmark(self, marks: Iterable[Mark]) -> None:
        """The outline; depths may not skip."""
        with self.pdf.open_outline() as outline:
            level: list[Any] = [outline.root]
            for mark in marks:
                item = OutlineItem(mark.title, self._destination(mark.page))
                item.is_closed = mark.depth > 1
                del level[mark.depth :]
                level[-1].append(item)
                level.append(item.children)

    def _destination(self, page: int) -> Array:
        """The top of the page; the reader's zoom stays as it is."""
        found = self.pdf.pages[page]
        return Array([found.obj, Name.XYZ, None, float(found.cropbox[3]), None])

    def link(self) -> list[str]:
        """Make links inside of what the typesetter wrote as portal:name; returns names that lead nowhere."""
        lost = []
        for number in self.linked:
            page = self.pdf.pages[number]
            kept = Array()
            for note in page.obj.Annots:
                name = str(note.get("/A", Dictionary()).get("/URI", ""))
                if not name.startswith(LINK):
                    continue
                if name.removeprefix(LINK) not in self.targets:
                    lost.append(name.removeprefix(LINK))
                    continue
                del note["/A"]
                note.Dest = self._destination(self.targets[name.removeprefix(LINK)])
                kept.append(note)
            page.obj.Annots = kept
        return lost

    def write(self, target: Path, imprint: Imprint, report: Callable[[int], None] | None = None) -> None:
        """Write the file; `report` hears per cents."""
        self.pdf.Root.Lang = pikepdf.String("en-IN")
        self.pdf.Root.PageMode = Name.UseOutlines
        self.pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        stamp = imprint.at.astimezone(dt.UTC)
        with self.pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
            xmp["dc:title"], xmp["dc:creator"] = imprint.title, [imprint.author]
            xmp["dc:description"], xmp["pdf:Keywords"] = imprint.subject, imprint.keywords
            xmp["xmp:CreateDate"] = xmp["xmp:ModifyDate"] = stamp.strftime("%Y-%m-%dT%H:%M:%SZ")
        words = {
            "/Title": imprint.title,
            "/Author": imprint.author,
            "/Subject": imprint.subject,
            "/Keywords": imprint.keywords,
            "/CreationDate": stamp.strftime("D:%Y%m%d%H%M%SZ"),
            "/ModDate": stamp.strftime("D:%Y%m%d%H%M%SZ"),
        }
        for key, said in words.items():
            self.pdf.docinfo[key] = said
        mode = pikepdf.ObjectStreamMode.generate
        self.pdf.save(target, deterministic_id=True, object_stream_mode=mode, progress=report)


Matrix = tuple[float, float, float, float, float, float]


def _lengthen(page: pikepdf.Page) -> None:
    """Eight millimetres more at the bottom as the page is seen: where nothing is free, nothing is covered."""
    more = LONGER_MM * MM / float(page.obj.get("/UserUnit", 1))
    box = [float(edge) for edge in page.cropbox]
    side = {0: 1, 90: 2, 180: 3, 270: 0}[int(page.obj.get("/Rotate", 0)) % 360]
    box[side] += more if side >= 2 else -more
    page.mediabox = page.cropbox = Array(box)


def _sight(page: pikepdf.Page) -> tuple[Matrix, float, float]:
    """From points on the page as it is seen (turned, cropped) to the page's own coordinates; width and height seen."""
    left, low, right, high = (float(edge) for edge in page.cropbox)
    unit = float(page.obj.get("/UserUnit", 1))
    turn, s = int(page.obj.get("/Rotate", 0)) % 360, 1 / unit
    wide, tall = (right - left) * unit, (high - low) * unit
    return {
        0: ((s, 0.0, 0.0, s, left, low), wide, tall),
        90: ((0.0, s, -s, 0.0, right, low), tall, wide),
        180: ((-s, 0.0, 0.0, -s, right, high), wide, tall),
        270: ((0.0, -s, s, 0.0, left, high), tall, wide),
    }[turn]


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _label_matrix(spot: str, wide: float, high: float) -> Matrix:
    left, low, right, _top = (edge * MM for edge in place(spot, wide / MM, high / MM))
    if spot == "turned":
        return (0.0, 1.0, -1.0, 0.0, right, low)
    return (1.0, 0.0, 0.0, 1.0, left, low)


def _across(wide: float, high: float) -> Matrix:
    """The diagonal mark, drawn on a square of 297 mm, grown or shrunk to the page."""
    grow = math.hypot(wide, high) / math.hypot(210 * MM, 297 * MM)
    half = 297 * MM / 2 * grow
    return (grow, 0.0, 0.0, grow, wide / 2 - half, high / 2 - half)


__all__ = ["LABEL_MM", "Binder", "Imprint", "Leaf", "Mark", "Run", "Source"]
