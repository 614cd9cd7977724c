"""Spreadsheets from and for officers: .xlsx and .csv are read safely, and written so that no cell can act."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook as WritableWorkbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from portal.core.cells import CellError, Row, Sheet, Value, Workbook, refused
from portal.core.i18n import _
from portal.core.xlsx import read_xlsx
from portal.core.xlsx_check import look_inside

MAX_BYTES = 25 << 20
MAX_ROWS = 200_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
DELIMITERS = ",;\t|"
_ACTS = ("=", "+", "-", "@", "\t", "\r")


def refuse_at_sight(path: Path, filename: str, *, max_bytes: int = MAX_BYTES) -> None:
    """What can be said in a moment, while the officer waits: name, size, kind, macros. Raises Invalid."""
    _check_name(filename)
    size = path.stat().st_size
    if not size:
        raise refused(_("The file is empty."))
    if size > max_bytes:
        raise refused(_("The file is larger than the %(mb)s MB that are taken.", mb=max_bytes >> 20))
    head = _head(path)
    if head == OLE:
        raise refused(_why_not_ole(path))
    if head[:4] == ZIP:
        look_inside(path)
    elif filename.lower().endswith(".xlsx"):
        raise refused(
            _("The name says .xlsx, but the file is no workbook. Save it again from the spreadsheet program.")
        )


def read_workbook(path: Path, filename: str, *, max_bytes: int = MAX_BYTES, max_rows: int = MAX_ROWS) -> Workbook:
    """All sheets of a file; its bytes decide, not its name alone. Raises Invalid with words for the officer."""
    refuse_at_sight(path, filename, max_bytes=max_bytes)
    if _head(path)[:4] == ZIP:
        book = read_xlsx(path, filename, max_rows)
    else:
        book = Workbook(filename, "csv", [_read_csv(path, Path(filename).stem, max_rows)])
    if not any(sheet.rows for sheet in book.sheets):
        raise refused(_("There is nothing in the file but blank rows."))
    return book


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _check_name(filename: str) -> None:
    name = filename.lower()
    if name.endswith((".xlsm", ".xltm", ".xlam")):
        raise refused(_("Workbooks with macros are not taken. Save it as .xlsx and upload that."))
    if name.endswith((".xls", ".xlsb", ".ods", ".numbers")):
        raise refused(_("This kind of file is not taken. Save it as .xlsx or .csv and upload that."))
    if not name.endswith((".xlsx", ".csv", ".tsv", ".txt")):
        raise refused(_("Upload an .xlsx workbook or a .csv file."))


def _why_not_ole(path: Path) -> Any:
    """Both a locked .xlsx and the old .xls come in the same envelope; a locked one names its package inside."""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            if "EncryptedPackage".encode("utf-16-le") in piece:
                return _("The file is locked with a password. Save a copy without one and upload that.")
    return _("This is a workbook of the old .xls kind. Save it as .xlsx and upload that.")


def _read_csv(path: Path, name: str, max_rows: int) -> Sheet:
    """One sheet of texts; blank lines are left out, numbers of rows are kept."""
    text = _decoded(path.read_bytes())
    if "\0" in text:
        raise refused(_("This is not a text file. Upload an .xlsx workbook or a .csv file."))
    sheet = Sheet(name)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for number, cells in enumerate(reader, 1):
            kept = _trimmed(cells)
            if not kept:
                continue
            if len(sheet.rows) >= max_rows:
                raise refused(_("The file has more than %(count)s filled rows.", count=max_rows))
            sheet.rows.append(Row(number, kept))
    except csv.Error:
        raise refused(_("The file is not a proper CSV: a quotation mark or a line does not end.")) from None
    return sheet


def _decoded(content: bytes) -> str:
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return content.decode("utf-16")
        if content[1:2] == b"\0":
            return content.decode("utf-16-le")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused(_("The letters of this file cannot be read. Save it as “CSV UTF-8” and upload that.")) from None


def _delimiter(text: str) -> str:
    """The sign that cuts the first lines into the most even rows; a comma when nothing speaks for another."""
    lines = [line for line in text[:100_000].splitlines()[:200] if line.strip()][:30]
    best, score = ",", 0
    for sign in DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=sign) if row]
        common = max(set(widths), key=widths.count, default=1)
        agree = widths.count(common) * (common - 1)
        if agree > score:
            best, score = sign, agree
    return best


def _trimmed(cells: list[str]) -> list[Value]:
    kept: list[Value] = [cell or None for cell in (text.strip("\ufeff") for text in cells)]
    while kept and (kept[-1] is None or not str(kept[-1]).strip()):
        kept.pop()
    return kept


def shown(value: Value) -> str:
    """A cell as text, for messages and samples."""
    if value is None:
        return ""
    if isinstance(value, CellError):
        return value.code
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.datetime):
        return value.strftime("%d-%m-%Y %H:%M")
    return value.strftime("%d-%m-%Y") if isinstance(value, dt.date) else value


def escape_cell(text: str) -> str:
    """A text that a spreadsheet program could take for a formula gets a leading apostrophe (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_ACTS) else text


def _writable(value: Any) -> Any:
    if isinstance(value, CellError):
        return value.code
    if isinstance(value, str):
        return escape_cell("".join(sign for sign in value if sign >= " " or sign in "\n\t"))[:32_000]
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    return value if isinstance(value, Decimal | int | float | bool | dt.date | type(None)) else escape_cell(str(value))


def write_xlsx(
    path: Path, sheets: Iterable[tuple[str, Sequence[int], int, Iterable[Sequence[Any]]]], *, frozen_rows: int = 0
) -> None:
    """Sheets of (name, widths of columns, number of the head row or 0, rows), streamed; texts are never formulas."""
    book = WritableWorkbook(write_only=True)
    for name, widths, head, rows in sheets:
        sheet = book.create_sheet(name[:31])
        for place, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(place)].width = width
        if frozen_rows:
            sheet.freeze_panes = f"A{frozen_rows + 1}"
        for number, row in enumerate(rows, 1):
            sheet.append([_cell(sheet, value, bold=number == head) for value in row])
    book.save(path)


def _cell(sheet: Any, value: Any, *, bold: bool) -> Any:
    written = _writable(value)
    if not bold and not (isinstance(written, str) and "\n" in written):
        return written
    cell = WriteOnlyCell(sheet, value=written)
    if bold:
        cell.font = Font(bold=True)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Lines of a CSV file with a byte order mark, so that Telugu opens right in every spreadsheet program."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    out.write("\ufeff")
    for row in rows:
        write([_csv_text(value) for value in row])
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def _csv_text(value: Any) -> str:
    return escape_cell(value) if isinstance(value, str) else shown(value)


__all__ = [
    "CellError",
    "Row",
    "Sheet",
    "Value",
    "Workbook",
    "XLSX",
    "csv_lines",
    "escape_cell",
    "read_workbook",
    "refuse_at_sight",
    "shown",
    "write_xlsx",
]
