"""Scans and photographs as pages: at their own resolution on A4, made smaller only when they do not fit."""

import zlib
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

DEFAULT_DPI = 200
MARGIN = 12.0 * 72 / 25.4
A4 = (210 * 72 / 25.4, 297 * 72 / 25.4)
TURNS = {3: 180, 6: 90, 8: 270}  # EXIF orientation: how far the picture is to be turned clockwise
Image.MAX_IMAGE_PIXELS = 300_000_000


def image_to_pdf(source: Path, target: Path) -> list[list[float]]:
    """Write a page per picture; returns the page sizes in millimetres. JPEG data is kept as it is."""
    sizes = []
    with Image.open(source, formats=("PNG", "JPEG", "TIFF")) as image, pikepdf.new() as pdf:
        for frame in range(getattr(image, "n_frames", 1)):
            image.seek(frame)
            drawn, turn = _picture(pdf, image, source)
            wide, high = _natural(image)
            if turn in (90, 270):
                wide, high = high, wide
            sizes.append(_place(pdf, drawn, wide, high, turn))
        pdf.save(target, deterministic_id=True)
    return sizes


def _natural(image: Image.Image) -> tuple[float, float]:
    """Width and height in points at the recorded resolution."""
    dpi = image.info.get("dpi", (DEFAULT_DPI, DEFAULT_DPI))
    across, down = (float(number) if float(number) > 1 else DEFAULT_DPI for number in dpi)
    return image.width / across * 72, image.height / down * 72


def _picture(pdf: pikepdf.Pdf, image: Image.Image, source: Path) -> tuple[Any, int]:
    shape = Dictionary(Type=Name.XObject, Subtype=Name.Image, Width=image.width, Height=image.height)
    turn = TURNS.get(image.getexif().get(0x0112, 1), 0)
    if image.format == "JPEG" and image.mode in ("L", "RGB"):
        shape.ColorSpace = Name.DeviceGray if image.mode == "L" else Name.DeviceRGB
        shape.BitsPerComponent, shape.Filter = 8, Name.DCTDecode
        return pikepdf.Stream(pdf, source.read_bytes(), shape), turn
    plain = _plain(image)
    shape.ColorSpace = Name.DeviceRGB if plain.mode == "RGB" else Name.DeviceGray
    shape.BitsPerComponent, shape.Filter = 1 if plain.mode == "1" else 8, Name.FlateDecode
    return pikepdf.Stream(pdf, zlib.compress(plain.tobytes(), 6), shape), turn


def _plain(image: Image.Image) -> Image.Image:
    """Black and white, grey or colour; what is transparent becomes paper."""
    if image.mode in ("1", "L", "RGB"):
        return image
    if "A" in image.getbands() or "transparency" in image.info:
        seen = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(seen, mask=seen.getchannel("A"))
        return paper
    if image.mode.startswith("I") or image.mode == "F":
        return image.point(lambda level: level / 256).convert("L") if image.mode == "I;16" else image.convert("L")
    return image.convert("RGB")


def _place(pdf: pikepdf.Pdf, drawn: Any, wide: float, high: float, turn: int) -> list[float]:
    page_w, page_h = A4 if high >= wide else A4[::-1]
    fit = min(1.0, (page_w - 2 * MARGIN) / wide, (page_h - 2 * MARGIN) / high)
    wide, high = wide * fit, high * fit
    left, low = (page_w - wide) / 2, (page_h - high) / 2
    matrix = {
        0: (wide, 0, 0, high, left, low),
        90: (0, -high, wide, 0, left, low + high),
        180: (-wide, 0, 0, -high, left + wide, low + high),
        270: (0, high, -wide, 0, left + wide, low),
    }[turn]
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, round(page_w, 3), round(page_h, 3)]),
        Resources=Dictionary(XObject=Dictionary(Im=pdf.make_indirect(drawn))),
        Contents=pdf.make_stream(("q " + " ".join(f"{x:.4f}" for x in matrix) + " cm /Im Do Q").encode()),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return [round(page_w * 25.4 / 72, 2), round(page_h * 25.4 / 72, 2)]
