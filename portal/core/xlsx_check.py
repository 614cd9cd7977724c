"""Before a workbook is opened: a zip of XML from a stranger is looked through for everything that could do harm.

Formulas are never worked out and entities, macros and links never followed; a file that has them is refused with words
that say how to mend it. Every part is streamed to its end here, so a lie about its size or checksum comes out too.
"""

import re
import zipfile
from pathlib import Path

from portal.core.cells import refused
from portal.core.i18n import _

PARTS = 3_000
INFLATED = 300 << 20
CHUNK = 1 << 20
BEFORE_XML = b"\xef\xbb\xbf\xff\xfe \t\r\n"
LINKED = _("The workbook takes figures from other files. Replace the links by their values and upload it again.")
_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)")
_KNOWN_ENCODINGS = {b"utf-8", b"utf-16", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252"}


def damaged() -> Exception:
    """The refusal of a file that cannot be read as what it says it is."""
    return refused(_("The workbook is damaged. Open it in the spreadsheet program, save it again as .xlsx and retry."))


def entities() -> Exception:
    """The refusal of a part that declares entities, harmless or not."""
    return refused(_("The workbook defines its own text replacements (XML entities): it is not taken."))


def look_inside(path: Path) -> None:
    """The list of parts alone: enough to tell macros, passwords and other kinds of file."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError):
        raise damaged() from None


def check_archive(archive: zipfile.ZipFile) -> None:
    """Refuse macros, links, passwords, entities and what inflates beyond reason; sizes as declared and as they are."""
    inflated = 0
    for entry in _check_entries(archive):
        inflated += _check_part(archive, entry)
        if inflated > INFLATED:
            raise refused(_("The file unpacks to far more than a workbook holds, so it was not opened."))


def _check_entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise refused(_("The file is locked with a password. Save a copy without one and upload that."))
    if len(entries) > PARTS or sum(entry.file_size for entry in entries) > INFLATED:
        raise refused(_("The file unpacks to far more than a workbook holds, so it was not opened."))
    _check_names([entry.filename.lower() for entry in entries])
    return entries


def _check_names(names: list[str]) -> None:
    if "xl/workbook.bin" in names:
        raise refused(_("This is a binary workbook (.xlsb). Save it as .xlsx and upload that."))
    if "[content_types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise refused(_("This is not a spreadsheet. Upload an .xlsx workbook or a .csv file."))
    if any("vbaproject" in name or name.startswith("xl/macrosheets/") for name in names):
        raise refused(_("The workbook contains macros. Save it as .xlsx without macros and upload that."))
    if any(name.startswith("xl/externallinks/") or name == "xl/connections.xml" for name in names):
        raise refused(LINKED)


def _check_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Stream one part to its end (its checksum is verified on the way) and return its real size.

    Whatever its name, a part that begins as XML does is searched as XML; only pictures may have a document type, and
    the reader refuses those too should the workbook name one as a part of its own.
    """
    name = entry.filename.lower()
    xml, size, before = name.endswith((".xml", ".rels", ".vml")), 0, b""
    with archive.open(entry) as part:
        while piece := part.read(CHUNK):
            if not size:
                xml = xml or (_begins_as_xml(piece) and not name.endswith(".svg"))
            if xml:
                seen = before + piece.replace(b"\0", b"")
                check_xml(seen, start=not size)
                if name == "[content_types].xml" and b"macroEnabled" in seen:
                    raise refused(_("The workbook contains macros. Save it as .xlsx without macros and upload that."))
                before = seen[-16:]
            size += len(piece)
    return size


def check_xml(seen: bytes, *, start: bool = True) -> None:
    """Refuse a piece of XML (its NULs taken out) that declares entities, or hides them in an odd encoding."""
    if start:
        _check_start(seen)
    if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
        raise entities()


def _begins_as_xml(piece: bytes) -> bool:
    return piece[:400].replace(b"\0", b"").lstrip(BEFORE_XML).startswith(b"<")


def _check_start(seen: bytes) -> None:
    """Only encodings in which the search for entities sees what the parser sees."""
    head = seen[:400].lstrip(BEFORE_XML)
    declared = _ENCODING.match(head)
    if not head.startswith(b"<") or (declared and declared[1].lower() not in _KNOWN_ENCODINGS):
        raise damaged()
