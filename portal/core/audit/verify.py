"""Reading the chain from one end to the other: what was altered, removed, moved or put in, by the name of the record.

The records stream through, so the length of the trail costs time and no memory. Who can write the tables as their
owner could forge the records after the last seal together with the row of their day; who holds the tip that is printed
here, or a seal, holds what cannot be forged any more.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, select

from portal.core.audit.chain import FIELDS, GENESIS, digest_of
from portal.core.audit.records import AuditDay, AuditRecord, AuditSeal
from portal.core.audit.seals import is_over, public_keys, signature_fits
from portal.core.calendar import now
from portal.core.db import consistent_read, db
from portal.core.i18n import _

MOST = 100
STEP = 1000
GRACE = dt.timedelta(minutes=10)  # the clock of the portal seals a day soon after it ends
RULES = {
    "altered": _("its content is not what was written"),
    "removed": _("what stood before it is gone"),
    "moved": _("it does not follow the one before it"),
    "order": _("it stands in another order in the table than in the chain"),
    "inserted": _("it was put in: the day counts fewer records"),
    "unchained": _("it has no place in the chain, and is younger than the chain"),
    "missing": _("records at the end of the day are gone"),
    "day": _("the row of the day does not say what its records say"),
    "open": _("the day is over and still open"),
    "signature": _("the seal of the day is not signed by this portal"),
    "seal": _("the seal of the day says other than its records"),
    "unsealed": _("the day is over and has no seal"),
}


class Finding(NamedTuple):
    """One thing that is wrong: by which rule, and where; a record has a number, who wrote it and the act."""

    rule: str
    day: dt.date | None
    number: int | None = None
    who: str = ""
    act: str = ""
    more: str = ""

    @property
    def says(self) -> str:
        """For a person: "25-11-2026 no. 4, S. Rao, projects.write: its content is not what was written"."""
        where = f"{self.day:%d-%m-%Y}" if self.day else "–"
        parts = [where + (f" no. {self.number}" if self.number else ""), self.who, self.act]
        return ", ".join(part for part in parts if part) + f": {RULES[self.rule]}{self.more}"


@dataclass
class Report:
    """What was read, where the chain ends, and what is wrong with it; of many findings the first ones are kept."""

    records: int = 0
    days: int = 0
    sealed: int = 0
    tip: str = GENESIS
    found: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, findings: Iterable[Finding]) -> None:
        """Count them all, keep the first."""
        for finding in findings:
            self.found += 1
            if len(self.findings) < MOST:
                self.findings.append(finding)


def verify(day: dt.date | None = None) -> Report:
    """The whole trail, or one day of it, as it stands at one instant."""
    with consistent_read():
        return examine(day)


def examine(day: dt.date | None = None) -> Report:
    """The same in the transaction that runs; what is examined should not change meanwhile."""
    days = {row.day: row for row in _rows(AuditDay, day)}
    seals = {row.day: row for row in _rows(AuditSeal, day)}
    report = Report(days=len(days), sealed=len(seals), tip=_tip_before(day) if day else GENESIS)
    walk = _Walk(report.tip, {one: (row.count, row.tip) for one, row in days.items()})
    for record in _records(day):
        report.records += 1
        report.add(walk.see(record))
    report.add(walk.end())
    report.tip = walk.previous
    keys = public_keys() if seals else {}
    for one in sorted({*days, *seals}):
        report.add(_day_of(one, days.get(one), seals.get(one), walk.ends.get(one)))
        if one in seals and not signature_fits(seals[one], keys):
            report.add([Finding("signature", one)])
    if day is None:
        report.add(_unchained())
    return report


def _rows(table: Any, day: dt.date | None) -> Any:
    found = select(table).order_by(table.day)
    return db.session.scalars(found.where(table.day == day) if day else found)


def _records(day: dt.date | None) -> Iterator[RowMapping]:
    columns = [AuditRecord.__table__.c[name] for name in (*FIELDS, "position", "digest")]
    found = select(*columns).where(AuditRecord.day.is_not(None)).order_by(AuditRecord.day, AuditRecord.number)
    run = db.session.execute(
        found.where(AuditRecord.day == day) if day else found, execution_options={"yield_per": STEP}
    )
    yield from run.mappings()


def _tip_before(day: dt.date) -> str:
    earlier = select(AuditRecord.digest).where(AuditRecord.day < day)
    return db.session.scalar(earlier.order_by(AuditRecord.day.desc(), AuditRecord.number.desc()).limit(1)) or GENESIS


class _Walk:
    """Along the chain, with what the last record said of the next."""

    def __init__(self, tip: str, days: dict[dt.date, tuple[int, str]]) -> None:
        self.previous, self.days = tip, days
        self.day: dt.date | None = None
        self.number, self.position = 0, 0
        self.ends: dict[dt.date, tuple[int, int, str]] = {}  # records of the day, the number and digest of its last

    def see(self, record: RowMapping) -> Iterator[Finding]:
        """The record after the one seen last."""
        if record["day"] != self.day:
            yield from self.end()
            self.day, self.number = record["day"], 0
        if digest_of(record) != record["digest"]:
            yield _named("altered", record)
        gone = record["number"] - self.number - 1
        if gone:
            numbers = f"{self.number + 1}" + (f"–{record['number'] - 1}" if gone > 1 else "")
            yield _named("removed", record, f" (no. {numbers})")
        elif record["previous"] != self.previous:
            yield _named("moved", record)
        if record["position"] < self.position:
            yield _named("order", record)
        if self.day in self.days and record["number"] > self.days[self.day][0]:
            yield _named("inserted", record)
        self._step(record)

    def _step(self, record: RowMapping) -> None:
        assert self.day is not None
        self.previous, self.number, self.position = record["digest"], record["number"], record["position"]
        counted = self.ends[self.day][0] if self.day in self.ends else 0
        self.ends[self.day] = (counted + 1, self.number, self.previous)

    def end(self) -> Iterator[Finding]:
        """The day seen last has no more records."""
        if self.day is None:
            return
        kept = self.days.get(self.day)
        if kept is None:
            yield Finding("day", self.day)
        elif kept[0] > self.number:
            yield Finding("missing", self.day, more=f" (no. {self.number + 1}–{kept[0]})")
        elif kept[0] == self.number and kept[1] != self.previous:
            yield Finding("day", self.day)


def _named(rule: str, record: RowMapping, more: str = "") -> Finding:
    return Finding(rule, record["day"], record["number"], record["actor_name"], record["act"], more)


def _day_of(
    day: dt.date, kept: AuditDay | None, seal: AuditSeal | None, end: tuple[int, int, str] | None
) -> Iterator[Finding]:
    """What the row of a day and its seal say, held against its records."""
    if end is None:
        yield Finding("missing", day, more=f" (no. 1–{(kept or seal).count})")  # type: ignore[union-attr]
    if seal is None:
        if is_over(day, now() - GRACE):
            yield Finding("unsealed", day)
            if kept is not None and not kept.closed:
                yield Finding("open", day)
        return
    if end is not None and (seal.count, seal.root) != (end[0], end[2]):
        yield Finding("seal", day)


def _unchained() -> Iterator[Finding]:
    """Records from before there was a chain have no place in it; none is younger than the first that has one."""
    first = (
        select(AuditRecord.position).where(AuditRecord.day.is_not(None)).order_by(AuditRecord.day, AuditRecord.number)
    )
    younger = AuditRecord.position > first.limit(1).scalar_subquery()
    for record in db.session.scalars(select(AuditRecord).where(AuditRecord.day.is_(None), younger).limit(MOST)):
        yield Finding("unchained", None, None, record.actor_name, record.act, f" ({record.id})")


def stands(record: AuditRecord) -> str:
    """Of one record, against its neighbours: "" when it stands, else the rule that failed; "early" before the chain."""
    if record.day is None:
        return "early"
    if digest_of({name: getattr(record, name) for name in FIELDS}) != record.digest:
        return "altered"
    before = select(AuditRecord.digest).where(
        AuditRecord.day == record.day, AuditRecord.number == (record.number or 0) - 1
    )
    previous = _tip_before(record.day) if record.number == 1 else db.session.scalar(before)
    return "removed" if previous is None else "" if record.previous == previous else "moved"


__all__ = ["MOST", "RULES", "Finding", "Report", "examine", "stands", "verify"]
