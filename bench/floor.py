"""What the same report costs without a portal: typst by section on two processes and pikepdf; WeasyPrint and pypdf."""

import io
import json
import time
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf
import typst

FONTS = Path(__file__).parents[1] / "static" / "fonts"
PART = 500
ITEMS = 5_200  # lines that fill about 400 pages
TYPST = """#let rows = json(bytes(sys.inputs.rows))
#set page("a4", margin: (x: 18mm, y: 22mm))
#set text(font: "Noto Sans", size: 9pt)
#table(columns: (12mm, 1fr, 14mm, 20mm, 22mm, 28mm), inset: 4pt, table.header([No.], [Description], [Unit], [Quantity],
[Rate], [Amount]), ..rows.flatten())
"""
STYLE = """@page { size: A4; margin: 22mm 18mm } body { font: 9pt "Noto Sans" }
td, th { border: .5pt solid; padding: 4pt }
table { border-collapse: collapse; width: 100% } thead { display: table-header-group }"""
HEAD = ("No.", "Description", "Unit", "Quantity", "Rate", "Amount")


class Made(NamedTuple):
    """A finished document."""

    seconds: float
    pages: int


def items(count: int = ITEMS) -> list[list[str]]:
    """Lines of a bill of quantities, each with words of its own."""
    made = []
    for number in range(1, count + 1):
        rate, quantity = Decimal(number % 977 + 1) * Decimal("13.75"), Decimal(number % 89 + 1) * Decimal("2.5")
        description = (
            f"Earth work excavation in all kinds of soils for stretch {number}, including shoring, dewatering, "
            f"disposal up to a lead of {number % 40 + 1} km and dressing of sides, as directed by the engineer"
        )
        row = [str(number), description, "cum", f"{quantity:.3f}", f"{rate:.2f}", f"{quantity * rate:.2f}"]
        made.append(row)
    return made


def attached(folder: Path, files: int = 200) -> list[Path]:
    """Drawings of three sheets each, no two alike: A1, A3 and A4, with some hundred lines."""
    made = []
    source = """#let n = int(sys.inputs.n)
#let sheet(w, h) = page(width: w, height: h, flipped: true, margin: 10mm)[Drawing #n
#for i in range(150) [#place(dx: calc.rem(i * 37 + n, 180) * 1mm, dy: calc.rem(i * 53, 150) * 1mm,
line(length: (10 + calc.rem(i * n, 40)) * 1mm, angle: i * 7deg))]]
#sheet(594mm, 841mm) #sheet(297mm, 420mm) #sheet(210mm, 297mm)"""
    for number in range(files):
        place = folder / f"drawing-{number:03}.pdf"
        _compiler().compile(source.encode(), output=place, format="pdf", sys_inputs={"n": str(number)})
        made.append(place)
    return made


def typst_and_pikepdf(rows: list[list[str]], drawings: list[Path], target: Path) -> Made:
    """Sections of 500 rows on two processes, merged, and one line stamped on each page."""
    begun = time.monotonic()
    parts = [rows[at : at + PART] for at in range(0, len(rows), PART)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        rendered = list(pool.map(_typeset, parts))
    with pikepdf.Pdf.new() as whole:
        opened: list[Any] = [pikepdf.Pdf.open(io.BytesIO(made)) for made in rendered]
        opened += [pikepdf.Pdf.open(place) for place in drawings]
        for part in opened:
            whole.pages.extend(part.pages)
        font = whole.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        )
        count = len(whole.pages)
        for number, page in enumerate(whole.pages, 1):
            name = page.add_resource(font, pikepdf.Name.Font)
            mark = f"q BT /{str(name).lstrip('/')} 8 Tf 30 20 Td ({number} of {count}) Tj ET Q".encode()
            page.contents_add(whole.make_stream(mark))
        whole.save(target)
    return Made(time.monotonic() - begun, count)


def weasyprint_and_pypdf(rows: list[list[str]], drawings: list[Path], target: Path) -> Made:
    """The same sections and files with the usual two libraries, in one process as they are commonly used."""
    from pypdf import PdfReader, PdfWriter
    from weasyprint import HTML

    begun = time.monotonic()
    whole = PdfWriter()
    for at in range(0, len(rows), PART):
        made = HTML(string=_html(rows[at : at + PART])).write_pdf()
        whole.append(PdfReader(io.BytesIO(made)))
    for place in drawings:
        whole.append(PdfReader(place))
    stamp = PdfReader(io.BytesIO(HTML(string="<p>DPR</p>").write_pdf())).pages[0]
    for page in whole.pages:
        page.merge_page(stamp)
    whole.write(target)
    return Made(time.monotonic() - begun, len(whole.pages))


@cache
def _compiler() -> typst.Compiler:
    """One a process, with the shipped fonts loaded once."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    return typst.Compiler(font_paths=fonts)


def _typeset(rows: list[list[str]]) -> Any:
    return _compiler().compile(TYPST.encode(), format="pdf", sys_inputs={"rows": json.dumps(rows)})


def _html(rows: list[list[str]]) -> str:
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{title}</th>" for title in HEAD)
    return f"<style>{STYLE}</style><table><thead><tr>{head}</tr></thead>{lines}</table>"
