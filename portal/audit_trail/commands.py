"""What is done with the trail: its days are sealed, and what a search finds is handed out."""

import datetime as dt
import logging

from sqlalchemy import func, select

from portal.audit_trail.events import DaySealed
from portal.audit_trail.models import AuditDay, AuditRecord, AuditSeal
from portal.audit_trail.queries import _counted
from portal.audit_trail.rules import Ask
from portal.core import audit
from portal.core.access import Actor
from portal.core.calendar import IST, today
from portal.core.db import db, one_or_not_found
from portal.core.errors import Invalid, RuleBroken, TooLarge
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command

SEAL = "audit_trail.seal"
SHAPES = ("csv", "xlsx")
MOST_IN_A_WORKBOOK = 200_000
ONE_AT_A_TIME = 7_201_917  # the number of the advisory lock
log = logging.getLogger("portal.audit")


@command("seal")
def seal_day(actor: Actor, day: dt.date) -> AuditSeal:
    """Examine a closed day and sign its root. Raises RuleBroken for a day in which anything is wrong."""
    db.session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    kept = one_or_not_found(select(AuditDay).where(AuditDay.day == day, AuditDay.closed))
    if db.session.scalar(select(AuditSeal.id).where(AuditSeal.day == day)):
        raise RuleBroken(_("This day is sealed."))
    faults = [one for one in audit.examine(day).findings if one.rule != "unsealed"]
    if faults:
        raise RuleBroken(_("The trail of this day is broken, so it is not sealed. %(fault)s", fault=faults[0].says))
    sealed = audit.signed(day, kept.count, kept.tip)
    audit.because(f"{day.isoformat()} {sealed.root}")
    record(DaySealed(day=f"{day:%d-%m-%Y}", count=sealed.count, root=sealed.root, kid=sealed.kid), sealed, actor)
    return sealed


def _seal_over(actor: Actor) -> tuple[list[AuditSeal], list[tuple[dt.date, str]]]:
    """Seal every day that is over: the seals made, and the days that could not be sealed with the reason."""
    audit.close_days()
    made, broken = [], []
    for day in audit.unsealed_days():
        try:
            sealed = seal_day(actor, day)
        except RuleBroken as fault:
            broken.append((day, str(fault)))
            _raise_alarm(actor, day, str(fault))
        else:
            made.append(sealed)
            log.info("sealed %s: %s records, root %s", day, sealed.count, sealed.root)
    return made, broken


def _raise_alarm(actor: Actor, day: dt.date, fault: str) -> None:
    """Tampering is witnessed once a day for each day it is found in."""
    log.error("the audit trail of %s is not sealed: %s", day, fault)
    midnight = dt.datetime.combine(today(), dt.time(), IST)
    told = select(AuditRecord.why).where(
        AuditRecord.act == SEAL, AuditRecord.outcome == "tampering", AuditRecord.at >= midnight
    )
    if not any(why.startswith(f"{day:%d-%m-%Y}") for why in db.session.scalars(told)):
        audit.witness(SEAL, "tampering", actor=actor, why=f"{day:%d-%m-%Y}: {fault}")


@command("export")
def export_records(actor: Actor, ask: Ask, shape: str) -> int:
    """Note who takes what out of the trail; the position up to which it is taken. Needs a fresh proof of identity."""
    if shape not in SHAPES:
        raise Invalid(_("Take CSV or XLSX."), "shape")
    if shape == "xlsx" and _counted(ask, MOST_IN_A_WORKBOOK) > MOST_IN_A_WORKBOOK:
        most = MOST_IN_A_WORKBOOK
        raise TooLarge(
            _("These are more than the %(count)s records of a workbook. Take CSV, or narrow the search.", count=most)
        )
    audit.because(f"{shape}: {ask.words}")
    return db.session.scalar(select(func.max(AuditRecord.position))) or 0
