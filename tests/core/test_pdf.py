"""Typesetting, adopting, stamping and binding, each on its own."""

import datetime as dt
import io
import json
import subprocess
import unicodedata

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image

from portal.core.pdf import adopt, typeset
from portal.core.pdf.bind import Binder, Imprint, Leaf, Mark, Run, Source
from portal.core.pdf.images import image_to_pdf
from portal.core.pdf.spots import free_spots, place
from tests.doc_assembly.desk import photo, sheet

IMPRINT = Imprint("Title", "Author", "Subject", "Keywords", dt.datetime(2026, 11, 25, tzinfo=dt.UTC))
SENTENCES = [
    "సమగ్ర ప్రాజెక్ట్ నివేదిక",
    "విషయ సూచిక పేజీ ముసాయిదా",
    "మొత్తం అంచనా వ్యయం పన్నెండు కోట్ల ముప్పై నాలుగు లక్షల",
    "క్రింద పేర్కొన్న స్త్రీ శక్తి రాష్ట్ర ప్రభుత్వ నిర్మాణం",
    "కృష్ణా నది నుండి నీటి సరఫరా ౧౨౩",
    "ట్రాఫిక్ అధ్యయనం జ్ఞానం క్షేత్రం వ్యర్థ శాస్త్రం",
    "ఇది తెలుగు and English కలిసిన రాష్ట్ర వాక్యం 123.45",
    "రాష్ట్రరాష్ట్ర స్వాతంత్ర్యం లక్ష్మి ఉత్కృష్టం ఓం దుఃఖం",
]


def section(*blocks, lang="en"):
    return {"code": "I.4", "title": "Options", "parts": [{"lang": lang, "blocks": list(blocks)}]}


def words(content, *options):
    """What poppler reads, NFC, with single spaces."""
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=content, capture_output=True, check=True)
    return " ".join(unicodedata.normalize("NFC", done.stdout.decode()).split())


def paragraphs(sentences):
    return [{"k": "p", "runs": sentence} for sentence in sentences]


def test_the_same_values_give_the_same_bytes():
    given = section(*paragraphs(SENTENCES))
    assert typeset.typeset("section", given).pdf == typeset.typeset("section", given).pdf


@pytest.mark.parametrize("options", [(), ("-raw",), ("-layout",)], ids=str)
def test_telugu_is_read_back_as_it_was_written(options):
    table = {
        "k": "table",
        "columns": [
            {"head": "వివరణ", "width": "1fr", "align": "left"},
            {"head": "₹", "width": "30mm", "align": "right"},
        ],
        "rows": [{"c": [sentence, "1,23,456.00"]} for sentence in SENTENCES],
    }
    read = words(typeset.typeset("section", section(*paragraphs(SENTENCES), table, lang="te")).pdf, *options)
    for sentence in SENTENCES:
        assert read.count(unicodedata.normalize("NFC", sentence)) == 2, sentence
    assert read.count("1,23,456.00") == len(SENTENCES)


def test_a_second_reader_agrees():
    made = typeset.typeset("section", section(*paragraphs(SENTENCES), lang="te")).pdf
    document = pypdfium2.PdfDocument(made)
    page = document[0]
    read = " ".join(page.get_textpage().get_text_range().split())
    document.close()
    assert not [sentence for sentence in SENTENCES if sentence not in unicodedata.normalize("NFC", read)]


def test_making_telugu_readable_moves_nothing():
    given = section(*paragraphs(SENTENCES), lang="te")
    ours = typeset.typeset("section", given).pdf
    raw = typeset._compiler().compile(
        str(typeset.SOURCES / "section.typ"),
        format="pdf",
        sys_inputs={"data": json.dumps(given)},
        timestamp=0,
        pdf_tags=False,
    )
    pictures = [pypdfium2.PdfDocument(one)[0].render(scale=1).to_pil().tobytes() for one in (ours, raw)]
    assert pictures[0] == pictures[1]


def test_no_text_of_an_officer_is_read_as_code():
    hostile = '#read("/etc/passwd") $x^2$ @ref <label> *b* _i_ // c \\ #let x = 1 "]#panic()['
    assert hostile.replace("  ", " ") in words(typeset.typeset("section", section(*paragraphs([hostile]))).pdf)


def test_a_word_longer_than_the_line_is_broken():
    made = typeset.typeset("section", section(*paragraphs(["9" * 400]))).pdf
    document = pypdfium2.PdfDocument(made)
    assert max(text.get_bounds()[2] for text in document[0].get_objects() if text.type == 1) < (210 - 17) / 25.4 * 72
    document.close()


def test_anchors_are_found_on_their_pages():
    blocks = []
    for number in range(1, 4):
        blocks += [{"k": "h", "level": 2, "runs": f"Head {number}", "anchor": f"I.4.{number}"}]
        blocks += paragraphs(["Words. " * 900])
    made = typeset.typeset("section", section(*blocks))
    assert list(made.anchors) == ["I.4.1", "I.4.2", "I.4.3"]
    assert made.anchors["I.4.1"] == 0
    assert made.anchors["I.4.3"] > made.anchors["I.4.2"] > 0
    assert made.sizes[0] == [210.0, 297.0]


def acting_pdf():
    """A form, a script, a launch action, a link outside and a comment."""
    with pikepdf.open(io.BytesIO(sheet(1, (595, 842)))) as pdf:
        page = pdf.pages[0]
        box = Array([100, 100, 200, 120])
        appearance = pdf.make_stream(b"0 0 100 20 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 100, 20])
        link = Dictionary(
            Subtype=Name.Link, Rect=box, A=Dictionary(S=Name.URI, URI=pikepdf.String("https://a.example"))
        )
        launch = Dictionary(Subtype=Name.Link, Rect=box, A=Dictionary(S=Name.Launch, F=pikepdf.String("a.exe")))
        field = Dictionary(Subtype=Name.Widget, Rect=box, FT=Name.Tx, T="name", V="x", F=4, AP=Dictionary(N=appearance))
        page.obj.Annots = Array([pdf.make_indirect(one) for one in (link, launch, field)])
        pdf.Root.AcroForm = Dictionary(Fields=Array([page.obj.Annots[2]]))
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def test_scripts_launches_links_and_forms_do_not_survive(tmp_path):
    source, target = tmp_path / "in.pdf", tmp_path / "out.pdf"
    source.write_bytes(acting_pdf())
    found = adopt.adopt(source, "application/pdf", target)
    assert found["changed"]
    assert set(found["removed"]) == {
        "scripts removed",
        "external links removed",
        "launch actions removed",
        "form fields flattened",
    }
    with pikepdf.open(target) as pdf:
        assert "/Annots" not in pdf.pages[0].obj
        assert not {"/OpenAction", "/AcroForm"} & set(pdf.Root.keys())
        assert len(pdf.pages[0].obj.Resources.get("/XObject", {})) == 1  # what the field showed is drawn


def test_a_plain_file_is_bound_as_it_is(tmp_path):
    source = tmp_path / "in.pdf"
    source.write_bytes(sheet(3, (1684, 1191)))
    found = adopt.adopt(source, "application/pdf", tmp_path / "out.pdf")
    assert (found["changed"], found["pages"], found["removed"]) == (False, 3, [])
    assert found["sizes"][0] == pytest.approx([594, 420], abs=0.3)


def test_a_file_that_kills_its_reader_is_refused_and_the_next_is_read(tmp_path):
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    good.write_bytes(sheet())
    bad.write_bytes(b"%PDF-1.4 nonsense")
    helper = adopt.Helper()
    try:
        assert "damaged" in helper.adopt(bad, "application/pdf", tmp_path / "o")["refused"]
        helper.process.kill()
        helper.process.wait()
        assert helper.adopt(good, "application/pdf", tmp_path / "o")["pages"] == 1
    finally:
        helper.close()


@pytest.mark.parametrize(
    ("ink", "spot"),
    [
        ((), "br"),
        (((900, 0, 300, 25),), "bl"),
        (((0, 0, 1191, 25),), "tr"),
        (((0, 0, 1191, 25), (0, 815, 1191, 27)), "turned"),
        (((0, 0, 1191, 25), (0, 815, 1191, 27), (1160, 0, 31, 842)), "below"),
    ],
    ids=str,
)
def test_the_label_finds_a_free_place(tmp_path, ink, spot):
    path = tmp_path / "a.pdf"
    path.write_bytes(sheet(1, ink=ink))
    assert free_spots(path) == [spot]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_scan_keeps_its_resolution_and_shrinks_only_to_fit(tmp_path, kind):
    source, target = tmp_path / "scan", tmp_path / "scan.pdf"
    source.write_bytes(photo((400, 200), kind, dpi=(100, 100)))
    assert image_to_pdf(source, target) == [pytest.approx([297, 210], abs=0.1)]
    with pikepdf.open(target) as pdf:
        matrix = pikepdf.parse_content_stream(pdf.pages[0])[1].operands
    assert float(matrix[0]) == pytest.approx(288, abs=1)  # 400 dots at 100 dpi: 4 inches
    source.write_bytes(photo((1000, 2000), kind, dpi=(25, 25)))
    assert image_to_pdf(source, target) == [pytest.approx([210, 297], abs=0.1)]
    with pikepdf.open(target) as pdf:
        matrix = pikepdf.parse_content_stream(pdf.pages[0])[1].operands
    assert float(matrix[3]) == pytest.approx((297 - 24) / 25.4 * 72, abs=1)


def test_a_photograph_stands_upright_and_is_not_compressed_again(tmp_path):
    source, target = tmp_path / "p.jpg", tmp_path / "p.pdf"
    exif = Image.Exif()
    exif[0x0112] = 6
    source.write_bytes(photo((800, 600), "JPEG", exif=exif))
    assert image_to_pdf(source, target) == [pytest.approx([210, 297], abs=0.1)]
    with pikepdf.open(target) as pdf:
        assert pdf.pages[0].obj.Resources.XObject.Im.read_raw_bytes() == source.read_bytes()


def bound(tmp_path, parts, spots, name="bound.pdf"):
    """The parts with a label on each page."""
    forms = [{"k": "sheet", "label": f"IX-{number}"} for number in range(1, len(spots) + 1)]
    values = {
        "mark": "",
        "title": "",
        "number": "",
        "left": "",
        "right": "",
        "sheet": "D1",
        "diagonal": "",
        "forms": forms,
    }
    overlay = tmp_path / "overlay.pdf"
    overlay.write_bytes(typeset.typeset("stamp", values).pdf)
    leaves = iter(Leaf(number, spot) for number, spot in enumerate(spots))
    with Binder(overlay) as binder:
        for number, part in enumerate(parts):
            path = tmp_path / f"{number}.pdf"
            path.write_bytes(part)
            with pikepdf.open(path) as pdf:
                count = len(pdf.pages)
            binder.add(Source(path, [next(leaves) for _ in range(count)], {f"part {number}": 0}))
        binder.stamp()
        binder.label([Run(0, "r", "I-"), Run(1, "D", "IX-")])
        binder.bookmark([Mark(1, "Volume", 0), Mark(2, "Sheet", len(spots) - 1)])
        binder.link()
        binder.write(tmp_path / name, IMPRINT)
    return (tmp_path / name).read_bytes()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("spot", ["br", "bl", "tr", "turned"])
def test_the_label_stands_in_its_corner_however_the_sheet_is_turned(tmp_path, rotate, spot):
    made = bound(tmp_path, [sheet(1, (1191, 842), rotate=rotate)], [spot])
    wide, high = (1191, 842) if rotate % 180 == 0 else (842, 1191)
    document = pypdfium2.PdfDocument(made)
    picture = document[0].render(scale=1, draw_annots=False).to_pil().convert("L")
    document.close()
    assert picture.size == (wide, high)
    left, low, right, top = (edge * 72 / 25.4 for edge in place(spot, wide / 72 * 25.4, high / 72 * 25.4))
    inside = picture.crop((int(left), int(high - top), int(right) + 1, int(high - low) + 1))
    assert sum(inside.histogram()[:160]) > 10


def test_a_sheet_without_room_is_made_longer_and_not_covered(tmp_path):
    made = bound(tmp_path, [sheet(1, (1191, 842), ink=((0, 0, 1191, 842),))], ["below"])
    with pikepdf.open(io.BytesIO(made)) as pdf:
        low, high = float(pdf.pages[0].mediabox[1]), float(pdf.pages[0].mediabox[3])
    assert (round(low, 1), high) == (-22.7, 842)


def test_labels_bookmarks_and_bytes(tmp_path):
    parts = [sheet(1), sheet(2, words="B")]
    made = bound(tmp_path, parts, ["br", "br", "br"])
    assert made == bound(tmp_path, parts, ["br", "br", "br"], "again.pdf")
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert [page.label for page in pdf.pages] == ["I-i", "IX-1", "IX-2"]
        assert pdf.docinfo["/Title"] == "Title"
        with pdf.open_outline() as outline:
            assert outline.root[0].children[0].title == "Sheet"
    assert "IX-3" in words(made)


def test_layers_that_are_off_stay_off(tmp_path):
    with pikepdf.open(io.BytesIO(sheet(1))) as pdf:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="hidden"))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
        pdf.pages[0].obj.Resources.Properties = Dictionary(L1=layer)
        out = io.BytesIO()
        pdf.save(out)
    made = bound(tmp_path, [out.getvalue()], ["br"])
    with pikepdf.open(io.BytesIO(made)) as pdf:
        off = pdf.Root.OCProperties.D.OFF
        assert [layer.objgen for layer in off] == [pdf.pages[0].obj.Resources.Properties.L1.objgen]
