"""A copy of a bound file without some of its pages, others put in place of some, and words across all that are left.

The bound file stays as it is. Bookmarks, page labels and links of the copy fit what is in it: nothing leads to a page
that was left out, so nothing of one is in the file. It takes seconds, so it runs in a process of its own (sandbox).
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem

from portal.core.pdf.bind import _across, _sight, _times
from portal.core.pdf.typeset import typeset

MARK, BODY = "/CopyMark", "/CopyBody"
STAMP = "/Stamp"  # how names of stamps begin (bind)
Ids = set[tuple[int, int]]


def excerpt(order: Path) -> dict[str, Any]:
    """Carry out an order, a JSON file: source, target, drop (pairs of first page from 0 and number), swap, words."""
    given = json.loads(order.read_text())
    places = Path(given["source"]), Path(given["target"])
    return {"pages": copy_without(*places, given["drop"], given["words"], given["swap"])}


def copy_without(
    source: Path,
    target: Path,
    drop: Iterable[Sequence[int]],
    words: Sequence[str],
    swap: Iterable[Mapping[str, Any]] = (),
) -> int:
    """Write the copy and return the number of its pages.

    `swap` says what stands in place of a section: its code as bookmarks begin with it ("" for the first page), template
    and values. Header and footer stay. Raises LookupError for a section that is not in the file: no copy is better.
    """
    with pikepdf.open(source) as pdf, pikepdf.open(io.BytesIO(typeset("mark", {"words": list(words)}).pdf)) as over:
        gone = {page for first, count in drop for page in range(first, first + count)}
        for one in swap:
            gone |= _swap(pdf, one["code"], typeset(one["template"], one["values"]).pdf)
        ids = {page.obj.objgen for number, page in enumerate(pdf.pages) if number in gone}
        kept = [number for number in range(len(pdf.pages)) if number not in gone]
        if "/PageLabels" in pdf.Root:
            pdf.Root.PageLabels = Dictionary(Nums=Array(_labels(pdf.Root.PageLabels.Nums, kept)))
        with pdf.open_outline() as outline:
            outline.root[:] = _left(outline.root, ids)
        for number in sorted(gone, reverse=True):
            del pdf.pages[number]
        _lay(pdf, over, ids)
        with target.open("wb") as out:
            pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return len(kept)


def _swap(pdf: pikepdf.Pdf, code: str, content: bytes) -> set[int]:
    """Put pages in place of a section's, which are longer by those returned. Its bookmark stays, those below do not."""
    first, count = _found(pdf, code) if code else (0, 1)
    with pikepdf.open(io.BytesIO(content)) as other:
        if len(other.pages) > count:
            raise LookupError(f"what stands in place of {code} is longer than it")
        for number, page in enumerate(other.pages, first):
            _clothe(pdf, pdf.pages[number], pdf.copy_foreign(page.as_form_xobject()))
        return set(range(first + len(other.pages), first + count))


def _found(pdf: pikepdf.Pdf, code: str) -> tuple[int, int]:
    """First page of a section and how many it has: up to the next bookmark of a section or volume."""
    at = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
    with pdf.open_outline() as outline:
        sections = [item for volume in outline.root for item in (volume, *volume.children)]
        for item in sections:
            if item.title.startswith(f"{code} "):
                item.children.clear()
        starts = [(one.title, at[one.destination[0].objgen]) for one in sections if isinstance(one.destination, Array)]
    first = next((page for title, page in starts if title.startswith(f"{code} ")), None)
    if first is None:
        raise LookupError(f"section {code} is not in the file")
    return first, min([page for _title, page in starts if page > first], default=len(pdf.pages)) - first


def _clothe(pdf: pikepdf.Pdf, page: pikepdf.Page, form: Any) -> None:
    """Give a page another content under the header, footer and mark that were stamped on it (bind.Binder)."""
    stamps = {name: one for name, one in page.obj.Resources.get("/XObject", {}).items() if name.startswith(STAMP)}
    streams = page.obj.Contents if isinstance(page.obj.Contents, Array) else Array([page.obj.Contents])
    stamped = [streams[-1]] if stamps else []
    page.obj.Resources = Dictionary(XObject=Dictionary({**stamps, BODY: form}))
    page.obj.Contents = Array([pdf.make_stream(f"q\nq {BODY} Do Q\n".encode()), *stamped])
    if not stamped:
        page.contents_add(pdf.make_stream(b"Q\n"))
    if "/Annots" in page.obj:
        del page.obj.Annots


def _labels(nums: Any, kept: Sequence[int]) -> Iterator[Any]:
    """The label of each page as it is printed on it: a run begins anew where pages are left out."""
    runs = [(int(start), run) for start, run in zip(list(nums)[::2], list(nums)[1::2], strict=True)]
    before = -2
    for number, page in enumerate(kept):
        start, run = next(one for one in reversed(runs) if one[0] <= page)
        if page in (start, kept[0]) or page != before + 1:
            yield number
            yield Dictionary({**dict(run.items()), "/St": int(run.get("/St", 1)) + page - start})
        before = page


def _left(items: Iterable[OutlineItem], gone: Ids) -> list[OutlineItem]:
    """The bookmarks that still lead somewhere."""
    found = [item for item in items if not _leads_to(item.destination, gone)]
    for item in found:
        item.children[:] = _left(item.children, gone)
    return found


def _leads_to(place: Any, gone: Ids) -> bool:
    return isinstance(place, Array) and len(place) > 0 and place[0].is_indirect and place[0].objgen in gone


def _lay(pdf: pikepdf.Pdf, over: pikepdf.Pdf, gone: Ids) -> None:
    """The words across every page; links to what is left out are plain words from now on."""
    form, push = pdf.copy_foreign(over.pages[0].as_form_xobject()), pdf.make_stream(b"q\n")
    for page in pdf.pages:
        if "/Annots" in page.obj:
            page.obj.Annots = Array(note for note in page.obj.Annots if not _links_to(note, gone))
        sight, wide, high = _sight(page)
        matrix = " ".join(f"{number:.5f}" for number in _times(_across(wide, high), sight))
        page.add_resource(form, Name.XObject, Name(MARK))
        page.contents_add(push, prepend=True)
        page.contents_add(pdf.make_stream(f"\nQ q {matrix} cm {MARK} Do Q".encode()))


def _links_to(note: Any, gone: Ids) -> bool:
    return _leads_to(note.get("/Dest"), gone) or _leads_to(note.get("/A", Dictionary()).get("/D"), gone)
