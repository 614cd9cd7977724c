"""Facts about incidents and about the figures of the rules. They are kept for ever, so they hold no address."""

from dataclasses import dataclass

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class IncidentOpened(Event):
    """A rule spoke of somebody about whom no incident was open."""

    topic = "hmda.security.incident.opened"
    says = _("{number} was opened: {rule}.")
    number: str
    rule: str
    severity: str


@dataclass(frozen=True, kw_only=True)
class AlertRaised(Event):
    """A rule spoke; the alert belongs to the incident whose stream this is."""

    topic = "hmda.security.alert.raised"
    says = _("Alert: {rule}.")
    rule: str
    severity: str
    alert_id: str


@dataclass(frozen=True, kw_only=True)
class IncidentAssigned(Event):
    """An officer took the incident, or was given it."""

    topic = "hmda.security.incident.assigned"
    says = _("{owner} handles it.")
    owner: str


@dataclass(frozen=True, kw_only=True)
class IncidentNoted(Event):
    """A note was added; its words stand beside the incident."""

    topic = "hmda.security.incident.noted"
    says = _("A note was added.")
    number: str


@dataclass(frozen=True, kw_only=True)
class IncidentActed(Event):
    """Something was done about the officer it is about."""

    topic = "hmda.security.incident.acted"
    says = _("Done: {action}.")
    action: str
    officer: str


@dataclass(frozen=True, kw_only=True)
class IncidentClosed(Event):
    """It is over, with the reason."""

    topic = "hmda.security.incident.closed"
    says = _("Closed as {reason}: {words}")
    reason: str
    words: str


@dataclass(frozen=True, kw_only=True)
class IncidentReopened(Event):
    """It was not over."""

    topic = "hmda.security.incident.reopened"
    says = _("Opened again: {words}")
    words: str


@dataclass(frozen=True, kw_only=True)
class FigureSet(Event):
    """A figure of a rule has another value from a day on."""

    topic = "hmda.security.figure.set"
    says = _("{figure} is {value} from {starts}: {why}")
    figure: str
    value: str
    starts: str
    why: str
