"""Instruments are prepared, issued, declared, reviewed and revoked; the calendar begins and ends them."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, cast, func, select

from portal.accounts.models import Officer
from portal.core.access import Actor
from portal.core.calendar import today
from portal.core.cards import forget
from portal.core.db import db, one_or_not_found
from portal.core.errors import Invalid, RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.money import rupees
from portal.core.usecases import command
from portal.delegations.events import (
    DelegationEnded,
    DelegationStarted,
    EventDeclared,
    InstrumentChanged,
    InstrumentDiscarded,
    InstrumentIssued,
    InstrumentLapsed,
    InstrumentPrepared,
    InstrumentReviewed,
    InstrumentRevoked,
)
from portal.delegations.models import DelegationInstrument
from portal.delegations.queries import _clash_in_words, _clashes, _due, _receivers
from portal.delegations.rules import faults, review_fault

REGISTER_LOCK = 7_201_918  # the number of the advisory lock
SAID = (
    *("type", "charge", "floor_rs", "ceiling_rs", "project_classes", "circles", "starts_on", "ends_on", "review_on"),
    *("condition", "reason", "outside_approval_ref"),
)


@command()
def prepare_instrument(actor: Actor, values: dict[str, Any]) -> DelegationInstrument:
    """Make a draft. It lends nothing until the Chief Engineer issues it."""
    made = DelegationInstrument(prepared_by=actor.id, prepared_by_name=actor.name or actor.role)
    _fill(made, values)
    db.session.add(made)
    record(InstrumentPrepared(officer=made.to_officer_name, amount=rupees(made.ceiling_rs)), made, actor)
    _check(made)
    return made


@command()
def edit_instrument(
    actor: Actor, instrument_id: UUID, values: dict[str, Any], *, seen: int | None = None
) -> DelegationInstrument:
    """Change a draft. Raises Stale when somebody else saved meanwhile."""
    draft = _held(instrument_id)
    draft.seen_as(seen)
    draft.refuse_unless_draft()
    if changed := _fill(draft, values):
        fields = ", ".join(name.replace("_", " ") for name in changed)
        record(InstrumentChanged(fields=fields), draft, actor)
        db.session.refresh(draft)
        _check(draft)
    return draft


@command()
def discard_instrument(actor: Actor, instrument_id: UUID) -> None:
    """Throw a draft away; the trail keeps what stood in it."""
    draft = _held(instrument_id)
    draft.refuse_unless_draft()
    record(InstrumentDiscarded(officer=draft.to_officer_name), draft, actor)
    db.session.delete(draft)


@command("issue")
def issue_instrument(actor: Actor, instrument_id: UUID, *, seen: int | None = None) -> DelegationInstrument:
    """Put a draft in force, or on standby; it gets the next number of the register. Needs a fresh proof of identity.

    Raises RuleBroken where two officers would be lent the same power in one circle over the same days.
    """
    _hold_register()
    draft = _held(instrument_id)
    draft.seen_as(seen)
    draft.refuse_unless_draft()
    _check(draft)
    draft.issue(_next_number(), actor)
    if draft.state == "active":
        _refuse_clash(draft)
    officer = {"officer": draft.to_officer_name, "officer_id": str(draft.to_officer_id)}
    by, number = draft.from_officer_name, draft.instrument_no
    record(InstrumentIssued(instrument=number, by=by, state=draft.state, **officer), draft, actor)
    _begin(draft, actor)
    forget(draft.to_officer_id)
    return draft


@command("issue")
def declare_event(
    actor: Actor, instrument_id: UUID, values: dict[str, Any], *, seen: int | None = None
) -> DelegationInstrument:
    """The event a conditional instrument waited for has come: it takes effect today, or on its first day."""
    _hold_register()
    waiting = _held(instrument_id)
    waiting.seen_as(seen)
    waiting.declare(today(), values["why"])
    _refuse_stray(waiting)
    _refuse_clash(waiting)
    to = str(waiting.to_officer_id)
    record(EventDeclared(instrument=waiting.instrument_no, officer_id=to, why=values["why"]), waiting, actor)
    _begin(waiting, actor)
    forget(waiting.to_officer_id)
    return waiting


@command("issue")
def review_instrument(
    actor: Actor, instrument_id: UUID, values: dict[str, Any], *, seen: int | None = None
) -> DelegationInstrument:
    """Let it go on after a review, until the next within twelve months."""
    live = _held(instrument_id)
    live.seen_as(seen)
    live.review(today(), values["review_on"])
    if fault := review_fault(values["review_on"], today()):
        raise Invalid(fault, "review_on")
    fact = InstrumentReviewed(instrument=live.instrument_no, review_on=f"{values['review_on']:%d-%m-%Y}")
    record(fact, live, actor)
    return live


@command("issue")
def revoke_instrument(
    actor: Actor, instrument_id: UUID, values: dict[str, Any], *, seen: int | None = None
) -> DelegationInstrument:
    """Take an instrument back: new acts stop at once, those done stand."""
    live = _held(instrument_id)
    live.seen_as(seen)
    live.revoke(values["why"])
    to = str(live.to_officer_id)
    record(InstrumentRevoked(instrument=live.instrument_no, officer_id=to, why=values["why"]), live, actor)
    _end(live, actor)
    forget(live.to_officer_id)
    return live


@command("clock")
def turn_over(actor: Actor, day: dt.date) -> int:
    """Tell what began by the calendar, and mark what ran out; what is lent never waits for this. Returns how many."""
    found = select(DelegationInstrument).where(_due(day)).order_by(DelegationInstrument.id)
    due = db.session.scalars(_locked(found)).all()
    for one in due:
        _begin(one, actor, day)
        if one.ends_on is not None and one.ends_on < day:
            one.expire(day)
            _end(one, actor)
        forget(one.to_officer_id)
    return len(due)


def _held(instrument_id: UUID) -> DelegationInstrument:
    """Within a command: the instrument, which nobody else changes until it ends. Raises NotFound."""
    return one_or_not_found(_locked(select(DelegationInstrument).where(DelegationInstrument.id == instrument_id)))


def _locked(found: Select[DelegationInstrument]) -> Select[DelegationInstrument]:
    return found.with_for_update(of=DelegationInstrument).execution_options(populate_existing=True)


def _hold_register() -> None:
    """One instrument at a time is put in force, so that no two overlap and no number is given twice."""
    db.session.execute(select(func.pg_advisory_xact_lock(REGISTER_LOCK)))


def _next_number() -> str:
    """DI-2026-001: counted within the calendar year of issue, without gaps."""
    stem = f"DI-{today().year}-"
    serial = cast(func.split_part(DelegationInstrument.instrument_no, "-", 3), Integer)
    last = select(func.max(serial)).where(DelegationInstrument.instrument_no.startswith(stem))
    return f"{stem}{(db.session.scalar(last) or 0) + 1:03d}"


def _fill(draft: DelegationInstrument, values: dict[str, Any]) -> list[str]:
    """Put what was typed into a draft and name what changed. Raises Invalid for somebody who can be lent nothing."""
    said = {name: values[name] for name in SAID} | {"floor_rs": values["floor_rs"] or Decimal(0)}
    changed = [name for name, value in said.items() if (getattr(draft, name) or None) != (value or None)]
    for name, value in said.items():
        setattr(draft, name, value)
    officer = _receiver(values["to_officer"])
    if officer.id != draft.to_officer_id:
        draft.to_officer_id, changed = officer.id, [*changed, "to_officer"]
    draft.to_officer_name = officer.name
    return changed


def _receiver(username: str) -> Officer:
    found = next((one for one in _receivers() if one.username == username.strip().lower()), None)
    if found is None:
        raise Invalid(_("There is no officer of this user name to whom an instrument can be given."), "to_officer")
    return found


def _check(draft: DelegationInstrument) -> None:
    """Raise Invalid with the first fault of the terms as they stand today."""
    _refuse_stray(draft)
    for field, fault in faults(draft.terms, today()):
        raise Invalid(fault, field)


def _refuse_stray(instrument: DelegationInstrument) -> None:
    if instrument.strays:
        who = instrument.to_officer_name
        raise RuleBroken(
            _("%(name)s cannot be lent anything now: the account is closed, or the role changed.", name=who)
        )


def _refuse_clash(mine: DelegationInstrument) -> None:
    """Two officers are never lent the same power."""
    for other, circles in _clashes(mine):
        raise RuleBroken(_clash_in_words(other, circles))


def _begin(instrument: DelegationInstrument, actor: Actor, day: dt.date | None = None) -> None:
    """Tell that it is in force, once its first day has come."""
    day = day or today()
    if instrument.state != "active" or instrument.began_on is not None or instrument.begins > day:
        return
    instrument.began_on = instrument.begins
    ends = f"{instrument.ends_on:%d-%m-%Y}" if instrument.ends_on else str(_("further notice"))
    fact = DelegationStarted(
        instrument=instrument.instrument_no,
        officer=instrument.to_officer_name,
        officer_id=str(instrument.to_officer_id),
        amount=str(instrument.ceiling_rs),
        state=instrument.state,
        starts_on=f"{instrument.begins:%d-%m-%Y}",
        ends_on=ends,
    )
    record(fact, instrument, actor)


def _end(instrument: DelegationInstrument, actor: Actor) -> None:
    """Tell that it is in force no longer, or that it never was."""
    if instrument.began_on is None:
        if instrument.state == "expired":
            record(InstrumentLapsed(instrument=instrument.instrument_no), instrument, actor)
        return
    last = instrument.ends_on if instrument.state == "expired" else today()
    fact = DelegationEnded(
        instrument=instrument.instrument_no,
        officer=instrument.to_officer_name,
        officer_id=str(instrument.to_officer_id),
        amount=str(instrument.ceiling_rs),
        state=instrument.state,
        ended_on=f"{last:%d-%m-%Y}",
    )
    record(fact, instrument, actor)
