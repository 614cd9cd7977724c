"""Facts about instruments of delegation; what begins and ends by them has the topics of technical sanction."""

from dataclasses import dataclass

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class InstrumentPrepared(Event):
    """A draft was made."""

    topic = "hmda.delegations.instrument.prepared"
    says = _("Prepared for {officer}, up to ₹ {amount}.")
    officer: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class InstrumentChanged(Event):
    """A draft was changed; the fields are named."""

    topic = "hmda.delegations.instrument.changed"
    says = _("Changed: {fields}.")
    fields: str


@dataclass(frozen=True, kw_only=True)
class InstrumentDiscarded(Event):
    """A draft was thrown away."""

    topic = "hmda.delegations.instrument.discarded"
    says = _("The draft for {officer} was discarded.")
    officer: str


@dataclass(frozen=True, kw_only=True)
class InstrumentIssued(Event):
    """The Chief Engineer issued it; state active or, until an event is declared, standby."""

    topic = "hmda.delegations.instrument.issued"
    says = _("Issued as {instrument} by {by}.")
    instrument: str
    by: str
    officer: str
    officer_id: str
    state: str


@dataclass(frozen=True, kw_only=True)
class EventDeclared(Event):
    """The Chief Engineer declared the event a conditional instrument waited for."""

    topic = "hmda.delegations.instrument.declared"
    says = _("The event for {instrument} was declared: {why}")
    instrument: str
    officer_id: str
    why: str


@dataclass(frozen=True, kw_only=True)
class InstrumentReviewed(Event):
    """The Chief Engineer reviewed it, and it goes on."""

    topic = "hmda.delegations.instrument.reviewed"
    says = _("{instrument} was reviewed; the next review is on {review_on}.")
    instrument: str
    review_on: str


@dataclass(frozen=True, kw_only=True)
class InstrumentRevoked(Event):
    """The Chief Engineer took it back."""

    topic = "hmda.delegations.instrument.revoked"
    says = _("{instrument} was revoked: {why}")
    instrument: str
    officer_id: str
    why: str


@dataclass(frozen=True, kw_only=True)
class InstrumentLapsed(Event):
    """The last day passed on standby: the event was never declared."""

    topic = "hmda.delegations.instrument.lapsed"
    says = _("{instrument} ran out on standby; it never took effect.")
    instrument: str


@dataclass(frozen=True, kw_only=True)
class DelegationStarted(Event):
    """The first day of an instrument in force; `amount` is its ceiling."""

    topic = "hmda.sanction.technical.delegation_started"
    says = _("{officer} acts for the Chief Engineer under {instrument}, from {starts_on} until {ends_on}.")
    instrument: str
    officer: str
    officer_id: str
    amount: str
    state: str
    starts_on: str
    ends_on: str


@dataclass(frozen=True, kw_only=True)
class DelegationEnded(Event):
    """An instrument that was in force is so no longer; state expired or revoked."""

    topic = "hmda.sanction.technical.delegation_ended"
    says = _("{officer} acts under {instrument} no longer: {state}.")
    instrument: str
    officer: str
    officer_id: str
    amount: str
    state: str
    ended_on: str
