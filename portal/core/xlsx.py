"""Reading .xlsx: cached values only, in one pass over each part, so that memory does not grow with the file.

A workbook is a zip of XML parts (ECMA-376); portal.core.xlsx_check has refused what could do harm before any is parsed.
"""

import datetime as dt
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePosixPath
from typing import IO, Any
from xml.etree import ElementTree
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, WINDOWS_EPOCH, from_excel

from portal.core.cells import CellError, Row, Sheet, Value, Workbook, refused
from portal.core.i18n import _
from portal.core.xlsx_check import CHUNK, LINKED, check_archive, check_xml, damaged, entities

SMALL_PART = 16 << 20
STRINGS_PART = 80 << 20
COLUMNS = 1_000
CELLS = 6_000_000
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read_xlsx(path: Path, filename: str, max_rows: int) -> Workbook:
    """All worksheets of a checked workbook. Raises Invalid with the reason."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive)
            return Workbook(filename, "xlsx", _Reader(archive, max_rows).sheets())
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise damaged() from None
    except (ElementTree.ParseError, expat.ExpatError, KeyError, ValueError, OverflowError):
        raise damaged() from None


class _Reader:
    """One pass over the parts of a checked archive."""

    def __init__(self, archive: zipfile.ZipFile, max_rows: int) -> None:
        self.archive, self.max_rows, self.filled = archive, max_rows, 0
        self.book = self._target(self._relations(PurePosixPath("")), "/officeDocument")
        root = self._small(self.book)
        relations = self._relations(PurePosixPath(self.book))
        if self._target(relations, "/externalLink"):
            raise refused(LINKED)
        self.tabs = [
            (sheet.get("name") or "?", sheet.get("state", "visible") != "visible", relations[key][1])
            for sheet in root.iterfind("{*}sheets/{*}sheet")
            if (key := sheet.get(RELATION) or sheet.get(STRICT_RELATION) or "") in relations
            and relations[key][0].endswith("/worksheet")
        ]
        properties = root.find("{*}workbookPr")
        mac = properties is not None and properties.get("date1904") in ("1", "true")
        self.epoch = CALENDAR_MAC_1904 if mac else WINDOWS_EPOCH
        self.strings = self._shared_strings(relations)
        self.dates = self._date_styles(relations)

    def sheets(self) -> list[Sheet]:
        """Every worksheet; a workbook of charts alone has none and is refused."""
        if not self.tabs:
            raise refused(_("The workbook has no worksheet."))
        return [self._sheet(name, hidden, part) for name, hidden, part in self.tabs]

    def _small(self, name: str, limit: int = SMALL_PART) -> Any:
        if self.archive.getinfo(name).file_size > limit:
            raise refused(_("The file unpacks to far more than a workbook holds, so it was not opened."))
        content = self.archive.read(name)
        check_xml(content.replace(b"\0", b""))
        return ElementTree.fromstring(content)  # nosec B314  # noqa: S314 - entities are refused before

    def _relations(self, source: PurePosixPath) -> dict[str, tuple[str, str]]:
        """What a part points to inside the file: id → (type, name of the part); outside addresses are not followed."""
        name = str(source.parent / "_rels" / f"{source.name}.rels").removeprefix("./")
        found: dict[str, tuple[str, str]] = {}
        for link in self._small(name).iterfind("{*}Relationship"):
            kind, target = link.get("Type", ""), link.get("Target", "")
            if link.get("TargetMode") != "External":
                inside = PurePosixPath(target.lstrip("/")) if target.startswith("/") else source.parent / target
                found[link.get("Id", "")] = (kind, str(inside))
        return found

    @staticmethod
    def _target(relations: dict[str, tuple[str, str]], kind: str) -> str:
        return next((part for type_, part in relations.values() if type_.endswith(kind)), "")

    def _shared_strings(self, relations: dict[str, tuple[str, str]]) -> list[str]:
        name = self._target(relations, "/sharedStrings")
        if not name:
            return []
        if self.archive.getinfo(name).file_size > STRINGS_PART:
            raise refused(_("The workbook holds more text than the portal takes."))
        strings = _Strings()
        with self.archive.open(name) as part:
            strings.scan(part)
        return strings.found

    def _date_styles(self, relations: dict[str, tuple[str, str]]) -> set[str]:
        """The numbers of the cell styles that show a number as a date."""
        name = self._target(relations, "/styles")
        if not name:
            return set()
        root, formats = self._small(name), dict(BUILTIN_FORMATS)
        for own in root.iterfind("{*}numFmts/{*}numFmt"):
            formats[int(own.get("numFmtId", "0"))] = own.get("formatCode", "")
        dated = {key for key, code in formats.items() if is_date_format(code) and not is_timedelta_format(code)}
        styles = root.iterfind("{*}cellXfs/{*}xf")
        return {str(place) for place, style in enumerate(styles) if int(style.get("numFmtId", "0")) in dated}

    def _sheet(self, name: str, hidden: bool, part_name: str) -> Sheet:
        grid = _Grid(self, Sheet(name, hidden=hidden))
        with self.archive.open(part_name) as part:
            grid.scan(part)
        return grid.sheet

    def count(self) -> None:
        """A workbook fuller than any estimate is refused while it is read."""
        self.filled += 1
        if self.filled > CELLS:
            raise refused(_("The workbook has more than %(count)s filled cells.", count=CELLS))

    def value(self, kind: str, style: str, written: str) -> Value:
        """What a cell shows: its kept value, never its formula; what cannot be read is a cell error."""
        text = written.strip()
        read: dict[str, Callable[[], Value]] = {
            "s": lambda: self.strings[int(text)],
            "str": lambda: _unescaped(written),
            "inlineStr": lambda: _unescaped(written),
            "b": lambda: text in ("1", "true"),
            "e": lambda: CellError(text[:20]),
            "d": lambda: _as_date(dt.datetime.fromisoformat(text.removesuffix("Z"))),
            "n": lambda: self._number(text, style),
        }
        try:
            return read[kind]()
        except (ValueError, IndexError, KeyError, InvalidOperation, OverflowError):
            return CellError("#VALUE!")

    def _number(self, text: str, style: str) -> Value:
        """Binary fractions are stored with 17 digits; their shortest text is what the officer typed."""
        if not text:
            return None
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(text)
        if style in self.dates:
            moment = from_excel(number, self.epoch)
            return _as_date(moment) if isinstance(moment, dt.datetime) else str(moment)
        return Decimal(text) if len(text) < 16 else Decimal(repr(number))


class _Scan:
    """Elements as they come, by local name; the text of the innermost open `v` or `t` is collected."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.listening, self.aside = False, False

    def scan(self, part: IO[bytes]) -> None:
        """Feed the part piece by piece."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._hear
        parser.StartDoctypeDeclHandler = self._refuse
        while piece := part.read(CHUNK):
            parser.Parse(piece)
        parser.Parse(b"", True)

    def _refuse(self, *_declared: object) -> None:
        raise entities()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name in ("v", "t"):
            self.listening = not self.aside
        elif name == "rPh":  # how a word is pronounced, beside the word itself
            self.aside = True
        else:
            self.begin(name, attributes)

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name in ("v", "t"):
            self.listening = False
        elif name == "rPh":
            self.aside = False
        else:
            self.finish(name)

    def _hear(self, text: str) -> None:
        if self.listening:
            self.texts.append(text)

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        raise NotImplementedError

    def finish(self, name: str) -> None:
        """An element closes."""
        raise NotImplementedError


class _Strings(_Scan):
    """The table of texts that cells refer to by number."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self.texts = []

    def finish(self, name: str) -> None:
        if name == "si":
            self.found.append(_unescaped("".join(self.texts)))


class _Grid(_Scan):
    """The filled cells of one worksheet; blank rows and blank ends of rows take no place."""

    def __init__(self, reader: _Reader, sheet: Sheet) -> None:
        super().__init__()
        self.reader, self.sheet = reader, sheet
        self.number, self.hidden, self.column = 0, False, 0
        self.cells: list[Value] = []
        self.cell: dict[str, str] = {}

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self.cell, self.texts = attributes, []
        elif name == "row":
            self.number = int(attributes.get("r") or self.number + 1)
            self.hidden, self.column, self.cells = attributes.get("hidden") in ("1", "true"), 0, []
        elif name == "mergeCell" and len(self.sheet.merged) < self.reader.max_rows:
            self.sheet.merged.extend(_range(attributes.get("ref", "")))

    def finish(self, name: str) -> None:
        if name == "c":
            self.column = _column(self.cell.get("r"), self.column)
            if self.texts:
                kind, style = self.cell.get("t", "n"), self.cell.get("s", "0")
                self._keep(self.reader.value(kind, style, "".join(self.texts)))
        elif name == "row" and self.cells:
            if len(self.sheet.rows) >= self.reader.max_rows:
                name, count = self.sheet.name, self.reader.max_rows
                raise refused(_("Sheet “%(name)s” has more than %(count)s filled rows.", name=name, count=count))
            self.sheet.rows.append(Row(self.number, self.cells, self.hidden))

    def _keep(self, value: Value) -> None:
        if value is None or value == "":
            return
        self.reader.count()
        if self.column > COLUMNS:
            raise refused(_("Something stands far to the right, beyond column %(count)s: delete it.", count=COLUMNS))
        self.cells.extend([None] * (self.column - len(self.cells)))
        self.cells[self.column - 1] = value


def _as_date(moment: dt.datetime) -> dt.date:
    """A moment at midnight is a calendar date."""
    return moment.date() if moment.time() == dt.time() else moment


def _unescaped(text: str) -> str:
    """_x000D_ is how the format writes control signs; those are dropped, line ends kept."""
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
    return "".join(sign for sign in plain if sign in "\n\t" or (sign >= " " and not "\ud800" <= sign <= "\udfff"))


def _column(place: str | None, before: int) -> int:
    found = _PLACE.fullmatch(place or "")
    if not found:
        return before + 1
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number


def _range(reference: str) -> Iterator[tuple[int, int, int, int]]:
    first, _colon, last = reference.partition(":")
    start, end = _PLACE.fullmatch(first), _PLACE.fullmatch(last)
    if start and end:
        yield int(start[2]), _column(first, 0), int(end[2]), _column(last, 0)
