"""The recapitulation (general abstract): W, statutory additions, taxes and provisions, each line a whole rupee.

Percentage heads work on the unrounded W or seigniorage; a tax works on the sum of the rounded lines it taxes. The
percentages are dated rows (heads.toml is what an empty portal starts with), never constants of this file.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from portal.boq_estimates.rules.amounts import PERCENT, escalation_factor, say_of
from portal.core.i18n import _
from portal.core.money import round0, round2

PARTS = ("A_works", "B1_statutory", "B2_tax", "B3_provision")
TAXABLE = ("A_works", "B1_statutory")
ROUNDING = "rounding"
ZERO = Decimal(0)
# The labels of heads.toml, here so that they reach the catalogue of translations.
TRANSLATED = (
    _("Works (total of all bills)"),
    _("Seigniorage"),
    _("District mineral foundation trust"),
    _("State mineral exploration trust"),
    _("Permit fee on minerals"),
    _("National Academy of Construction cess"),
    _("Labour welfare cess"),
    _("GST on works"),
    _("Quality control"),
    _("Contingencies"),
    _("Price escalation"),
    _("Utility shifting (as demanded, taxes included)"),
    _("Environmental management measures"),
    _("Project management consultancy"),
    _("Consultancy and DPR"),
    _("GST on consultancy services"),
    _("Land acquisition"),
    _("Tree translocation"),
    _("Unforeseen items"),
)


@dataclass(frozen=True)
class Slab:
    """The percentage for W up to and including `up_to` (None: any), with the least amount it may come to."""

    pct: Decimal
    up_to: Decimal | None = None
    floor: Decimal = ZERO


@dataclass(frozen=True)
class Head:
    """One head of the recapitulation as it stands on a day.

    `mode`: works, pct, slab, escalation or lump_sum. `base`: "W", "seigniorage" (unrounded), "T" or codes of heads.
    """

    code: str
    label: str
    part: str
    seq: int
    mode: str
    pct: Decimal = ZERO
    base: tuple[str, ...] = ()
    slabs: tuple[Slab, ...] = ()
    allowed_min_pct: Decimal | None = None
    allowed_max_pct: Decimal | None = None
    editable_by: tuple[str, ...] = ()
    account_head: str = ""
    payable_to_contractor: bool = False
    in_tender_value: bool = False

    @property
    def takes_amount(self) -> bool:
        """An officer enters rupees rather than a percentage."""
        return self.mode == "lump_sum"


@dataclass(frozen=True)
class Choice:
    """What an officer set for a head, other than its default."""

    pct: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Line:
    """One line as computed: `why` is the formula in figures, for the officer who asks."""

    head: Head
    pct: Decimal | None
    base: Decimal | None
    amount: Decimal
    why: str


@dataclass(frozen=True)
class Recapitulation:
    """All lines, the rounding among them, so that they sum to the say figure."""

    works: Decimal
    lines: tuple[Line, ...]
    taxable: Decimal
    grand_total: Decimal
    say: Decimal


@dataclass
class _Sheet:
    """The work in progress: figures by name, lines in order."""

    works: Decimal
    months: int
    choices: Mapping[str, Choice]
    exact: dict[str, Decimal] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def base_of(self, head: Head) -> Decimal:
        """Unrounded W and seigniorage; T and other heads as the sum of their rounded lines."""
        return sum((self._named(name) for name in head.base), ZERO)

    def _named(self, name: str) -> Decimal:
        if name in self.exact:
            return self.exact[name]
        wanted = [line for line in self.lines if line.head.code == name or (name == "T" and line.head.part in TAXABLE)]
        return sum((line.amount for line in wanted), ZERO)

    def total(self, *parts: str) -> Decimal:
        """The sum of the rounded lines of some parts."""
        return sum((line.amount for line in self.lines if line.head.part in parts), ZERO)


def recapitulate(
    works: Decimal, heads: Iterable[Head], choices: Mapping[str, Choice] | None = None, *, months: int = 0
) -> Recapitulation:
    """T, G and say from the works total; heads are taken in their order, each after what it is based on."""
    sheet = _Sheet(works, months, choices or {})
    sheet.exact["W"] = works
    for head in sorted(heads, key=lambda head: (PARTS.index(head.part), head.seq)):
        sheet.lines.append(_line(sheet, head))
    grand_total = sheet.total(*PARTS)
    say = say_of(grand_total)
    rounding = Head(ROUNDING, "Rounding", "B3_provision", 999, "works")
    sheet.lines.append(Line(rounding, None, None, say - grand_total, f"{say} − {grand_total}"))
    return Recapitulation(works, tuple(sheet.lines), sheet.total(*TAXABLE), grand_total, say)


def _line(sheet: _Sheet, head: Head) -> Line:
    choice = sheet.choices.get(head.code, Choice())
    if head.mode == "works":
        return Line(head, None, sheet.works, round0(sheet.works), f"W = {sheet.works}")
    if head.mode == "lump_sum":
        entered = choice.amount or ZERO
        sheet.exact[head.code] = entered
        return Line(head, None, None, round0(entered), f"{round2(entered)}")
    base = sheet.base_of(head)
    if head.mode == "escalation":
        return _escalated(head, base, choice.pct if choice.pct is not None else head.pct, sheet.months)
    pct, floor = default_of(head, sheet.works)
    if choice.pct is not None and choice.pct != pct:
        pct, floor = choice.pct, ZERO
    amount = round0(base * pct / PERCENT)
    why = f"{pct.normalize():f} % × {base}"
    return Line(head, pct, base, max(amount, round0(floor)), f"{why} < {floor}" if amount < floor else why)


def _escalated(head: Head, base: Decimal, pct: Decimal, months: int) -> Line:
    factor = escalation_factor(months, pct)
    return Line(head, pct, base, round0(base * factor), f"{base} × {factor} ({months}, {pct.normalize():f} %)")


def default_of(head: Head, works: Decimal) -> tuple[Decimal, Decimal]:
    """The percentage a head has by itself, and its least amount; a sliding head chooses by W."""
    for slab in head.slabs:
        if slab.up_to is None or works <= slab.up_to:
            return slab.pct, slab.floor
    return head.pct, ZERO


def head_of(row: Mapping[str, Any]) -> Head:
    """A head from a row of heads.toml or of the master table; figures are texts there, so that none passes a float."""
    known = {name: row[name] for name in Head.__dataclass_fields__ if name in row}
    for name in ("pct", "allowed_min_pct", "allowed_max_pct"):
        if known.get(name) is not None:
            known[name] = Decimal(known[name])
    known["base"], known["editable_by"] = tuple(row.get("base", ())), tuple(row.get("editable_by", ()))
    known["slabs"] = tuple(
        Slab(Decimal(slab["pct"]), Decimal(slab["up_to"]) if slab.get("up_to") else None, Decimal(slab.get("floor", 0)))
        for slab in row.get("slabs", ())
    )
    return Head(**known)


def seed_rows() -> Sequence[dict[str, Any]]:
    """The heads an empty portal starts with, each with its date and the order it rests on."""
    rows: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("heads.toml").read_text())["head"]
    return rows
