"""What may be bound is decided from the bytes."""

import io

import pikepdf
import pytest
from PIL import Image

from portal.attachments.rules import inspect
from portal.core import sandbox


def pdf(pages=1, size=(595, 842), unit=1, **save):
    out, made = io.BytesIO(), pikepdf.new()
    for _ in range(pages):
        made.add_blank_page(page_size=size).obj.UserUnit = unit
    made.save(out, deterministic_id="encryption" not in save, **save)  # the same pages are the same bytes
    return out.getvalue()


def image(kind, size=(400, 200), **save):
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind, **save)
    return out.getvalue()


@pytest.fixture
def look(tmp_path):
    def at(content, name="x.bin"):
        path = tmp_path / name
        path.write_bytes(content)
        return inspect(path)

    return at


def test_a_pdf_says_its_pages_and_their_size_in_millimetres(look):
    found = look(pdf(3, (1191, 842)))
    assert (found["mimetype"], found["pages"], found["page_sizes"][0]) == ("application/pdf", 3, [420.2, 297.0])


def test_a_turned_page_is_measured_as_it_is_seen(look):
    made = pikepdf.new()
    made.add_blank_page(page_size=(595, 842)).rotate(90, relative=False)
    out = io.BytesIO()
    made.save(out)
    assert look(out.getvalue())["page_sizes"] == [[297.0, 209.9]]


@pytest.mark.parametrize(("kind", "mimetype"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("TIFF", "image/tiff")])
def test_an_image_is_measured_at_its_resolution(look, kind, mimetype):
    found = look(image(kind, dpi=(100, 100)))
    assert (found["mimetype"], found["pages"]) == (mimetype, 1)
    assert found["page_sizes"][0] == pytest.approx([101.6, 50.8], abs=0.2)


def test_a_tiff_of_several_sheets_has_as_many_pages(look):
    out = io.BytesIO()
    sheets = [Image.new("L", (100, 100), shade) for shade in (0, 128, 255)]
    sheets[0].save(out, "TIFF", save_all=True, append_images=sheets[1:])
    assert look(out.getvalue())["pages"] == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdf(encryption=pikepdf.Encryption(owner="o", user="u")), "encrypted"),
        (pdf(encryption=pikepdf.Encryption(owner="o", user="")), "encrypted"),
        (pdf(0), "no_pages"),
        (b"%PDF-1.7\nnothing of the kind", "damaged"),
        (image("PNG")[:-40], "damaged"),
        (image("JPEG", (900, 900))[:300], "damaged"),
        (b"PK\x03\x04 a workbook", "office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old document", "office"),
        (b"<html>not a drawing</html>", "unknown_type"),
        (pdf(1, (14400, 14400), unit=2), "page_too_large"),
        (pdf(2001), "too_many_pages"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_bound_is_refused_with_its_reason(look, content, reason):
    assert look(content) == {"refused": reason}


def test_the_name_decides_nothing(look):
    assert look(image("PNG"), "drawing.pdf")["mimetype"] == "image/png"


def test_the_sandbox_gives_the_same_answer(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(2))
    assert sandbox.look("portal.attachments.rules:inspect", path)["pages"] == 2


@pytest.mark.parametrize("way", ["crash", "eat"])
def test_a_file_that_kills_its_reader_is_damaged(tmp_path, way):
    assert sandbox.look(f"tests.attachments.readers:{way}", tmp_path) == {"refused": "damaged"}


def test_a_fault_of_ours_is_not_told_as_a_damaged_file(tmp_path):
    with pytest.raises(RuntimeError, match="failed in the sandbox"):
        sandbox.look("tests.attachments.readers:err", tmp_path)


def test_the_photograph_of_a_phone_with_a_second_picture_is_one_page(look):
    out = io.BytesIO()
    Image.new("RGB", (300, 200)).save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (30, 20))])
    found = look(out.getvalue())
    assert (found["mimetype"], found["pages"]) == ("image/jpeg", 1)
