"""Spreadsheets from strangers: what is read, what is refused and in which words, and how long it may take."""

import datetime as dt
import io
import resource
import time
import zipfile
from decimal import Decimal

import pytest
from openpyxl import Workbook as Book
from openpyxl.styles import PatternFill

from portal.core.cells import CellError
from portal.core.errors import Invalid
from portal.core.sheets import csv_lines, escape_cell, read_workbook, shown, write_xlsx


@pytest.fixture
def book(tmp_path):
    """A small workbook on the disk, made by a function that fills its sheet."""

    def make(fill, name="bill.xlsx"):
        workbook = Book()
        fill(workbook.active)
        workbook.save(tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def altered(book, tmp_path):
    """The small workbook with parts added or replaced."""

    def make(parts, name="altered.xlsx"):
        source = book(lambda sheet: sheet.append(["a", 1]))
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.namelist():
                if entry not in parts:
                    new.writestr(entry, old.read(entry))
            for entry, content in parts.items():
                new.writestr(entry, content)
        return tmp_path / name

    return make


def refusal(path, name="", **limits):
    with pytest.raises(Invalid) as caught:
        read_workbook(path, name or path.name, **limits)
    assert caught.value.field == "file"
    return str(caught.value)


def sheet_xml(rows):
    start = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return f"{start}{rows}</sheetData></worksheet>"


def test_values_keep_their_kind_and_rows_their_numbers(book):
    def fill(sheet):
        sheet.append(["వివరణ", 2350.1, 3, True, dt.date(2026, 3, 31), dt.datetime(2026, 3, 31, 10, 30)])
        sheet["A3"], sheet["C3"] = "#x", 0.1 + 0.2
        sheet["A4"], sheet["A4"].data_type = "#REF!", "e"
        sheet.row_dimensions[3].hidden = True
        sheet.merge_cells("A5:C6")
        sheet.row_dimensions[900].height = 30

    read = read_workbook(path := book(fill), path.name).sheets[0]
    first, third, fourth = read.rows
    date, moment = dt.date(2026, 3, 31), dt.datetime(2026, 3, 31, 10, 30)
    assert first.cells == ["వివరణ", Decimal("2350.1"), Decimal(3), True, date, moment]
    assert type(first.cells[4]) is dt.date
    assert (third.number, third.hidden, third.cells) == (3, True, ["#x", None, Decimal("0.3")])
    assert fourth.cells == [CellError("#REF!")]
    assert (read.merged, read.width, first.hidden, first.at(99)) == ([(5, 1, 6, 3)], 6, False, None)


def test_formulas_give_their_kept_value_and_are_never_worked_out(altered):
    formula, bare = '<c r="A1"><f>1+1</f><v>7</v></c>', '<c r="B1"><f>HYPERLINK("x")</f></c>'
    cells = f'<row r="1">{formula}{bare}<c r="C1" t="str"><v>t</v></c></row>'
    path = altered({"xl/worksheets/sheet1.xml": sheet_xml(cells)})
    assert read_workbook(path, path.name).sheets[0].rows[0].cells == [Decimal(7), None, "t"]


def test_numbers_that_are_none_become_cell_errors(altered):
    values = ("NaN", "INF", "1E999", "x")
    cells = "".join(f"<c><v>{value}</v></c>" for value in values) + '<c t="s"><v>99</v></c><c t="zz"><v>1</v></c>'
    path = altered({"xl/worksheets/sheet1.xml": sheet_xml(f"<row>{cells}</row>")})
    assert read_workbook(path, path.name).sheets[0].rows[0].cells == [CellError("#VALUE!")] * 6


def test_long_fractions_are_read_as_typed(altered):
    path = altered({"xl/worksheets/sheet1.xml": sheet_xml("<row><c><v>2350.0999999999999</v></c></row>")})
    assert read_workbook(path, path.name).sheets[0].rows[0].cells == [Decimal("2350.1")]


@pytest.mark.parametrize(
    ("part", "content", "word"),
    [
        ("xl/vbaProject.bin", b"x", "macros"),
        ("xl/externalLinks/externalLink1.xml", b"<a/>", "other files"),
        ("xl/styles.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><styleSheet/>', "entities"),
        ("xl/styles.xml", '<!DOCTYPE a [<!ENTITY b "c">]><styleSheet/>'.encode("utf-16"), "entities"),
        ("xl/styles.xml", b"<?xml version='1.0' encoding='UTF-7'?><a/>", "damaged"),
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>", "damaged"),
        ("xl/workbook.xml", b"<workbook/>", "no worksheet"),
        ("xl/workbook.bin", b"", "binary"),
    ],
)
def test_dangerous_and_damaged_workbooks_are_refused(altered, part, content, word):
    assert word in refusal(altered({part: content}))


ENTITIES = b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b "c">]><sst><si><t>&b;</t></si></sst>'


@pytest.mark.parametrize("part", ["xl/strings.bin", "xl/strings", "xl/media/strings.svg"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_found_under_any_name_of_a_part(altered, part, encoding):
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
        <Relationship Id="rId1" Type="{kind}/worksheet" Target="worksheets/sheet1.xml"/>
        <Relationship Id="rId2" Type="{kind}/sharedStrings" Target="{part.removeprefix("xl/")}"/></Relationships>"""
    strings = ENTITIES.decode().removeprefix('<?xml version="1.0"?>\n').encode(encoding)
    path = altered({"xl/_rels/workbook.xml.rels": links, part: strings})
    assert "entities" in refusal(path)


def test_a_sheet_under_another_name_is_searched_too(altered):
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
        <Relationship Id="rId1" Type="{kind}/worksheet" Target="media/sheet.svg"/></Relationships>"""
    hostile = sheet_xml('<row r="1"><c r="A1" t="str"><v>&b;</v></c></row>')
    hostile = f'<!DOCTYPE a [<!ENTITY b "c">]>{hostile}'
    assert "entities" in refusal(altered({"xl/_rels/workbook.xml.rels": links, "xl/media/sheet.svg": hostile}))


def test_a_picture_with_a_document_type_is_no_danger(altered):
    picture = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd"><svg/>'
    path = altered({"xl/media/logo.svg": picture, "xl/media/photo.png": b"\x89PNG<!DOCTYPE"})
    assert read_workbook(path, path.name).sheets[0].rows[0].cells == ["a", Decimal(1)]


def test_the_name_alone_can_refuse(book):
    path = book(lambda sheet: sheet.append(["a"]))
    assert "macros" in refusal(path, "bill.xlsm")
    assert ".xlsx" in refusal(path, "bill.xls")
    assert ".csv" in refusal(path, "bill.exe")


def test_other_files_under_the_name_of_a_workbook_are_refused(tmp_path):
    cases = {
        b"": "empty",
        b"hello": "no workbook",
        b"PK\x03\x04 and so on": "damaged",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99: "old .xls",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"): "password",
    }
    for content, word in cases.items():
        (tmp_path / "x.xlsx").write_bytes(content)
        assert word in refusal(tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("holiday.jpg", b"x")
    assert "not a spreadsheet" in refusal(tmp_path / "x.xlsx")


def test_a_zip_bomb_is_refused_before_it_unfolds(altered):
    began = time.process_time()
    assert "unpacks" in refusal(altered({"xl/media/image1.bin": b"\0" * (301 << 20)}))
    assert time.process_time() - began < 10


def test_a_zip_that_lies_about_its_sizes_is_refused(altered, tmp_path):
    whole = bytearray(altered({"xl/worksheets/sheet1.xml": sheet_xml("<row/>" * 200_000)}).read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(whole))) as archive:
        real = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lied = bytes(whole).replace(real.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    (tmp_path / "lied.xlsx").write_bytes(lied)
    assert "damaged" in refusal(tmp_path / "lied.xlsx")


def test_forty_megabytes_of_blank_rows_are_trimmed_quickly(altered):
    blank = "".join(f'<row r="{n}" spans="1:3" ht="15"><c r="A{n}" s="0"/></row>' for n in range(2, 800_000))
    path = altered({"xl/worksheets/sheet1.xml": sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>' + blank)})
    assert sum(entry.file_size for entry in zipfile.ZipFile(path).infolist()) > 40 << 20
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    rows = read_workbook(path, path.name).sheets[0].rows
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (len(rows), time.process_time() - began < 15, grown < 30 << 10) == (1, True, True)


def test_blank_files_wide_files_and_long_files_are_refused(book, altered):
    assert "blank" in refusal(book(lambda sheet: sheet["C7"].__setattr__("fill", PatternFill("solid"))))
    path = altered({"xl/worksheets/sheet1.xml": sheet_xml('<row><c r="XFD1"><v>1</v></c></row>')})
    assert "far to the right" in refusal(path)
    long = book(lambda sheet: [sheet.append([n]) for n in range(30)])
    assert "29" in refusal(long, max_rows=29)
    assert "MB" in refusal(long, max_bytes=1000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_csv_in_any_unicode_and_with_any_usual_separator(tmp_path, encoding, sign):
    lines = [["Item", "వివరణ", "Qty"], ["1", f"a{sign}b", "2.5"], [], ["2", 'say "x"', ""]]
    text = "\r\n".join(sign.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    (tmp_path / "bill.csv").write_bytes(text.encode(encoding))
    sheet = read_workbook(tmp_path / "bill.csv", "bill.csv").sheets[0]
    assert [row.number for row in sheet.rows] == [1, 2, 4]
    assert [row.cells for row in sheet.rows] == [lines[0], lines[1], ["2", 'say "x"']]


def test_text_files_that_are_no_csv_are_refused(tmp_path):
    for content, word in {b"a\xff\xe9": "CSV UTF-8", b"abc\0def": "text file", b"\n" * 99: "blank"}.items():
        (tmp_path / "x.csv").write_bytes(content)
        assert word in refusal(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_bytes(b"1\n" * 30)
    assert "29" in refusal(tmp_path / "x.csv", max_rows=29)


def test_cells_that_could_act_are_written_as_text(tmp_path):
    assert [escape_cell(text) for text in ("=1+1", "-5", "@x", "plain")] == ["'=1+1", "'-5", "'@x", "plain"]
    assert list(csv_lines([["=cmd", Decimal("-5.10"), None]])) == ["\ufeff'=cmd,-5.10,\r\n"]
    rows = [["Item", "Amount"], ["=cmd|'x'", Decimal("-5.10")], ["+1\n2", dt.date(2026, 1, 2)]]
    write_xlsx(tmp_path / "out.xlsx", [("Sheet", [10, 20], 1, rows)], frozen_rows=1)
    read = read_workbook(tmp_path / "out.xlsx", "out.xlsx").sheets[0].rows
    assert [row.cells for row in read][1:] == [["'=cmd|'x'", Decimal("-5.1")], ["'+1\n2", dt.date(2026, 1, 2)]]


def test_any_value_can_be_shown_in_a_message():
    values = [None, True, Decimal("1E+2"), CellError("#REF!"), dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3, 4), "x"]
    assert [shown(value) for value in values] == ["", "TRUE", "100", "#REF!", "02-01-2026", "02-01-2026 03:04", "x"]
