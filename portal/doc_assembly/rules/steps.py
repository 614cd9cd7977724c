"""The steps of a build, how much each weighs, and how long the rest may take (doc-assembly section 8)."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from portal.core.i18n import _

ACCEPT, FREEZE, GATE, FETCH, NORMALISE, RENDER, NUMBER, CONTENTS, ASSEMBLE, STAMP, MARKS = range(1, 12)
ARCHIVE, OFFICE, PACKAGE, PUBLISH = range(12, 16)
WEIGHTS = {
    ACCEPT: Decimal(1),
    FREEZE: Decimal(4),
    GATE: Decimal(3),
    FETCH: Decimal(15),
    NORMALISE: Decimal(15),
    RENDER: Decimal(25),
    NUMBER: Decimal(4),
    CONTENTS: Decimal(5),
    ASSEMBLE: Decimal(10),
    STAMP: Decimal(6),
    MARKS: Decimal(3),
    ARCHIVE: Decimal(5),
    OFFICE: Decimal(2),
    PACKAGE: Decimal("1.5"),
    PUBLISH: Decimal("0.5"),
}
TITLES = {
    ACCEPT: _("Accept and lock"),
    FREEZE: _("Freeze inputs"),
    GATE: _("Check completeness"),
    FETCH: _("Fetch and verify attachments"),
    NORMALISE: _("Prepare attachments"),
    RENDER: _("Render sections"),
    NUMBER: _("Number pages, resolve references"),
    CONTENTS: _("Contents and lists"),
    ASSEMBLE: _("Assemble volumes"),
    STAMP: _("Stamp pages"),
    MARKS: _("Bookmarks, labels, particulars"),
    ARCHIVE: _("Archive form"),
    OFFICE: _("Office formats"),
    PACKAGE: _("Manifest and hashes"),
    PUBLISH: _("Publish"),
}
ENOUGH_RUNS = 5


class Standing(NamedTuple):
    """How far one step is; total 0: nothing to do."""

    done: int
    total: int
    finished: bool


def steps_of(kind: str) -> list[int]:
    """A draft is not archived."""
    return [step for step in WEIGHTS if step != ARCHIVE or kind != "draft"]


def percent(kind: str, standing: Mapping[int, Standing]) -> Decimal:
    """Weights of finished steps, and of the current one its share; one decimal, rounded down."""
    reached = Decimal(0)
    for step in steps_of(kind):
        now = standing.get(step)
        if now is None:
            continue
        share = Decimal(1) if now.finished else Decimal(now.done) / now.total if now.total else Decimal(0)
        reached += WEIGHTS[step] * share
    whole = sum((WEIGHTS[step] for step in steps_of(kind)), Decimal(0))
    return (reached * 100 / whole).quantize(Decimal("0.1"), ROUND_DOWN)


def nearest_rank(sample: Sequence[Decimal], rank: int) -> Decimal:
    """The percentile by nearest rank."""
    ordered = sorted(sample)
    place = -(-rank * len(ordered) // 100)
    return ordered[max(1, place) - 1]


def time_left(left: Mapping[int, int], past: Mapping[int, Sequence[Decimal]]) -> tuple[int, int] | None:
    """P50 to P80 of past seconds per unit × units left, over the steps with work left; None: not enough history."""
    low = high = Decimal(0)
    for step, units in left.items():
        if not units:
            continue
        seen = past.get(step, ())
        if len(seen) < ENOUGH_RUNS:
            return None
        low += nearest_rank(seen, 50) * units
        high += nearest_rank(seen, 80) * units
    return int(low.to_integral_value(ROUND_HALF_UP)), int(high.to_integral_value(ROUND_HALF_UP))


class Rates(NamedTuple):
    """What past builds took: seconds per unit, and seconds in all, by step."""

    by_unit: Mapping[int, Sequence[Decimal]]
    whole: Mapping[int, Sequence[Decimal]]


def expected(kind: str, standing: Mapping[int, Standing], rates: Rates) -> tuple[int, int] | None:
    """Time left: the current steps by their units, the steps to come by what they took in all."""
    left: dict[int, int] = {}
    past: dict[int, Sequence[Decimal]] = {}
    for step in steps_of(kind):
        now = standing.get(step)
        if now is None:
            left[step], past[step] = 1, rates.whole.get(step, ())
        elif not now.finished:
            left[step], past[step] = now.total - now.done, rates.by_unit.get(step, ())
    return time_left(left, past)


class Shown(NamedTuple):
    """A step as a page shows it: state done, now, todo, bad or skipped; its counts and seconds."""

    state: str
    label: Any
    detail: str


def shown(kind: str, status: str, current: int, found: Mapping[int, Any]) -> list[Shown]:
    """The steps of a build with counts and seconds; what failed or was stopped is marked at the step it was at."""
    rows = []
    for number in steps_of(kind):
        step = found.get(number)
        state = "done" if status == "COMPLETED" or (step and step.finished) else "todo"
        if number == current and status in ("RUNNING", "CANCELLING"):
            state = "now"
        elif number == current and status in ("FAILED", "CANCELLED"):
            state = "bad"
        if step and step.finished and not step.total:
            state = "skipped"
        rows.append(Shown(state, TITLES[number], _detail(step)))
    return rows


def _detail(step: Any) -> str:
    if step is None:
        return ""
    count = f"{step.done}/{step.total}" if step.total > 1 else ""
    seconds = f"{step.seconds:.1f} s" if step.finished or step.done else ""
    return " · ".join(part for part in (count, seconds) if part)
