"""Where a small label finds room on an attached sheet, so that no drawing is covered."""

from pathlib import Path

import pypdfium2
from PIL import Image

DPI = 40
LABEL_MM = (62.0, 7.0)
EDGE_MM = 0.7
MOST_INK = 0.02
SPOTS = ("br", "bl", "tr", "turned")  # in order of preference; "below" makes the page 8 mm longer


def place(spot: str, wide: float, high: float) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of the label in millimetres on a page of that size, as it is seen."""
    label_w, label_h = LABEL_MM
    if spot == "turned":
        return wide - EDGE_MM - label_h, 10.0, wide - EDGE_MM, 10.0 + label_w
    left = EDGE_MM if spot == "bl" else wide - EDGE_MM - label_w
    low = high - EDGE_MM - label_h if spot == "tr" else EDGE_MM
    return left, low, left + label_w, low + label_h


def free_spots(path: Path) -> list[str]:
    """For each page the first place where ink covers at most 2 %."""
    with pypdfium2.PdfDocument(path) as document:
        return [_free(document[number]) for number in range(len(document))]


def _free(page: pypdfium2.PdfPage) -> str:
    try:
        bitmap = page.render(scale=DPI / 72, grayscale=True, may_draw_forms=False)
        image = bitmap.to_pil().convert("L")
    except (pypdfium2.PdfiumError, ValueError, MemoryError):
        return "below"
    finally:
        page.close()
    return next((spot for spot in SPOTS if _ink(image, spot) <= MOST_INK), "below")


def _ink(image: Image.Image, spot: str) -> float:
    mm = DPI / 25.4
    left, low, right, top = place(spot, image.width / mm, image.height / mm)
    box = (round(left * mm), round(image.height - top * mm), round(right * mm), round(image.height - low * mm))
    if left < 0 or low < 0 or top * mm > image.height:
        return 1.0
    levels = image.crop(box).histogram()
    return sum(levels[:225]) / max(1, sum(levels))
