"""What is printed when records are long, revised, signed or written in a script of elsewhere."""

import subprocess

import pikepdf
import pytest

from portal.doc_assembly.rules.assembly import assemble
from portal.doc_assembly.rules.frozen import Bill
from tests.doc_assembly.desk import FolderDesk, estimate, inputs, order


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
