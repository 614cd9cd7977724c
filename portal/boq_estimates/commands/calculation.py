"""Working out a version anew: section totals, W, the recapitulation by the heads in force, G and say."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select

from portal.boq_estimates.events import EstimateCalculated
from portal.boq_estimates.models import Estimate, EstimateVersion, RecapHead, RecapLine
from portal.boq_estimates.queries.estimates import _heads_on, _recap
from portal.boq_estimates.rules import recap as rules
from portal.boq_estimates.rules.amounts import in_lakh
from portal.core.access import Actor
from portal.core.calendar import today
from portal.core.db import db
from portal.core.events import record
from portal.core.money import crore_lakh

FIGURES = ("works_total", "grand_total", "say_amount")


class _Known(NamedTuple):
    """Lines the version has, lines whose choices hold (its own, or those it is based on), and the masters by code."""

    own: Mapping[str, RecapLine]
    lines: Mapping[str, RecapLine]
    masters: Mapping[str, RecapHead]


def _heads() -> list[RecapHead]:
    """The heads in force today; an empty master is filled with what a new portal starts with."""
    if not db.session.scalar(select(RecapHead.id).limit(1)):
        db.session.add_all(RecapHead(**row) for row in rules.seed_rows())
        db.session.flush()
    return list(_heads_on(today()))


def _head(row: RecapHead) -> rules.Head:
    return rules.head_of({name: getattr(row, name) for name in rules.Head.__dataclass_fields__})


def _choices(lines: Iterable[RecapLine]) -> dict[str, rules.Choice]:
    return {line.head_code: rules.Choice(line.chosen_pct, line.chosen_amount) for line in lines}


def _recalculate(
    actor: Actor, estimate: Estimate, version: EstimateVersion, works: Decimal, *, kept: Iterable[RecapLine] = ()
) -> None:
    """Set W, T, G, say and the lines; `kept` are lines of an earlier version whose choices go on to hold."""
    before = {name: getattr(version, name) for name in FIGURES}
    own = {line.head_code: line for line in _recap(version)}
    lines = own or {line.head_code: line for line in kept}
    masters = {row.code: row for row in _heads()}
    found = rules.recapitulate(
        works, map(_head, masters.values()), _choices(lines.values()), months=estimate.duration_months or 0
    )
    version.works_total, version.taxable_total = works, found.taxable
    version.grand_total, version.say_amount = found.grand_total, found.say
    version.ts_amount_lakh = in_lakh(found.say)
    changed = [
        line.head.code
        for position, line in enumerate(found.lines, 1)
        if _store(version, position, line, _Known(own, lines, masters))
    ]
    _tell(actor, estimate, version, before, changed)


def _store(version: EstimateVersion, position: int, line: rules.Line, known: _Known) -> bool:
    """Write one line; True when its amount is another than before."""
    code = line.head.code
    row, earlier = known.own.get(code), known.lines.get(code)
    if row is None:
        row = RecapLine(project_id=version.project_id, version_id=version.id, head_code=code)
        for name in ("chosen_pct", "chosen_amount", "reason", "document_id"):
            setattr(row, name, getattr(earlier, name) if earlier else "" if name == "reason" else None)
        db.session.add(row)
    came_to = row.amount
    values: dict[str, Any] = {
        "label": line.head.label,
        "part": line.head.part,
        "position": position,
        "mode": line.head.mode,
        "pct_used": line.pct,
        "base_amount": line.base,
        "amount": line.amount,
        "why": line.why,
        "order_ref": known.masters[code].order_ref if code in known.masters else "",
    }
    for name, value in values.items():
        setattr(row, name, value)
    return bool(came_to != line.amount)


def _tell(
    actor: Actor, estimate: Estimate, version: EstimateVersion, before: dict[str, Decimal], changed: list[str]
) -> None:
    fact = EstimateCalculated(
        estimate_id=estimate.id,
        version=version.label,
        works_total=version.works_total,
        grand_total=version.grand_total,
        say_amount=version.say_amount,
        works_text=crore_lakh(version.works_total),
        say_text=crore_lakh(version.say_amount),
        changed_heads=changed,
        before=before,
        after={name: getattr(version, name) for name in FIGURES},
    )
    record(fact, estimate, actor)
