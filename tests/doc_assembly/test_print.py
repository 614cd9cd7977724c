"""What is printed when records are long, revised, signed or written in a script of elsewhere."""

import io
import re
import subprocess
from decimal import Decimal

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from portal.core.access import SYSTEM
from portal.core.pdf.glyphs import missing
from portal.core.pdf.typeset import typeset
from portal.doc_assembly import queries
from portal.doc_assembly.rules import generated
from portal.doc_assembly.rules.assembly import assemble
from portal.doc_assembly.rules.frozen import Bill, Text
from portal.doc_assembly.rules.units import units_of
from tests.doc_assembly.desk import PROJECT, FolderDesk, estimate, file_of, inputs, order, sheet


@pytest.fixture
def desk(tmp_path):
    return FolderDesk(tmp_path / "store")


def pages_of(bound):
    """The words of each page of a bound report."""
    done = subprocess.run(["pdftotext", "-layout", bound.path, "-"], capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


def test_a_bill_code_of_any_length_is_a_place_that_contents_lead_to(desk, tmp_path):
    code = "PACKAGE-2/CHAINAGE-0+000-TO-12+450/CARRIAGEWAY-AND-DRAINS/PHASE-II"
    figures = estimate(bills=1, items=2)
    long = Bill(code, "Carriageway", 1, figures.bills[0].total, items=figures.bills[0].items)
    figures = type(figures)(**{name: getattr(figures, name) for name in figures.__struct_fields__} | {"bills": [long]})
    bound = assemble(order(desk, tmp_path, inputs(estimate=figures)))
    with pikepdf.open(bound.path) as pdf, pdf.open_outline() as outline:
        bills = next(mark for mark in outline.root if "VIII" in mark.title).children[0].children
    assert [mark.title for mark in bills] == [f"{code} Carriageway"]
    assert not desk.warnings


def signed():
    """A sheet with a signature field."""
    with pikepdf.open(io.BytesIO(sheet(1, (595, 842)))) as pdf:
        page, box = pdf.pages[0], Array([100, 100, 200, 120])
        drawn = pdf.make_stream(b"0 0 100 20 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 100, 20])
        field = Dictionary(Subtype=Name.Widget, Rect=box, FT=Name.Sig, T="signed", F=4, AP=Dictionary(N=drawn))
        page.obj.Annots = Array([pdf.make_indirect(field)])
        pdf.Root.AcroForm = Dictionary(Fields=Array([page.obj.Annots[0]]))
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def test_what_was_changed_in_a_file_is_said_by_every_build_that_binds_it(desk, tmp_path):
    files = [
        file_of(desk, signed(), "certificate", title="Soil certificate"),
        file_of(desk, sheet(1), title="Plan"),
        file_of(desk, b"%PDF-1.4 nonsense", title="Broken paper"),
    ]
    assemble(order(desk, tmp_path, inputs(files=files)))
    first, desk.warnings = desk.warnings, []
    assert first[0] == "Soil certificate: signature kept as a picture only."
    assert "Broken paper" in first[1]
    assemble(order(desk, tmp_path, inputs(files=files)))
    assert desk.warnings == first


REVISED = {
    "as_file": "1234/EE-IV/2026",
    "as_details": "G.O.Ms.No. 44 MA&UD, 12-06-2026",
    "as_amount": "60000000.00",
    "as_revised": "G.O.Ms.No. 91, 02-09-2026",
    "as_revised_amount": "72500000.00",
}


def test_the_first_and_the_revised_sanction_are_printed_each_with_its_own_order(desk, tmp_path):
    bound = assemble(order(desk, tmp_path, inputs(project=PROJECT | REVISED)))
    pages = [" ".join(page.split()) for page in pages_of(bound)]
    background = next(
        page for page in pages if "Background and administrative sanction" in page and "File number" in page
    )
    for said in (
        "Order G.O.Ms.No. 44 MA&UD, 12-06-2026",
        "Amount (₹) 6,00,00,000.00",
        "Revised by G.O.Ms.No. 91, 02-09-2026",
        "Revised amount (₹) 7,25,00,000.00",
    ):
        assert said in background
    whole = " ".join(pages)
    assert "AS ₹ 7,25,00,000" in whole  # what the say is held against
    rows = dict(generated.salient(inputs(project=PROJECT | REVISED))[1]["rows"])
    order_of_first = "1234/EE-IV/2026; G.O.Ms.No. 44 MA&UD, 12-06-2026; Government; ₹ 6,00,00,000.00; 12-06-2026"
    assert rows["Administrative sanction"] == order_of_first
    assert rows["Revised sanction"] == "G.O.Ms.No. 91, 02-09-2026; ₹ 7,25,00,000.00"


def test_a_project_is_frozen_with_both_amounts(session, redis, make_project):
    facts = {name: text for name, text in REVISED.items() if "amount" not in name}
    amounts = {name: Decimal(REVISED[name]) for name in ("as_amount", "as_revised_amount")}
    frozen = queries.freeze_inputs(SYSTEM, make_project(**facts, **amounts).id)
    assert {name: frozen.inputs.project[name] for name in REVISED} == REVISED


def test_characters_that_no_font_has_are_named_with_their_section(desk, tmp_path):
    texts = [
        Text("I.4", "Slope ≤ 2 %, ● and 字 and 中 and 中 again; క, é, e\u0301 and a joiner\u200d are there.", "", 1)
    ]
    files = [file_of(desk, sheet(1), title="Plan 文 ✓")]
    given = inputs(texts=texts, files=files)
    bound = assemble(order(desk, tmp_path, given))
    says = "no font of the report has"
    assert desk.warnings == [
        f"I.4 Options studied and selected: {says} 中 (U+4E2D), 字 (U+5B57). A box stands in their place.",
        f"Plan 文 ✓: {says} 文 (U+6587). A box stands in its place.",
    ]
    points = next(page for page in pages_of(bound) if "Points open" in page and "C12" in page)
    for said in ("U+5B57", "U+6587"):
        assert said in " ".join(points.split())
    assert missing("తెలుగు ₹ – “x” ½ m² °C µ ≤ ≥ Σ → ● ✓\n\t") == []


def test_headings_without_a_number_have_the_whole_line_of_the_contents(desk, tmp_path):
    bound = assemble(order(desk, tmp_path, inputs()))
    lines = "\n".join(pages_of(bound)).splitlines()
    assert any(re.fullmatch(r" *General abstract +VII-1", line) for line in lines)


@pytest.mark.parametrize("items", range(26, 50, 2))
def test_a_bill_never_begins_with_the_last_line_of_a_page(items):
    """The second bill comes to stand everywhere around the end of the page."""
    parts = units_of(inputs(estimate=estimate(bills=2, items=items)), {})
    values = next(unit.values for unit in parts if unit.code == "VIII.1")
    made = typeset("section", {name: value for name, value in values.items() if name != "template"})
    pages = subprocess.run(["pdftotext", "-layout", "-", "-"], input=made.pdf, capture_output=True, check=True)
    last = [page.rstrip().splitlines()[-1] for page in pages.stdout.decode().split("\f")[:-1]]
    assert not [line for line in last if "Bill B" in line]
