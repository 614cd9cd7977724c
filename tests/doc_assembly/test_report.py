"""The whole report from frozen inputs: numbering, contents, links, bookmarks, totals, looks."""

import io
import subprocess
import time
from decimal import Decimal

import pikepdf
import pypdfium2
import pytest

from portal.core.money import rupees, rupees0
from portal.doc_assembly.rules import layout
from portal.doc_assembly.rules.assembly import assemble
from portal.doc_assembly.rules.frozen import Text
from tests.doc_assembly.desk import PROJECT, TELUGU, FolderDesk, estimate, file_of, inputs, order, photo, sheet


@pytest.fixture
def desk(tmp_path):
    return FolderDesk(tmp_path / "store")


def everything(desk):
    """A file of each kind, one of them bound twice and one broken."""
    plan = sheet(2, words="Cross section")
    return [
        file_of(desk, plan, title="Typical cross section", number="ST-01", pages=2),
        file_of(desk, sheet(1, (842, 1191), rotate=90, words="turned"), title="Plan and profile", number="ST-02"),
        file_of(desk, plan, title="Cross section again", number="ST-03", pages=2),
        file_of(desk, sheet(1, (595, 842)), "clearance_letter", title="Irrigation NOC", number="IR/44"),
        file_of(desk, photo(), "certificate", title="Soil certificate", mimetype="image/png"),
        file_of(desk, b"%PDF-1.4 nonsense", "other", title="Broken paper"),
    ]


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A desk at which the report with everything was made once."""
    folder = tmp_path_factory.mktemp("report")
    desk = FolderDesk(folder / "store")
    desk.bound = assemble(order(desk, folder, inputs(files=everything(desk))))
    desk.report = desk.bound.path.read_bytes()
    return desk


@pytest.fixture(scope="module")
def made(used):
    """The report with everything in it."""
    return used.report


@pytest.fixture(scope="module")
def pdf(made):
    with pikepdf.open(io.BytesIO(made)) as opened:
        yield opened


def texts(content):
    """The words of each page."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


def test_the_same_inputs_give_the_same_bytes_from_kept_parts_too(used, tmp_path, made):
    count = len(used.made)
    again = assemble(order(used, tmp_path, inputs(files=everything(used))))
    assert again.path.read_bytes() == made
    assert len(used.made) == count
    elsewhere = FolderDesk(tmp_path / "elsewhere")
    fresh = assemble(order(elsewhere, tmp_path, inputs(files=everything(elsewhere))))
    assert fresh.path.read_bytes() == made


def test_a_changed_section_renders_one_section(used, tmp_path, made):
    used.made.clear()
    changed = [Text("0.3", "Another summary.", TELUGU, 2), inputs().texts[1]]
    bound = assemble(order(used, tmp_path, inputs(files=everything(used), texts=changed)))
    assert len(used.made) == 1
    assert bound.path.read_bytes() != made


def test_the_printed_label_is_the_label_of_the_page(pdf, made):
    for page, words in zip(pdf.pages[1:], texts(made)[1:], strict=True):
        assert page.label in " ".join(words.split()), page.label


def test_each_line_of_the_contents_leads_to_the_page_it_names(pdf, made):
    pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
    document, checked = pypdfium2.PdfDocument(made), 0
    for number, page in enumerate(pdf.pages):
        for note in page.obj.get("/Annots", []):
            left, low, _right, high = (float(edge) for edge in note.Rect)
            line = document[number].get_textpage().get_text_bounded(left, low - 1, 600, high + 1)
            target = pdf.pages[pages[note.Dest[0].objgen]]
            assert target.label in line.replace("\r\n", " "), line
            checked += 1
    document.close()
    assert checked > 30


def test_no_link_leads_outside(made):
    assert b"/URI" not in made
    with pikepdf.open(io.BytesIO(made)) as opened:
        for page in opened.pages:
            assert all("/A" not in note for note in page.obj.get("/Annots", []))


def test_bookmarks_go_from_volume_to_section_to_sheet(pdf):
    with pdf.open_outline() as outline:
        tree = {mark.title: [child.title for child in mark.children] for mark in outline.root}
        drawings = next(mark for mark in outline.root if mark.title == "Volume IX: Drawings")
        sheets = [mark.title for mark in drawings.children[1].children]
    assert tree["Volume I: Main report"][1] == "I.4 Options studied and selected"
    assert sheets == ["ST-01 Typical cross section", "ST-02 Plan and profile", "ST-03 Cross section again"]


def test_a_file_bound_twice_is_printed_once_and_referred_to(made):
    pages = texts(made)
    assert sum("Cross section 1" in page for page in pages) == 1
    index = next(
        page for page in pages if "IX.1" in page and "Drawing index" in page and "ST-03" in page and "No." in page
    )
    labels = {line.split()[1]: line.split()[-1] for line in index.splitlines() if " ST-0" in line}
    assert labels["ST-03"] == labels["ST-01"] == "IX-2"


def test_a_broken_file_is_named_and_a_page_stands_in_its_place(used, made):
    assert any("Broken paper" in words for words in used.warnings)
    whole = "\n".join(texts(made))
    assert "This paper could not be bound" in whole
    assert "C08" in whole


def test_totals_are_those_of_the_estimate_to_the_paisa(made):
    figures, whole = estimate(), "\n".join(texts(made))
    for bill in figures.bills:
        assert whole.count(rupees(Decimal(bill.total))) >= 2
        assert all(rupees(Decimal(item.amount)) in whole for item in bill.items)
    assert whole.count(rupees0(Decimal(figures.say))) >= 4
    assert rupees0(Decimal(figures.grand_total)) in whole


def test_sheets_keep_their_own_size(pdf):
    sizes = [tuple(round(float(edge)) for edge in page.mediabox[2:]) for page in pdf.pages]
    assert sizes.count((1191, 842)) == 2
    assert sizes.count((842, 1191)) == 1


def test_header_footer_and_mark_are_on_the_pages(used, made):
    page = next(words for words in texts(made) if "I.4.1.1" in words and "Higher." in words)
    for said in (PROJECT["name"], "INFRA-RT-2026-042/DPR/D1", "Volume I: Main report", "25-11-2026", "Draft D1"):
        assert said in page
    assert f"Content {used.bound.content_hash[:8]}" in page


def test_the_file_opens_in_another_reader_without_a_word(made, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(made)
    done = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=True)
    assert "WARNING" not in done.stdout + done.stderr
    done = subprocess.run(["pdftoppm", "-r", "10", "-gray", path, tmp_path / "p"], capture_output=True, check=True)
    assert not done.stderr


def test_long_contents_settle_and_body_labels_do_not_move(desk, tmp_path):
    """128 headings: the contents of the volume take four pages, and its body still starts at 1."""
    long = "\n\n".join(f"# Heading {number}\n\nWords." for number in range(1, 129))
    bound = assemble(order(desk, tmp_path, inputs(texts=[Text("I.4", long)])))
    with pikepdf.open(bound.path) as pdf:
        labels = [page.label for page in pdf.pages]
    fronts = [label for label in labels if label.startswith("I-") and label.removeprefix("I-").isalpha()]
    assert 3 <= len(fronts) <= 4
    assert labels[labels.index("I-1") - 1] == fronts[-1]


def test_contents_that_never_settle_are_a_failure(desk, tmp_path, monkeypatch):
    from portal.doc_assembly.rules import assembly

    real, passes = layout.front_values, []

    def growing(laid, volume):
        passes.append(volume.name)
        values = real(laid, volume)
        return values | {"entries": values["entries"] * (1 + 6 * len(passes))}

    monkeypatch.setattr(assembly.layout, "front_values", growing)
    with pytest.raises(assembly.NotSettled):
        assemble(order(desk, tmp_path, inputs()))


def test_nothing_on_record_is_still_a_report_that_says_so(desk, tmp_path):
    empty = dict.fromkeys(PROJECT, "") | {"code": "X-1", "name": "Nothing yet", "type": "Other"}
    bound = assemble(order(desk, tmp_path, inputs(project=empty, work_type="other", texts=[], estimate=None)))
    whole = "\n".join(texts(bound.path.read_bytes()))
    for said in ("No estimate is on record", "No drawing is bound", "no text is written"):
        assert said in whole


def test_a_file_that_went_missing_or_changed_is_named(desk, tmp_path):
    files = [file_of(desk, sheet(1), title="Gone"), file_of(desk, sheet(2), title="Changed")]
    (desk.folder / files[0].sha256).unlink()
    (desk.folder / files[1].sha256).write_bytes(sheet(3))
    bound = assemble(order(desk, tmp_path, inputs(files=files)))
    whole = " ".join("\n".join(texts(bound.path.read_bytes())).split())
    assert "missing from the store" in whole
    assert "not the one that was uploaded" in whole


def test_a_bill_of_long_descriptions_keeps_its_columns(desk, tmp_path):
    figures = estimate(bills=1, items=3, description="Providing and laying cement concrete of grade M20. " * 80)
    bound = assemble(order(desk, tmp_path, inputs(estimate=figures)))
    pages = [page for page in texts(bound.path.read_bytes()) if "VIII-" in page and "Item" in page]
    assert len(pages) >= 2
    assert all("Amount (₹)" in page for page in pages)


def test_content_hash_is_of_what_is_said_not_of_when(desk, tmp_path):
    first = assemble(order(desk, tmp_path, inputs()))
    later = assemble(order(desk, tmp_path, inputs(), label="D2"))
    other = assemble(order(desk, tmp_path, inputs(texts=[])))
    assert first.content_hash == later.content_hash != other.content_hash


def test_a_file_that_takes_for_ever_does_not_hold_up_a_stop(desk, tmp_path, monkeypatch):
    from portal.doc_assembly.rules import assembly

    class Stopped(Exception):
        """An officer asked to stop."""

    def stop():
        raise Stopped

    monkeypatch.setattr(assembly, "LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(assembly.Helper, "adopt", lambda helper, *_paths: endless(helper))
    desk.check = stop
    begun = time.monotonic()
    with pytest.raises(Stopped):
        assemble(order(desk, tmp_path, inputs(files=everything(desk))))
    assert time.monotonic() - begun < 5


def endless(helper):
    """A reader that never answers, until it is killed."""
    helper.process = subprocess.Popen(["sleep", "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    helper.process.stdout.read()
    return {"refused": "killed"}
