"""Settling what is doubtful: the report's value stands, or the right one takes its place."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Numeric

from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.errors import Invalid
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.projects.commands.register import _change, _locked, _recount
from portal.projects.events import FlagSettled
from portal.projects.models import DqFlag, Project
from portal.projects.queries.register import get_flag
from portal.projects.works_report.values import read_amount, read_dates


@command("import")
def settle_flag(actor: Actor, flag_id: UUID, values: dict[str, Any]) -> DqFlag:
    """Accept what stands, or put the given value in its place; from then on the work counts in averages again."""
    flag = get_flag(actor, flag_id)
    project = _locked(actor, flag.project_id)
    db.session.refresh(flag, with_for_update=True)
    decision, text = values["decision"], values["value"].strip()
    flag.settle(decision, values["note"], actor.id, now())
    if decision == "corrected":
        value = _read(flag.field, text)
        if getattr(project, flag.field) != value:
            _change(project, {flag.field: value}, actor, str(_("doubt settled")))
    fact = FlagSettled(
        field=flag.field.replace("_", " "),
        code=flag.code,
        found=flag.found,
        decision=decision,
        value=text if decision == "corrected" else "",
        note=values["note"],
    )
    record(fact, flag, actor)
    _recount([project.id])
    return flag


def _read(field: str, text: str) -> Any:
    """What was typed, as the field takes it. Raises Invalid at the field "value"."""
    if not text:
        raise Invalid(_("Write the right value."), "value")
    kind = Project.__table__.c[field].type
    if isinstance(kind, Date):
        days = read_dates(text)
        if len(days) != 1:
            raise Invalid(_("Not a date. Write it as 31-12-2026."), "value")
        return days[0]
    if isinstance(kind, Numeric):
        return _number(text, money=kind.precision == 16)
    return text


def _number(text: str, *, money: bool) -> Decimal:
    if money:
        amount = read_amount(text)
        if amount.held is not None:
            raise Invalid(_("Write the unit: crore or lakh."), "value")
        if amount.rupees is None:
            raise Invalid(_("Not an amount. Write it as 368.90 crore, or in full rupees."), "value")
        return amount.rupees
    try:
        found = Decimal(text.replace("%", "").replace("−", "-").strip())
    except ArithmeticError:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) >= 100_000:
        raise Invalid(_("Not a percentage."), "value")
    return found.quantize(Decimal("0.01"))
