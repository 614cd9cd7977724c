"""The assembly itself: frozen inputs in, one bound file out; the same inputs give the same bytes.

It knows no database and no queue: a Desk hands it files and kept parts, hears how far it is, and may stop it.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from portal.core.pdf.adopt import Helper
from portal.core.pdf.readback import Sheets
from portal.core.pdf.typeset import typeset
from portal.doc_assembly.rules import binding, characters, layout, steps
from portal.doc_assembly.rules.desk import Bound, Desk, Kept, Order
from portal.doc_assembly.rules.frozen import File
from portal.doc_assembly.rules.hashing import content_hash
from portal.doc_assembly.rules.units import Unit, boxes_of, input_hash, leaves_of, units_of

WORKERS = 2
LOOK_EVERY_S = 1.0
MOST_PASSES = 4


class NotSettled(Exception):
    """The contents did not keep their length in four passes."""


def assemble(order: Order) -> Bound:
    """All steps from the gate to the written file."""
    inputs, desk = order.frozen.inputs, order.desk
    desk.step(steps.GATE, 1, 1)  # what a draft leaves open is printed in it
    refused = _fetch(inputs.files, desk)
    files, damaged = _prepare([file for file in inputs.files if file.sha256 not in refused], order)
    refused |= damaged
    _warn(inputs.files, files, refused, desk)
    units = units_of(inputs, refused)
    for words in characters.warnings(boxes_of(inputs, units)):
        desk.warn(words)
    leaves = leaves_of(inputs, units)
    hashes = content_hash(leaves), input_hash(inputs, order.kind, leaves)
    placed = _placed(units, refused)
    made = _render(placed, files, desk)
    desk.step(steps.NUMBER, 0, 1)
    found = _settle(order, placed, made)
    return binding.bind(order, hashes, leaves, found)


def _fetch(files: Sequence[File], desk: Desk) -> dict[str, str]:
    """Every file is in the store and still has the hash it was uploaded with; what is not is named, all in one run."""
    refused = {}
    several = list({file.sha256: file for file in files}.values())
    desk.step(steps.FETCH, 0, len(several))
    for number, file in enumerate(several, 1):
        found = desk.digest(file.sha256)
        if found is None:
            refused[file.sha256] = "the file is missing from the store"
        elif found != file.sha256:
            refused[file.sha256] = "the file is not the one that was uploaded (its hash differs)"
        desk.step(steps.FETCH, number, len(several), file.title)
    return refused


def _prepare(files: Sequence[File], order: Order) -> tuple[dict[str, Kept], dict[str, str]]:
    """Each file once, fit to be bound, by its hash; and what could not be read."""
    desk = order.desk
    by_key = {Unit("", "", "", file=file).key: file for file in files}
    known = desk.kept(list(by_key))
    ready = {by_key[key].sha256: kept for key, kept in known.items()}
    refused: dict[str, str] = {}
    todo = [key for key in by_key if key not in known]
    total, done = len(by_key), len(known)
    desk.step(steps.NORMALISE, done, total)
    paths = {key: path for key in todo if (path := desk.path(by_key[key].sha256)) is not None}
    with _Crew(order.folder) as crew:
        results = _side_by_side(
            lambda key: (key, *crew.adopt(paths[key], by_key[key].mimetype, key)), list(paths), crew.watching(desk)
        )
        for key, found, seconds in results:
            done, file = done + 1, by_key[key]
            if "refused" in found:
                refused[file.sha256] = found["refused"]
            else:
                ready[file.sha256] = _keep_file(order, file, key, found, seconds)
            desk.step(steps.NORMALISE, done, total, file.title)
    return ready, refused


class _Crew:
    """The helpers that look into files; leaving ends them, whatever they are at."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.members = folder, [Helper() for _number in range(WORKERS)]
        self.free: SimpleQueue[Helper] = SimpleQueue()

    def __enter__(self) -> "_Crew":
        for helper in self.members:
            self.free.put(helper)
        return self

    def __exit__(self, *_error: object) -> None:
        for helper in self.members:
            helper.close()

    def adopt(self, path: Path, mimetype: str, key: str) -> tuple[dict[str, Any], float]:
        """What a helper found, and the seconds it took."""
        started, helper = time.monotonic(), self.free.get()
        try:
            return helper.adopt(path, mimetype, self.folder / key), time.monotonic() - started
        finally:
            self.free.put(helper)

    def watching(self, desk: Desk) -> Callable[[], None]:
        """A look whether to stop; if so, nobody goes on reading a file that takes for ever."""

        def look() -> None:
            try:
                desk.check()
            except BaseException:
                for helper in self.members:
                    helper.kill()
                raise

        return look


def _warn(files: Sequence[File], ready: Mapping[str, Kept], refused: Mapping[str, str], desk: Desk) -> None:
    """What was changed in a file or kept it out, by the order of the index: the same from kept parts as anew."""
    for file in files:
        if file.sha256 in refused:
            desk.warn(f"{file.title}: {refused[file.sha256]}. A page says so in its place.")
        elif removed := ready[file.sha256].found["removed"]:
            desk.warn(f"{file.title}: {', '.join(removed)}.")


def _keep_file(order: Order, file: File, key: str, found: dict[str, Any], seconds: float) -> Kept:
    content = order.folder / key if found["changed"] else None
    return order.desk.keep(key, content, Kept(file.sha256, found["pages"], found), seconds)


def _side_by_side(
    work: Callable[[Any], Any], things: Sequence[Any], look: Callable[[], None]
) -> Generator[Any, None, None]:
    """The results as they come, two at a time; `look` is called every second. Leaving early leaves nothing running."""
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting: set[Future[Any]] = set()
        rest = iter(things)
        try:
            while True:
                waiting |= {pool.submit(work, thing) for thing in islice(rest, 2 * WORKERS - len(waiting))}
                if not waiting:
                    return
                done, waiting = wait(waiting, timeout=LOOK_EVERY_S, return_when=FIRST_COMPLETED)
                look()
                for one in done:
                    yield one.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _placed(units: Sequence[Unit], refused: Mapping[str, str]) -> list[Unit]:
    """In a Draft a page stands in the place of a file that cannot be bound."""
    return [
        unit if unit.file is None or unit.file.sha256 not in refused else _notice(unit, refused[unit.file.sha256])
        for unit in units
    ]


def _notice(unit: Unit, reason: str) -> Unit:
    words = [{"t": f"This paper could not be bound: {reason}.", "b": True}]
    blocks = [
        {"k": "note", "runs": words},
        {"k": "p", "runs": "Upload it again in good order; the next version holds it."},
    ]
    values = {"template": "section", "code": "", "title": unit.title, "parts": [{"lang": "en", "blocks": blocks}]}
    return Unit(unit.code, unit.volume, unit.title, depth=unit.depth, values=values)


def _render(units: Sequence[Unit], files: Mapping[str, Kept], desk: Desk) -> dict[int, Kept]:
    """Every typeset part, from what is kept or anew; and every file."""
    made = {number: files[unit.file.sha256] for number, unit in enumerate(units) if unit.file is not None}
    typed = {number: unit for number, unit in enumerate(units) if unit.file is None and not unit.list_kind}
    keys = {number: unit.key for number, unit in typed.items()}
    known = desk.kept(list(keys.values()))
    made |= {number: known[key] for number, key in keys.items() if key in known}
    todo = [number for number in typed if number not in made]
    done = len(typed) - len(todo)
    desk.step(steps.RENDER, done, len(typed))

    def render(number: int) -> tuple[int, Sheets, float]:
        started = time.monotonic()
        return number, set_unit(typed[number].values), time.monotonic() - started

    for number, sheets, seconds in _side_by_side(render, todo, desk.check):
        done += 1
        kept = Kept("", len(sheets.sizes), {"sizes": sheets.sizes, "anchors": sheets.anchors})
        made[number] = desk.keep(keys[number], sheets.pdf, kept, seconds)
        desk.step(steps.RENDER, done, len(typed), f"{typed[number].code} {typed[number].title}")
    return made


def set_unit(values: dict[str, Any]) -> Sheets:
    """Typeset the values of a part with the template they name."""
    return typeset(values["template"], {name: value for name, value in values.items() if name != "template"})


def _settle(order: Order, units: Sequence[Unit], made: Mapping[int, Kept]) -> binding.Settled:
    """Lay out again until contents and lists keep their length; at most four passes."""
    inputs, desk, cover = order.frozen.inputs, order.desk, typeset("cover", binding.cover_values(order))
    lists = {number: unit for number, unit in enumerate(units) if unit.list_kind}
    lengths = {number: layout.Length(kept.pages, kept.found.get("anchors", {})) for number, kept in made.items()}
    lengths |= dict.fromkeys(lists, layout.Length(1, {}))
    fronts: dict[str, int] = {"0": len(cover.sizes) + 1}
    typed = _Typed()
    for attempt in range(MOST_PASSES):
        volumes, same = layout.volumes_of(units, lengths, fronts)
        laid = layout.Layout(volumes, same)
        desk.step(steps.CONTENTS, attempt, MOST_PASSES)
        heads = {volume.name: typed(volume.name, layout.front_values(laid, volume)) for volume in volumes}
        papers = {
            number: typed(unit.code, layout.list_values(unit, inputs, laid.places)) for number, unit in lists.items()
        }
        now = {name: len(sheets.sizes) for name, sheets in heads.items()}
        now["0"] += len(cover.sizes)
        long = {number: layout.Length(len(sheets.sizes), {}) for number, sheets in papers.items()}
        if now == {volume.name: volume.front for volume in volumes} and long == {n: lengths[n] for n in lists}:
            desk.step(steps.NUMBER, 1, 1)
            desk.step(steps.CONTENTS, MOST_PASSES, MOST_PASSES)
            return binding.Settled(laid, cover, heads, papers, made, units)
        before, fronts = sum(fronts.values()), now
        lengths |= long
    raise NotSettled(f"contents of {before} pages became {sum(now.values())}")


class _Typed:
    """Typesets a page again only when what it says has changed since the last pass."""

    def __init__(self) -> None:
        self.before: dict[str, tuple[dict[str, Any], Sheets]] = {}

    def __call__(self, name: str, values: dict[str, Any]) -> Sheets:
        values_before, sheets = self.before.get(name, (None, None))
        if sheets is None or values_before != values:
            sheets = set_unit(values)
            self.before[name] = (values, sheets)
        return sheets
