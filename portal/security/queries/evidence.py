"""What is new in the trail, each record laid beside what the rules need to judge it: the findings."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from ua_parser import parse

from portal.accounts.models import Officer
from portal.core.access import SYSTEM
from portal.core.audit import AuditRecord
from portal.core.calendar import IST
from portal.core.db import db
from portal.core.whereabouts import place_of
from portal.security.queries.counts import SIGN_IN, _by_hour, _hourly, _known_days, _of_kind
from portal.security.rules import signs
from portal.security.rules.catalogue import ACTS, STALE_ACTS
from portal.security.rules.hours import is_open, night_of
from portal.security.rules.parameters import Figures
from portal.security.rules.signs import MOST_RECORDS, Finding, Seen, Spot
from portal.security.rules.statistics import network_of

RECORD = AuditRecord
COLUMNS: Any = (
    *(RECORD.position, RECORD.at, RECORD.act, RECORD.outcome, RECORD.actor_id, RECORD.actor_name),
    *(RECORD.address, RECORD.device, RECORD.why, RECORD.subjects),
)
MOST_SIGN_INS, MOST_FAILURES = 500, 5000


class Batch(NamedTuple):
    """New records and the last position among them; the figures of the rules in force that day."""

    records: Sequence[Seen]
    upto: int
    figures: Figures


def _seen_after(position: int, most: int) -> list[Seen]:
    """The next records of the trail; what the portal did itself is none of the watch's business, but is passed."""
    found = select(*COLUMNS).where(RECORD.position > position).order_by(RECORD.position).limit(most)
    return _seen(found)


def _seen(found: Select[Any]) -> list[Seen]:
    """Records as the rules look at them: strangers who tried the name of an officer count with the officer."""
    rows = db.session.execute(found).all()
    strangers = {_plain(row.actor_name) for row in rows if row.outcome == "failed" and row.actor_id == SYSTEM.id}
    known = _ids_of(strangers)
    return [
        Seen(
            position=row.position,
            at=row.at,
            act=row.act,
            outcome=row.outcome,
            officer=known.get(_plain(row.actor_name)) if row.actor_id == SYSTEM.id else row.actor_id,
            name=_plain(row.actor_name) if row.outcome == "failed" else row.actor_name,
            address=row.address,
            device=_kind_of_device(row.device),
            why=row.why,
            file=row.subjects[-1] if row.subjects and row.outcome == "read" else "",
        )
        for row in rows
    ]


def _plain(name: str) -> str:
    return name.strip().lower()


def _ids_of(usernames: Iterable[str]) -> Mapping[str, uuid.UUID]:
    wanted = {name for name in usernames if name}
    if not wanted:
        return {}
    found = db.session.execute(select(Officer.username, Officer.id).where(Officer.username.in_(wanted)))
    return {username: officer_id for username, officer_id in found}  # noqa: C416 - typed


@lru_cache(1024)
def _kind_of_device(user_agent: str) -> str:
    """Browser and system without their versions: an update makes no new device."""
    found = parse(user_agent)
    parts = (found.user_agent, found.os)
    return ", ".join(one.family for one in parts if one) or user_agent[:60]


def _findings(batch: Batch) -> Iterator[Finding]:
    """All that the rules have to say about a batch."""
    for one in batch.records:
        if one.act == SIGN_IN and one.outcome == "done" and one.officer:
            yield from _of_sign_in(one, batch.figures)
        yield from _some(signs.tampering(one))
    failed = [one for one in batch.records if one.outcome == "failed"]
    if failed:
        yield from _of_failures(failed, batch)
    of_officers = sorted(
        (one for one in batch.records if one.officer), key=lambda one: (str(one.officer), one.position)
    )
    for officer, records in groupby(of_officers, key=attrgetter("officer")):
        yield from _of_officer(officer, list(records), batch)


def _of_officer(officer: uuid.UUID, new: list[Seen], batch: Batch) -> Iterator[Finding]:
    if refused := [one for one in new if one.outcome == "refused" and one.act not in STALE_ACTS]:
        yield from _of_refusals(officer, refused, batch)
    if read := [one for one in new if one.outcome == "read" and not is_open(one.at, batch.figures)]:
        yield from _of_downloads(officer, read[-1], batch)
    if acts := [one for one in new if one.outcome in ("done", "read", "refused") and one.act not in STALE_ACTS]:
        yield from _of_volume(officer, acts[-1], batch)


def _some(found: Finding | None) -> list[Finding]:
    return [found] if found else []


def _where(address: str) -> Spot | None:
    place = place_of(address)
    return Spot(place.name, place.lat, place.lon) if place and place.lat is not None and place.lon is not None else None


def _of_sign_in(one: Seen, figures: Figures) -> Iterator[Finding]:
    found = select(*COLUMNS).where(
        RECORD.actor_id == one.officer, _of_kind("signed_in"), RECORD.position < one.position
    )
    since = one.at - figures.span("new_place.days")
    before = _seen(found.where(RECORD.at >= since).order_by(RECORD.position.desc()).limit(MOST_SIGN_INS))
    yield from _some(signs.new_place(one, before[::-1], figures))
    yield from _some(signs.impossible_speed(one, before[0] if before else None, _where, figures))


def _of_failures(new: list[Seen], batch: Batch) -> Iterator[Finding]:
    """Failures of each name, and of each network, that has a new one."""
    span = batch.figures.span("failures.minutes")
    found = select(*COLUMNS).where(_of_kind("failed"), RECORD.at > new[0].at - span, RECORD.position <= batch.upto)
    records = _seen(found.order_by(RECORD.position.desc()).limit(MOST_FAILURES))[::-1]
    for name in dict.fromkeys(one.name for one in new if one.name):
        of_name = [one for one in records if one.name == name]
        usual = _hourly(of_name[0].officer, "failed", _day(new[0])) if of_name[0].officer else 0.0
        yield from _some(signs.burst("failures", of_name, usual, batch.figures, {"name": name}))
    for network in dict.fromkeys(network_of(one.address) for one in new):
        of_network = [one for one in records if one.name and network_of(one.address) == network]
        if network:
            yield from _some(signs.spraying(network, of_network, batch.figures))


def _of_refusals(officer: uuid.UUID, new: list[Seen], batch: Batch) -> Iterator[Finding]:
    since = new[0].at - batch.figures.span("refusals.minutes")
    found = select(*COLUMNS).where(RECORD.actor_id == officer, _of_kind("refused"), RECORD.at > since)
    records = _seen(found.where(RECORD.position <= batch.upto).order_by(RECORD.position))
    yield from _some(signs.burst("refusals", records, _hourly(officer, "refused", _day(new[0])), batch.figures))


def _of_downloads(officer: uuid.UUID, last: Seen, batch: Batch) -> Iterator[Finding]:
    night, days = night_of(last.at, batch.figures), batch.figures.whole("downloads.days")
    begins, oldest = (dt.datetime.combine(day, dt.time(), IST) for day in (night, night - dt.timedelta(days=days)))
    read = select(*COLUMNS).where(RECORD.actor_id == officer, _of_kind("read"), RECORD.position <= batch.upto)
    since = _seen(read.where(RECORD.at >= begins).order_by(RECORD.position))
    figures = batch.figures
    tonight = [one for one in since if not is_open(one.at, figures) and night_of(one.at, figures) == night]
    tonight = list({one.file or one.position: one for one in tonight}.values())  # a reader that leafs asks many times
    if len(tonight) <= figures["downloads.least"]:
        return
    before = select(RECORD.at, RECORD.subjects).where(RECORD.actor_id == officer, _of_kind("read"))
    rows = db.session.execute(before.where(RECORD.at >= oldest, RECORD.at < begins)).all()
    earlier = {(night_of(at, figures), str(subjects[-1:])): at for at, subjects in rows}.values()
    known = _known_days(officer, night, days)
    yield from _some(signs.night_downloads(tonight, earlier, known, figures))


def _of_volume(officer: uuid.UUID, last: Seen, batch: Batch) -> Iterator[Finding]:
    """Acts of this hour and of this day, beside the officer's own days; asked of the counts first, for they are few."""
    here, figures = last.at.astimezone(IST), batch.figures
    present = _by_hour(officer, ACTS, here.date(), here.date() + dt.timedelta(days=1))
    in_hour, in_day = present.get((here.date(), here.hour), 0), sum(present.values())
    if in_hour < figures["baseline.hour"] and in_day < figures["baseline.day"]:
        return
    usual = _by_hour(officer, ACTS, here.date() - figures.span("baseline.days"), here.date())
    hour = here.replace(minute=0, second=0, microsecond=0)
    for judge, count, begins in (
        (signs.unusual_hour, in_hour, hour),
        (signs.unusual_day, in_day, hour.replace(hour=0)),
    ):
        yield from _some(judge(_acts_since(officer, begins, last, count), usual, figures))


def _acts_since(officer: uuid.UUID, begins: dt.datetime, last: Seen, count: int) -> Sequence[Seen]:
    """So many acts up to the last; those behind an alert are read, of the others only the number counts."""
    earliest = select(RECORD.position).where(RECORD.at >= begins).order_by(RECORD.at, RECORD.position).limit(1)
    first = db.session.scalar(earliest)
    found = select(*COLUMNS).where(
        RECORD.actor_id == officer,
        RECORD.position.between(first, last.position),
        RECORD.outcome.in_(("done", "read", "refused")),
        RECORD.act.not_in(STALE_ACTS),
    )
    read = _seen(found.order_by(RECORD.position.desc()).limit(MOST_RECORDS))[::-1]
    return [*read[:1] * (count - len(read)), *read]


def _day(one: Seen) -> dt.date:
    return one.at.astimezone(IST).date()
