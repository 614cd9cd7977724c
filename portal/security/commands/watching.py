"""The watch by the clock: it looks at what is new in the trail and raises an alert where a rule speaks."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Integer, cast, func, select

from portal.accounts.queries.officers import _names
from portal.core.access import Actor
from portal.core.audit import AuditRecord
from portal.core.calendar import IST, today
from portal.core.db import after_commit, db, now
from portal.core.events import record
from portal.core.live import announce
from portal.core.usecases import command
from portal.security.events import AlertRaised, IncidentOpened
from portal.security.models import Incident, SecurityAlert, WatchMark, suggested
from portal.security.queries.counts import _add_counts
from portal.security.queries.evidence import Batch, _findings, _seen_after
from portal.security.queries.figures import _figures_of
from portal.security.rules.catalogue import RULES
from portal.security.rules.parameters import Figures
from portal.security.rules.signs import MOST_RECORDS, Finding, Seen

WATCH_LOCK = 7_201_919  # the number of the advisory lock
AT_ONCE = 1000
TOPIC = "security.watch"
REMEMBERED, JUDGED = dt.timedelta(days=120), dt.timedelta(hours=1)  # of the trail before the first look


@command("watch", audited=False)
def look(actor: Actor) -> int:
    """Look at the next records of the trail; returns how many there were. What it finds is an act of its own.

    The first look of an installation counts what is usual in the trail so far, and judges the last hour of it.
    """
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(WATCH_LOCK))):
        return 0
    mark = db.session.scalar(select(WatchMark).execution_options(populate_existing=True)) or _begin()
    new = _seen_after(mark.position, AT_ONCE)
    if not new:
        return 0
    upto, figures = new[-1].position, _figures_of(new[-1].at.astimezone(IST).date())
    _add_counts(mark.position, upto)
    mark.position = upto
    if found := list(_findings(Batch(new, upto, figures))):
        raise_alerts(actor, found, figures)
    if any(_is_listed(one) for one in new):
        after_commit(lambda: announce(TOPIC))
    return len(new)


def _begin() -> WatchMark:
    recent = select(AuditRecord.position).where(AuditRecord.at >= now() - JUDGED).order_by(AuditRecord.at).limit(1)
    first = db.session.scalar(recent) or (db.session.scalar(select(func.max(AuditRecord.position))) or 0) + 1
    _add_counts(0, first - 1, now() - REMEMBERED)
    begun = WatchMark(position=first - 1)
    db.session.add(begun)
    return begun


def _is_listed(one: Seen) -> bool:
    return one.outcome != "done" or one.act == "accounts.sign_in"


@command("watch")
def raise_alerts(actor: Actor, found: Sequence[Finding], figures: Figures) -> list[SecurityAlert]:
    """An alert for each finding that is new, with the incident it opens or joins."""
    db.session.execute(select(func.pg_advisory_xact_lock(WATCH_LOCK)))
    raised = [_raised(actor, one, figures) for one in found]
    return [one for one in raised if one]


def _raised(actor: Actor, found: Finding, figures: Figures) -> SecurityAlert | None:
    """The new alert; None where the rule spoke of the same within the quiet minutes, however much it grew since."""
    last = _last_of(found)
    if last is not None and found.at - last.at < figures.span("alerts.quiet"):
        if not _grown(last, found):
            return None
        if last.incident.state != "closed":
            _renew(last, found)
            return None
    key = f"{found.rule} {found.about} {found.records[-1]}"
    if db.session.scalar(select(SecurityAlert.id).where(SecurityAlert.key == key)):
        return None
    return _new_alert(actor, found, key)


def _last_of(found: Finding) -> SecurityAlert | None:
    same = select(SecurityAlert).where(SecurityAlert.about == found.about, SecurityAlert.rule == found.rule)
    latest = same.where(SecurityAlert.at <= found.at).order_by(SecurityAlert.at.desc()).limit(1)
    return db.session.scalar(latest.execution_options(populate_existing=True))


def _grown(told: SecurityAlert, found: Finding) -> bool:
    """Whether what was told has doubled; tampering is told always."""
    if found.rule == "tampering":
        return found.records[-1] not in told.records
    return bool(_size(found.facts, found.records) >= 2 * _size(told.facts, told.records))


def _size(facts: object, records: Sequence[int]) -> int:
    return int(facts["count"]) if isinstance(facts, dict) and "count" in facts else len(records)


def _renew(told: SecurityAlert, found: Finding) -> None:
    """Its sentence says the newer numbers; the records behind it are joined."""
    told.facts, told.last_at = dict(found.facts), found.at
    told.records = sorted({*told.records, *found.records})[-MOST_RECORDS:]
    db.session.flush()


def _new_alert(actor: Actor, found: Finding, key: str) -> SecurityAlert:
    severity, called = RULES[found.rule].severity, _called(found)
    alert = SecurityAlert(
        key=key,
        rule=found.rule,
        severity=severity,
        about=found.about,
        called=called,
        facts=dict(found.facts),
        records=list(found.records),
        at=found.at,
        last_at=found.at,
    )
    incident = _incident_of(actor, found, called)
    incident.join(alert)
    db.session.add(alert)
    title = str(RULES[found.rule].title)
    record(AlertRaised(rule=title, severity=severity, alert_id=str(alert.id)), incident, actor)
    return alert


def _incident_of(actor: Actor, found: Finding, called: str) -> Incident:
    """The open incident of the same, or a new one."""
    open_one = select(Incident).where(Incident.about == found.about, Incident.state != "closed")
    incident = db.session.scalar(open_one.with_for_update().execution_options(populate_existing=True))
    if incident is not None:
        return incident
    rule = RULES[found.rule]
    incident = Incident(
        number=_next_number(),
        about=found.about,
        officer_id=found.officer,
        called=called,
        severity=rule.severity,
        suggests=suggested(found.rule, found.officer),
        opened_at=now(),
    )
    db.session.add(incident)
    opened = IncidentOpened(number=incident.number, rule=str(rule.title), severity=rule.severity)
    record(opened, incident, actor)
    return incident


def _called(found: Finding) -> str:
    if found.officer is None:
        return found.subject
    return _names([found.officer]).get(found.officer) or found.subject or str(found.officer)


def _next_number() -> str:
    """SI-2026-001: counted within the calendar year, without gaps."""
    stem = f"SI-{today().year}-"
    serial = cast(func.split_part(Incident.number, "-", 3), Integer)
    last = select(func.max(serial)).where(Incident.number.startswith(stem))
    return f"{stem}{(db.session.scalar(last) or 0) + 1:03d}"
