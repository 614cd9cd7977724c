"""From settled parts to one file: cover, forms for the headers, footers and labels, and the binding itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from portal.core.money import in_words, rupees0
from portal.core.pdf.bind import Binder, Imprint, Leaf, Source
from portal.core.pdf.readback import Sheets
from portal.core.pdf.typeset import typeset
from portal.doc_assembly.rules import steps
from portal.doc_assembly.rules.desk import KINDS, Bound, Imprinted, Kept, Order
from portal.doc_assembly.rules.layout import Layout, Volume
from portal.doc_assembly.rules.template import AUTHORITY, AUTHORITY_TE, MARK, VOLUMES, volume_title
from portal.doc_assembly.rules.units import Unit

REPORT, REPORT_TE = "Detailed Project Report", "సమగ్ర ప్రాజెక్ట్ నివేదిక"
LONGEST_NAME, LONGEST_WORK = 300, 900
DIAGONAL = {"draft": "DRAFT – NOT FOR SANCTION"}


@dataclass(frozen=True)
class Settled:
    """A layout that keeps its length, with the pages that depend on it."""

    layout: Layout
    cover: Sheets
    fronts: Mapping[str, Sheets]
    lists: Mapping[int, Sheets]
    made: Mapping[int, Kept]
    units: Sequence[Unit]


@dataclass(frozen=True)
class Part:
    """A file to be bound: which pages run with header and footer, which carry a label only."""

    path: Path
    sizes: Sequence[Sequence[float]]
    spots: Sequence[str]  # of attached sheets; empty for typeset pages
    targets: Mapping[str, int]
    title: str
    head: bool = True
    bare: bool = False  # no form at all: the cover


def bind(order: Order, hashes: tuple[str, str], leaves: Mapping[str, str], found: Settled) -> Bound:
    """Write the whole report into the order's folder."""
    parts = list(_parts(order, found))
    total = sum(len(part.sizes) for part in parts)
    forms, plan = _forms(parts, found.layout.labels)
    diagonal = DIAGONAL.get(order.kind, "")
    overlay, target = order.folder / "overlay.pdf", order.folder / "report.pdf"
    overlay.write_bytes(typeset("stamp", _stamp_values(order, hashes[0]) | {"forms": forms, "diagonal": diagonal}).pdf)
    with Binder(overlay, len(forms) if diagonal else -1) as binder:
        for done, (part, leaf) in enumerate(zip(parts, plan, strict=True), 1):
            binder.add(Source(part.path, leaf, part.targets))
            order.desk.step(steps.ASSEMBLE, done, len(parts), part.title)
        binder.targets |= {code: place.page for code, place in found.layout.places.items()}
        binder.stamp(lambda done: order.desk.step(steps.STAMP, done, total))
        binder.label(found.layout.runs)
        binder.bookmark(found.layout.marks())
        for lost in binder.link():
            order.desk.warn(f"A reference leads nowhere: {lost}.")
        title = f"{order.frozen.inputs.project['name']} – {REPORT}"
        imprint = Imprint(title, AUTHORITY, f"{order.number}, {order.status}", hashes[0], order.frozen.at)
        binder.write(target, imprint, lambda percent: order.desk.step(steps.MARKS, percent, 100))
    order.desk.step(steps.MARKS, 100, 100)
    return Bound(target, total, *hashes, leaves, _spans(found.layout, total))


def _spans(laid: Layout, total: int) -> list[tuple[str, int, int]]:
    starts = [laid.places[f"volume.{volume.name}"].page for volume in laid.volumes]
    ends = [*starts[1:], total]
    return [(volume.name, start, end - start) for volume, start, end in zip(laid.volumes, starts, ends, strict=True)]


def _stamp_values(order: Order, content: str) -> dict[str, Any]:
    return {
        "mark": MARK,
        "title": order.frozen.inputs.project["name"],
        "number": order.number,
        "left": f"Content {content[:8]}",
        "right": f"{order.day} · {order.status}",
        "sheet": f"{order.label}  ·  {order.day}",
    }


def _parts(order: Order, found: Settled) -> Iterator[Part]:
    places = {id(unit): number for number, unit in enumerate(found.units)}
    for volume in found.layout.volumes:
        if volume.name == "0":
            yield _loose(order, "cover", found.cover, "", bare=True)
        yield _loose(order, f"front-{volume.name}", found.fronts[volume.name], _title(volume), head=volume.name == "0")
        for unit, _length in volume.units:
            number = places[id(unit)]
            if number in found.lists:
                yield _loose(order, f"list-{unit.code}", found.lists[number], _title(volume))
                continue
            kept = found.made[number]
            path = order.desk.path(kept.sha256)
            if path is None:
                raise FileNotFoundError(kept.sha256)
            spots = kept.found["spots"] if unit.file is not None else ()
            yield Part(path, kept.found["sizes"], spots, kept.found.get("anchors", {}), _title(volume))


def _title(volume: Volume) -> str:
    return VOLUMES[volume.name] if volume.name == "0" else f"{volume_title(volume.name)}: {VOLUMES[volume.name]}"


def _loose(order: Order, name: str, sheets: Sheets, title: str, *, head: bool = True, bare: bool = False) -> Part:
    path = order.folder / f"{name}.pdf"
    path.write_bytes(sheets.pdf)
    return Part(path, sheets.sizes, (), {}, title, head, bare)


def _forms(parts: Sequence[Part], labels: Sequence[str]) -> tuple[list[dict[str, Any]], list[list[Leaf]]]:
    """The forms of the overlay, in order, and for each part which form goes on which page."""
    forms: list[dict[str, Any]] = []
    plan: list[list[Leaf]] = []
    printed = iter(labels)
    for part in parts:
        leaves = []
        for number, size in enumerate(part.sizes):
            label = next(printed)
            if part.bare:
                leaves.append(Leaf(-1))
                continue
            spot = part.spots[number] if part.spots else ""
            leaves.append(Leaf(len(forms), spot))
            forms.append(_form(part, size, label, first=not number) if not spot else {"k": "sheet", "label": label})
        plan.append(leaves)
    return forms, plan


def _form(part: Part, size: Sequence[float], label: str, *, first: bool) -> dict[str, Any]:
    head = {"head": part.head or not first, "rule": not first}
    return {"k": "running", "w": size[0], "h": size[1], "label": label, "volume": part.title} | head


def shortened(words: str, most: int) -> str:
    """The cover is one page; the whole name of the work stands among the salient features."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def cover_values(order: Imprinted) -> dict[str, Any]:
    """What stands on the cover."""
    p, estimate = order.frozen.inputs.project, order.frozen.inputs.estimate
    say = Decimal(estimate.say) if estimate else None
    facts = [
        ["Project number", p["code"]],
        ["Type of work", p["type"]],
        ["Place", ", ".join(part for part in (p["village"], p["mandal"], p["district"]) if part)],
        ["Administrative sanction", " · ".join(part for part in (p["as_file"], p["as_date"]) if part)],
        ["Prepared by", p["division"]],
    ]
    return {
        "authority": AUTHORITY,
        "authority_te": AUTHORITY_TE,
        "division": p["division"],
        "year": p["financial_year"],
        "kind": REPORT,
        "kind_te": REPORT_TE,
        "name": shortened(p["name"], LONGEST_NAME),
        "work": shortened(p["work"], LONGEST_WORK),
        "say": rupees0(say) if say is not None else "",
        "say_label": "Estimated cost (say)",
        "say_words": in_words(say) if say is not None else "",
        "facts": [fact for fact in facts if fact[1]],
        "number": order.number,
        "status": " · ".join([*KINDS[order.kind], order.day]),
    }
