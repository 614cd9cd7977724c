"""From frozen inputs to the ordered parts of the report: what is typeset, what is attached, what each is keyed by."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from portal.core.pdf import adopt
from portal.core.pdf.typeset import ENGINE, font_set, template_version
from portal.doc_assembly.rules import characters, generated, hashing, markup
from portal.doc_assembly.rules.frozen import File, Inputs, Text
from portal.doc_assembly.rules.open_points import open_points
from portal.doc_assembly.rules.template import SECTIONS, VERSION

Block = dict[str, Any]
BINDING = "2"  # raised when binding, stamping or the order of parts changes
LISTS = {"IX": "drawing", "XI": "clearance_letter", "XII": "certificate", "I": "other"}


@dataclass(frozen=True)
class Unit:
    """One part of a volume's body. `values` are typeset; a `file` is bound as it is; a `list` waits for page labels."""

    code: str
    volume: str
    title: str
    depth: int = 2
    values: dict[str, Any] = field(default_factory=dict)
    file: File | None = None
    list_kind: str = ""
    entry: bool = True
    anchors: tuple[tuple[str, str], ...] = ()

    @property
    def shown_code(self) -> str:
        """The code as contents print it: of sections, not of bound papers."""
        return self.code if self.code in SECTIONS else ""

    @property
    def key(self) -> str:
        """The hash of everything the part is made from."""
        if self.file is not None:
            return hashing.leaf_of(["attached", self.file.sha256, self.file.mimetype, adopt.VERSION])
        return hashing.leaf_of(["section", self.values, template_version(), ENGINE, font_set()])


def engine_version() -> str:
    """What sets and binds, for the version's page."""
    return f"{ENGINE}, binding {BINDING}, templates {template_version()}, fonts {font_set()}"


def input_hash(inputs: Inputs, kind: str, leaves: dict[str, str]) -> str:
    """The contents, the particulars printed around them, template, options and engine."""
    whole = [leaves, inputs.project, VERSION, kind, engine_version()]
    return hashing.leaf_of(whole)


def units_of(inputs: Inputs, refused: dict[str, str]) -> list[Unit]:
    """The bodies of all volumes, in the order of the report."""
    texts = {text.code: text for text in inputs.texts}
    found: list[Unit] = []
    for code in SECTIONS:
        if code == "XII.1":
            found.append(_plain(code, open_points(inputs, refused, boxes_of(inputs, found))))
        elif code in PAPERS:
            found += PAPERS[code](inputs, code)
        else:
            found += _section(inputs, code, texts.get(code))
        if code == "I.15":
            found += _annexures(inputs)
    return found


def boxes_of(inputs: Inputs, units: Iterable[Unit]) -> dict[str, list[str]]:
    """The characters no font has: in typeset sections, but for the list that names them, and in titles of files."""
    sections = [(f"{unit.code} {unit.title}", unit.values) for unit in units if unit.values and unit.code != "XII.1"]
    return characters.boxes([*sections, *((file.title, [file.title, file.number]) for file in inputs.files)])


def _plain(code: str, blocks: list[Block]) -> Unit:
    section = SECTIONS[code]
    parts = [{"lang": "en", "blocks": blocks}]
    return Unit(
        code, section.volume, section.title, values=_values(code, section.title, parts), anchors=_anchors(blocks)
    )


def _values(code: str, title: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"template": "section", "code": code, "title": title, "parts": parts}


def _anchors(blocks: list[Block]) -> tuple[tuple[str, str], ...]:
    """The headings and bills that contents and bookmarks lead to, with their words."""
    return tuple(
        (block["anchor"], "".join(run if isinstance(run, str) else run["t"] for run in block["runs"]))
        for block in blocks
        if "anchor" in block
    )


MADE: dict[str, Callable[[Inputs], list[Block]]] = {
    "0.1": generated.salient,
    "0.2": generated.funding,
    "I.1": generated.background,
    "I.8": generated.cost_summary,
    "VII.1": generated.abstract,
}


def _section(inputs: Inputs, code: str, text: Text | None) -> list[Unit]:
    """A section that is made, written, or both; what is neither is left out and named among the open points."""
    section = SECTIONS[code]
    blocks = MADE[code](inputs) if code in MADE else []
    if text and text.text.strip():
        blocks = [*blocks, *markup.blocks_of(text.text, code)]
    parts = [{"lang": "en", "blocks": blocks}] if blocks else []
    anchors = _anchors(blocks)
    if text and text.text_te.strip():
        telugu = markup.blocks_of(text.text_te, f"{code}.te")
        for block in telugu:
            if "anchor" in block:
                block["runs"] = block["runs"][1:]
                del block["anchor"]
        head = [{"k": "h", "level": 2, "runs": section.title_te}] if section.title_te else []
        parts.append({"lang": "te", "blocks": [*head, *telugu]})
    if not parts:
        return []
    return [Unit(code, section.volume, section.title, values=_values(code, section.title, parts), anchors=anchors)]


def _bill(inputs: Inputs, code: str) -> list[Unit]:
    section = SECTIONS[code]
    if inputs.estimate is None:
        return [_plain(code, [generated.NO_ESTIMATE])]
    found = []
    for number, blocks in enumerate(generated.bill_parts(inputs.estimate)):
        rows = blocks[0]["rows"]
        anchors = tuple((row["anchor"], row["c"][0]) for row in rows if "anchor" in row)
        values = _values(code, section.title if not number else "", [{"lang": "en", "blocks": blocks}])
        found.append(Unit(code, section.volume, section.title, values=values, entry=not number, anchors=anchors))
    return found


def leaf_code(kind: str, number: int) -> str:
    """IX.D001 for drawings in index order, others section.A001 as first cited."""
    section = {"drawing": "IX.D", "clearance_letter": "XI.2.A", "certificate": "XII.2.A", "other": "I.A"}[kind]
    return f"{section}{number:03d}"


def files_of(inputs: Inputs, kind: str) -> Iterator[tuple[str, File]]:
    """The files of a kind with their codes, in the order of the index."""
    same = (file for file in inputs.files if file.kind == kind)
    return ((leaf_code(kind, number), file) for number, file in enumerate(same, 1))


def annexure(number: int) -> str:
    """I-A, I-B … I-Z, I-AA"""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"I-{letters}"


def _attached(inputs: Inputs, section: str) -> Iterator[Unit]:
    volume = SECTIONS[section].volume
    for code, file in files_of(inputs, LISTS[volume]):
        title = " ".join(part for part in (file.number, file.title) if part)
        yield Unit(code, volume, title, depth=3, file=file)


def _listed(inputs: Inputs, section: str) -> Iterator[Unit]:
    """A list of letters or certificates, then the papers themselves; nothing where there are none."""
    papers = list(_attached(inputs, section))
    if papers:
        volume, title = SECTIONS[section].volume, SECTIONS[section].title
        yield Unit(section, volume, title, list_kind=LISTS[volume])
        yield from papers


def _annexures(inputs: Inputs) -> Iterator[Unit]:
    for number, (code, file) in enumerate(files_of(inputs, "other"), 1):
        title = f"Annexure {annexure(number)}: {file.title}"
        yield Unit(code, "I", title, file=file)


def _index(inputs: Inputs, code: str) -> Iterator[Unit]:
    section = SECTIONS[code]
    yield Unit(code, section.volume, section.title, list_kind=LISTS[section.volume])


PAPERS: dict[str, Callable[[Inputs, str], Iterable[Unit]]] = {
    "VIII.1": _bill,
    "IX.1": _index,
    "IX.2": _attached,
    "XI.2": _listed,
    "XII.2": _listed,
}


def leaves_of(inputs: Inputs, units: list[Unit]) -> dict[str, str]:
    """A leaf for each section, of what it says, and for each attached file, of its original bytes."""
    contents: dict[str, list[Any]] = {}
    leaves: dict[str, str] = {}
    for unit in units:
        if unit.file is not None:
            leaves[unit.code] = unit.file.sha256
        elif unit.list_kind:
            listed = [[code, file.title, file.number, file.dated] for code, file in files_of(inputs, unit.list_kind)]
            contents.setdefault(unit.code, []).extend(listed)
        else:
            contents.setdefault(unit.code, []).extend(unit.values["parts"])
    return leaves | {code: hashing.leaf_of(content) for code, content in contents.items()}
