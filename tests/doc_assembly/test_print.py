"""What is printed when records are long, revised, signed or written in a script of elsewhere."""

import io
import subprocess

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from portal.doc_assembly.rules.assembly import assemble
from portal.doc_assembly.rules.frozen import Bill
from tests.doc_assembly.desk import FolderDesk, estimate, file_of, inputs, order, sheet


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
