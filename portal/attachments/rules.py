"""What may be attached: decided from the bytes, never from the name (doc-assembly section 7).

Pure, and run in a sandbox: it opens files that strangers made.
"""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import pikepdf
from PIL import Image, UnidentifiedImageError

MAX_BYTES = 200 << 20
MAX_PAGES = 2000
MAX_PAGE_MM = 5080  # ISO 19005 (PDF/A) limit of 14,400 units
MM_PER_POINT = 25.4 / 72
DEFAULT_DPI = 200
MIMETYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "TIFF": "image/tiff"}
OPENED = ("PNG", "JPEG", "TIFF")
ONE_PICTURE = ("JPEG", "MPO")  # phones put a second, smaller picture behind the photograph
Image.MAX_IMAGE_PIXELS = 300_000_000  # an A0 sheet at 400 dpi

Findings = dict[str, Any]


def inspect(path: Path) -> Findings:
    """{"mimetype", "pages", "page_sizes": [[w_mm, h_mm]…], "repaired"} or {"refused": reason}.

    Reasons: unknown_type, office, encrypted, damaged, no_pages, too_many_pages, page_too_large.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if b"%PDF-" in head:
        return _checked(_pdf(path))
    if head[:2] == b"PK" or head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return {"refused": "office"}
    return _checked(_image(path))


def _checked(found: Findings) -> Findings:
    if "refused" in found:
        return found
    if not found["pages"]:
        return {"refused": "no_pages"}
    if found["pages"] > MAX_PAGES:
        return {"refused": "too_many_pages"}
    if any(max(size) > MAX_PAGE_MM for size in found["page_sizes"]):
        return {"refused": "page_too_large"}
    return found


def _pdf(path: Path) -> Findings:
    try:
        with pikepdf.open(path, access_mode=pikepdf.AccessMode.stream) as pdf:
            if pdf.is_encrypted:
                return {"refused": "encrypted"}
            count = len(pdf.pages)
            if count > MAX_PAGES:
                return {"refused": "too_many_pages"}
            sizes = [_page_size(page) for page in pdf.pages]
            repaired = bool(pdf.get_warnings())
            if repaired and _repaired_pages(pdf) != count:
                return {"refused": "damaged"}
    except pikepdf.PasswordError:
        return {"refused": "encrypted"}
    except (pikepdf.PdfError, ValueError, TypeError, AttributeError, RuntimeError, MemoryError):
        return {"refused": "damaged"}
    return {"mimetype": "application/pdf", "pages": count, "page_sizes": sizes, "repaired": repaired}


def _repaired_pages(pdf: pikepdf.Pdf) -> int:
    """The pages a mended copy would have; nothing is accepted now that cannot be bound later."""
    with tempfile.TemporaryFile() as copy:
        pdf.save(copy)
        copy.seek(0)
        with pikepdf.open(copy) as mended:
            return len(mended.pages)


def _page_size(page: pikepdf.Page) -> list[float]:
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    unit = float(page.obj.get("/UserUnit", 1)) * MM_PER_POINT
    wide, high = abs(right - left) * unit, abs(top - bottom) * unit
    turned = int(page.obj.get("/Rotate", 0)) % 180 == 90
    return [round(high, 1), round(wide, 1)] if turned else [round(wide, 1), round(high, 1)]


def _image(path: Path) -> Findings:
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(path, formats=OPENED) as image:
            frames = 1 if image.format in ONE_PICTURE else getattr(image, "n_frames", 1)
            if frames > MAX_PAGES:
                return {"refused": "too_many_pages"}
            sizes = []
            for frame in range(frames):
                image.seek(frame)
                image.load()  # a truncated file shows itself only when it is read to the end
                dpi = [float(x) if float(x) > 1 else DEFAULT_DPI for x in image.info.get("dpi", (DEFAULT_DPI,) * 2)]
                sizes.append([round(side / d * 25.4, 1) for side, d in zip(image.size, dpi, strict=True)])
            kind = MIMETYPES[str(image.format)]
    except UnidentifiedImageError:
        return {"refused": "unknown_type"}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {"refused": "page_too_large"}
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError):
        return {"refused": "damaged"}
    return {"mimetype": kind, "pages": frames, "page_sizes": sizes, "repaired": False}
