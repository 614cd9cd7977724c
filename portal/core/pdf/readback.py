"""Telugu that can be searched and copied.

The typesetter shapes Telugu well, but a syllable whose marks stand above or below becomes several pieces in the PDF,
and readers find some of them twice or with gaps between. So each printed line with Telugu in it is marked with the
text it stands for (ActualText, ISO 32000 14.9.4).
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import pikepdf
from pikepdf import Dictionary, Name, Operator

TELUGU = range(0x0C00, 0x0C80)
Instructions = list[Any]


@dataclass
class Font:
    """What a font of ours says about its glyphs: the text behind each and its width in thousandths."""

    text: dict[int, str]
    width: dict[int, float]

    def is_telugu(self) -> bool:
        """Whether any glyph stands for a Telugu letter."""
        return any(ord(sign) in TELUGU for words in self.text.values() for sign in words)


@dataclass
class Piece:
    """One text object: where it starts and ends on the page, what it says, and its place among the instructions."""

    first: int
    last: int
    x: float
    y: float
    moved: tuple[Decimal, Decimal] = (Decimal(0), Decimal(0))
    size: float = 0
    end: float = 0
    telugu: bool = False
    words: list[tuple[str, set[int]]] = field(default_factory=list)  # the text of a cluster and its glyphs


class Sheets(NamedTuple):
    """Typeset pages: the PDF, the sizes in millimetres, and the page of each anchor the template set."""

    pdf: bytes
    sizes: list[list[float]]
    anchors: dict[str, int]


def finish(content: bytes) -> Sheets:
    """Measure the pages, find the anchors, and mark every line that holds Telugu by its text."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        places = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
        sizes = [[round(float(edge) * 25.4 / 72, 2) for edge in page.mediabox[2:]] for page in pdf.pages]
        with pdf.open_outline() as outline:
            anchors = {mark.title: places[_page_of(mark)] for mark in outline.root}
        if _make_readable(pdf):
            out = io.BytesIO()
            pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
            content = out.getvalue()
    return Sheets(content, sizes, anchors)


def _page_of(mark: pikepdf.OutlineItem) -> tuple[int, int]:
    assert isinstance(mark.destination, pikepdf.Array)
    return mark.destination[0].objgen


def _make_readable(pdf: pikepdf.Pdf) -> bool:
    fonts: dict[Any, Font] = {}
    changed = False
    for page in pdf.pages:
        known = {str(name): font for name, font in page.obj.Resources.get("/Font", Dictionary()).items()}
        if any("Telugu" in str(font.BaseFont) for font in known.values()):
            read = {name: _font(font, fonts) for name, font in known.items()}
            page.obj.Contents = pdf.make_stream(_marked(page, read))
            changed = True
    return changed


def _font(font: Any, known: dict[Any, Font]) -> Font:
    if font.objgen not in known:
        known[font.objgen] = Font(dict(_cmap(font.ToUnicode.read_bytes())), dict(_widths(font.DescendantFonts[0])))
    return known[font.objgen]


def _cmap(source: bytes) -> Iterator[tuple[int, str]]:
    """The lines <glyph> <text> of a ToUnicode map."""
    for row in source.decode("ascii", "replace").splitlines():
        parts = row.split("> <")
        if len(parts) == 2 and row.startswith("<") and row.endswith(">"):
            yield int(parts[0][1:], 16), bytes.fromhex(parts[1][:-1]).decode("utf-16-be", "replace")


def _widths(font: Any) -> Iterator[tuple[int, float]]:
    """The /W array: first [w w w] or first last w."""
    entries = list(font.get("/W", []))
    while entries:
        first = int(entries.pop(0))
        if isinstance(entries[0], pikepdf.Array):
            yield from ((first + step, float(wide)) for step, wide in enumerate(entries.pop(0)))
        else:
            last, wide = int(entries.pop(0)), float(entries.pop(0))
            yield from ((glyph, wide) for glyph in range(first, last + 1))


def _marked(page: pikepdf.Page, fonts: dict[str, Font]) -> bytes:
    steps = [(list(one.operands), str(one.operator)) for one in pikepdf.parse_content_stream(page)]
    reader = Reader(fonts)
    for place, (operands, operator) in enumerate(steps):
        reader.take(place, operands, operator)
    written: Instructions = []
    done = 0
    for line in _lines(reader.found):
        if any(piece.telugu for piece in line):
            written += steps[done : line[0].first]
            written += _one_object(steps, line)
            done = line[-1].last + 1
    written += steps[done:]
    return pikepdf.unparse_content_stream([(operands, Operator(operator)) for operands, operator in written])


def _one_object(steps: Instructions, line: list[Piece]) -> Instructions:
    """The pieces of a line as one text object under one mark, each drawn where it was."""
    start = line[0]
    actual = Dictionary(ActualText=pikepdf.String(_text(line)))
    drawn: Instructions = [([], "q"), ([1, 0, 0, -1, *start.moved], "cm"), ([], "BT"), ([Name.Span, actual], "BDC")]
    for piece in line:
        right, down = piece.moved[0] - start.moved[0], start.moved[1] - piece.moved[1]
        for operands, operator in steps[piece.first : piece.last + 1]:
            if operator == "Tm":
                *scale, x, y = operands
                drawn.append(([*scale, x + right, y + down], operator))
            elif operator not in ("q", "Q", "cm", "BT", "ET", "BDC", "BMC", "EMC"):
                drawn.append((operands, operator))
    return [*drawn, ([], "EMC"), ([], "ET"), ([], "Q")]


class Reader:
    """Walks the instructions of a page and collects its text objects, q … cm … BT … ET Q as the typesetter writes."""

    def __init__(self, fonts: dict[str, Font]) -> None:
        self.fonts, self.found = fonts, list[Piece]()
        self.opened: list[tuple[int, tuple[float, float]]] = []
        self.moved: tuple[int, tuple[Decimal, Decimal]] | None = None
        self.here, self.at = (0.0, 0.0), 0.0
        self.piece: Piece | None = None
        self.font: Font | None = None
        self.actual: str | None = None

    def take(self, place: int, operands: Any, operator: str) -> None:
        """One instruction."""
        if operator == "q":
            self.opened.append((place, self.here))
        elif operator == "cm":
            self.here = (self.here[0] + float(operands[4]), self.here[1] + float(operands[5]))
            upright = [float(number) for number in operands[:4]] == [1, 0, 0, -1]
            self.moved = (place, (Decimal(operands[4]), Decimal(operands[5]))) if upright else None
        elif operator == "BT" and self.opened and self.moved and self.moved[0] == self.opened[-1][0] + 1:
            self.piece = Piece(self.opened[-1][0], place, *self.here, self.moved[1], end=self.here[0])
        elif operator == "Q" and self.opened:
            self._close(place)
        elif self.piece is not None:
            self._inside(self.piece, operands, operator)

    def _close(self, place: int) -> None:
        _place, self.here = self.opened.pop()
        if self.piece is not None:
            self.piece.last = place
            self.found.append(self.piece)
            self.piece = None

    def _inside(self, piece: Piece, operands: Any, operator: str) -> None:
        if operator == "Tf":
            self.font, piece.size = self.fonts[str(operands[0])], float(operands[1])
            piece.telugu = piece.telugu or self.font.is_telugu()
        elif operator == "Tm":
            self.at = float(operands[4])
        elif operator == "BDC" and isinstance(operands[1], Dictionary) and "/ActualText" in operands[1]:
            self.actual = str(operands[1].ActualText)
            piece.words.append((self.actual, set()))
        elif operator == "EMC":
            self.actual = None
        elif operator in ("Tj", "TJ") and self.font is not None:
            for part in operands[0] if isinstance(operands[0], pikepdf.Array) else [operands[0]]:
                self._show(piece, self.font, part)
            piece.end = piece.x + self.at

    def _show(self, piece: Piece, font: Font, part: Any) -> None:
        """A string of glyphs, or a number that moves the pen."""
        if isinstance(part, int | float | Decimal):
            self.at -= float(part) / 1000 * piece.size
            return
        raw = bytes(part)
        for glyph in (int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2)):
            self.at += font.width.get(glyph, 1000.0) / 1000 * piece.size
            if self.actual is not None:
                piece.words[-1][1].add(glyph)
            elif glyph in font.text:
                piece.words.append((font.text[glyph], {glyph}))


def _lines(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Pieces that follow each other on one line, with nothing drawn between and no gap as between columns."""
    line: list[Piece] = []
    for piece in pieces:
        if line and not _follows(line[-1], piece):
            yield line
            line = []
        line.append(piece)
    if line:
        yield line


def _follows(before: Piece, piece: Piece) -> bool:
    size = max(before.size, piece.size)
    if piece.first != before.last + 1:
        return False
    near = -0.9 * size < piece.x - before.end < 0.9 * size
    return abs(piece.y - before.y) < 0.45 * size and (near or _goes_on(before, piece))


def _goes_on(before: Piece, piece: Piece) -> bool:
    """Whether the piece begins in the syllable the one before ended in: both name the whole of it, by other glyphs."""
    if not before.words or not piece.words:
        return False
    (cluster, drawn), (words, glyphs) = before.words[-1], piece.words[0]
    return words == cluster and not glyphs & drawn and ord(words[0]) in TELUGU


def _text(line: list[Piece]) -> str:
    """What the line says; a syllable in several pieces is said once."""
    said, before = "", None
    for piece in line:
        goes_on = before is not None and _goes_on(before, piece)
        if before and not goes_on and piece.x - before.end > 0.16 * piece.size and not said.endswith(" "):
            said += " "
        said += "".join(words for words, _glyphs in piece.words[goes_on:])
        before = piece
    return said
