"""What an officer sets by hand: particulars of the estimate, percentages and lump sums of the recapitulation."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.attachments.queries import list_attachments
from portal.boq_estimates.commands.calculation import _head, _heads, _recalculate
from portal.boq_estimates.events import EstimateEdited, HeadChanged
from portal.boq_estimates.models import Estimate, EstimateVersion, RecapLine
from portal.boq_estimates.queries import get_estimate, get_recap_line, get_version
from portal.boq_estimates.rules.recap import Head, default_of
from portal.core.access import Actor
from portal.core.errors import Invalid, NotPermitted, RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.money import LAKH, figure, rupees
from portal.core.usecases import command

REASON = 10
WORDS = {
    "title": "title",
    "base_rate_year": "rate year",
    "duration_months": "duration",
    "approved_budget": "budget",
}


@command()
def edit_estimate(actor: Actor, estimate_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> Estimate:
    """Correct title, rate year, approved budget or duration; a new duration moves the price escalation.

    Saving what is there already is no change at all.
    """
    estimate = get_estimate(actor, estimate_id)
    estimate.seen_as(seen)
    after = {name: values[name] for name in WORDS if name in values and values[name] != getattr(estimate, name)}
    if not after:
        return estimate
    before = {name: getattr(estimate, name) for name in after}
    for name, value in after.items():
        setattr(estimate, name, value)
    changes = ", ".join(f"{WORDS[name]} {_said(before[name])} → {_said(after[name])}" for name in after)
    fact = EstimateEdited(estimate_id=estimate.id, changes=changes, before=before, after=after)
    if estimate.current_version_id:
        version = get_version(actor, estimate.current_version_id)
        version.edit()
        record(fact, estimate, actor)
        _recalculate(actor, estimate, version, version.works_total)
    else:
        record(fact, estimate, actor)
    return estimate


def _said(value: Any) -> str:
    if value is None:
        return "–"
    return f"“{value}”" if isinstance(value, str) else figure(value) if isinstance(value, Decimal) else str(value)


@command("recapitulate")
def set_head(actor: Actor, line_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> RecapLine:
    """Set a head's percentage or lump sum: pct, amount, reason, document_id. Empty figures bring the default back.

    Raises Invalid outside the allowed range, without a reason, or without the document of a large lump sum.
    """
    line = get_recap_line(actor, line_id)
    line.seen_as(seen)
    version = get_version(actor, line.version_id)
    estimate = get_estimate(actor, version.estimate_id)
    if estimate.current_version_id != version.id:
        raise RuleBroken(_("This is not the current version. Open that one to change it."))
    head = next((_head(row) for row in _heads() if row.code == line.head_code), None)
    if head is None or actor.role not in (*head.editable_by, "system"):
        raise NotPermitted(_("This head follows from orders and is not set by hand."))
    version.must_be_draft()
    before, set_before = _figure(line), _set_by_hand(line)
    _choose(actor, version, head, line, values)
    if _set_by_hand(line) == set_before:
        return line
    version.edit()
    _recalculate(actor, estimate, version, version.works_total)
    fact = HeadChanged(
        estimate_id=estimate.id,
        version=version.label,
        head_code=head.code,
        label=line.label,
        before=before,
        after=_figure(line),
        reason=line.reason or str(_("back to the default")),
    )
    record(fact, estimate, actor)
    return line


def _choose(actor: Actor, version: EstimateVersion, head: Head, line: RecapLine, values: dict[str, Any]) -> None:
    pct, amount = values.get("pct"), values.get("amount")
    reason, document = (values.get("reason") or "").strip(), values.get("document_id")
    default, _floor = default_of(head, version.works_total)
    if head.takes_amount:
        _check_amount(actor, version, amount or Decimal(0), document)
        line.chosen_amount, line.document_id = amount or None, document
    else:
        pct = None if pct == default else pct
        _check_pct(head, pct)
        line.chosen_pct = pct
    off = line.chosen_amount is not None or line.chosen_pct is not None
    if off and len(reason) < REASON:
        raise Invalid(_("Say why, in at least %(count)s letters.", count=REASON), "reason")
    line.reason = reason if off else ""


def _check_pct(head: Head, pct: Decimal | None) -> None:
    low, high = head.allowed_min_pct, head.allowed_max_pct
    if pct is None or low is None or high is None:
        return
    if not low <= pct <= high:
        limits = {"low": f"{low.normalize():f}", "high": f"{high.normalize():f}"}
        raise Invalid(_("Only %(low)s to %(high)s per cent are allowed.", **limits), "pct")


def _check_amount(actor: Actor, version: EstimateVersion, amount: Decimal, document: UUID | None) -> None:
    """Above one lakh a lump sum rests on a document of the project, such as a demand note."""
    if amount < 0:
        raise Invalid(_("An amount is never negative."), "amount")
    if amount <= LAKH and document is None:
        return
    known = {attachment.id for attachment in list_attachments(actor, version.project_id)}
    if document not in known:
        raise Invalid(
            _("Above ₹1,00,000 name the document it rests on; attach it to the project first."), "document_id"
        )


def _set_by_hand(line: RecapLine) -> tuple[Any, ...]:
    return line.chosen_pct, line.chosen_amount, line.reason, line.document_id


def _figure(line: RecapLine) -> str:
    if line.mode == "lump_sum":
        return f"₹{rupees(line.amount)}"
    return f"{(line.pct_used or Decimal(0)).normalize():f} %"
