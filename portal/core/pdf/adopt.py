"""Making an attached file fit to be bound: images become pages, scripts and links go, forms are flattened.

The files come from strangers, so they are opened in processes of their own, limited in memory and time; one process
handles many files. A file that kills its process is a damaged file.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path
from threading import Timer
from typing import Any

import pikepdf
from pikepdf import Dictionary, Name

from portal.core.pdf.images import image_to_pdf
from portal.core.pdf.spots import free_spots

VERSION = "1"
SECONDS = 180
MEMORY_BYTES = 3 << 30
OUTWARD = ("/URI", "/Launch", "/GoToR", "/GoToE", "/JavaScript", "/SubmitForm", "/ImportData")
Findings = dict[str, Any]


class Helper:
    """One process that adopts files, started again when a file has killed it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def adopt(self, source: Path, mimetype: str, target: Path) -> Findings:
        """{"pages", "sizes", "spots", "removed", "changed"}; the fit copy is at `target` when changed.

        {"refused": reason} for a file that cannot be read.
        """
        if self.process is not None and self.process.poll() is not None:
            self.close()
        if self.process is None:
            call = [sys.executable, "-m", "portal.core.pdf.adopt"]
            self.process = subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdin
        assert self.process.stdout
        too_long = Timer(SECONDS, self.process.kill)
        too_long.start()
        try:
            self.process.stdin.write(json.dumps([str(source), mimetype, str(target)]) + "\n")
            self.process.stdin.flush()
            return dict(json.loads(self.process.stdout.readline()))
        except (OSError, ValueError):
            self.close()
            return {"refused": "the file cannot be read to the end"}
        finally:
            too_long.cancel()

    def kill(self) -> None:
        """Stop the process at whatever it is; the file it reads is then refused."""
        if self.process is not None:
            self.process.kill()

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def adopt(source: Path, mimetype: str, target: Path) -> Findings:
    """As Helper.adopt, in this process."""
    if mimetype != "application/pdf":
        sizes = image_to_pdf(source, target)
        return {"pages": len(sizes), "sizes": sizes, "spots": ["br"] * len(sizes), "removed": [], "changed": True}
    with pikepdf.open(source) as pdf:
        if not pdf.pages:
            return {"refused": "the file has no pages"}
        removed, touched = _clean(pdf)
        changed = touched or bool(pdf.get_warnings()) or pdf.is_encrypted
        if changed:
            pdf.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        sizes = [_size(page) for page in pdf.pages]
    spots = free_spots(target if changed else source)
    return {"pages": len(sizes), "sizes": sizes, "spots": spots, "removed": removed, "changed": changed}


def _size(page: pikepdf.Page) -> list[float]:
    left, bottom, right, top = (float(edge) for edge in page.cropbox)
    unit = float(page.obj.get("/UserUnit", 1)) * 25.4 / 72
    wide, high = abs(right - left) * unit, abs(top - bottom) * unit
    turned = int(page.obj.get("/Rotate", 0)) % 180 == 90
    return [round(high, 2), round(wide, 2)] if turned else [round(wide, 2), round(high, 2)]


def _clean(pdf: pikepdf.Pdf) -> tuple[list[str], bool]:
    """Take out what acts; say what was taken, and whether any page changed."""
    removed = dict[str, None]()
    opening = pdf.Root.get("/OpenAction")
    acts = isinstance(opening, Dictionary) and str(opening.get("/S", "")) in OUTWARD
    if acts or "/AA" in pdf.Root or "/JavaScript" in pdf.Root.get("/Names", Dictionary()):
        removed["scripts removed"] = None
    notes = [note for page in pdf.pages for note in page.obj.get("/Annots", [])]
    touched = bool(notes) or any("/AA" in page.obj for page in pdf.pages)
    for note in notes:
        removed |= dict.fromkeys(_acts(note))
    if notes:
        _flatten(pdf)
    if touched:
        for page in pdf.pages:
            _drop(page.obj, "/Annots", "/AA", "/B", "/StructParents", "/Tabs")
        _drop(pdf.Root, "/OpenAction", "/AA", "/AcroForm", "/Names", "/Outlines", "/StructTreeRoot", "/MarkInfo")
    return list(removed), touched


def _drop(thing: Any, *keys: str) -> None:
    for key in keys:
        if key in thing:
            del thing[key]


def _acts(note: Any) -> list[str]:
    if not isinstance(note, Dictionary):
        return []
    kind, action = note.get("/Subtype"), note.get("/A", Dictionary())
    does = str(action.get("/S", "")) if isinstance(action, Dictionary) else ""
    found = []
    if kind == Name.Widget:
        found.append("signature kept as a picture only" if note.get("/FT") == Name.Sig else "form fields flattened")
    if does in OUTWARD:
        found.append("launch actions removed" if does in ("/Launch", "/JavaScript") else "external links removed")
    if "/AA" in note:
        found.append("scripts removed")
    return found


def _flatten(pdf: pikepdf.Pdf) -> None:
    if "/AcroForm" in pdf.Root:
        pdf.generate_appearance_streams()
    pdf.flatten_annotations("print")


def main() -> None:
    """The other side of Helper: a line of JSON in, a line of JSON out."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        source, mimetype, target = json.loads(line)
        try:
            found = adopt(Path(source), mimetype, Path(target))
        except pikepdf.PasswordError:
            found = {"refused": "the file is protected by a password"}
        except Exception as broken:  # whatever a hostile file provokes is a refusal of that file
            found = {"refused": f"the file is damaged ({type(broken).__name__})"}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
