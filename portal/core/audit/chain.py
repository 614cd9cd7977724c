"""The chain: every record carries the digest of the one before it, through the days, so that none can go unnoticed.

The digest of a record is SHA-256 over the canonical JSON of all its fields: UTF-8, keys sorted, no spaces, moments in
UTC with microseconds. The first record of all follows GENESIS. Records are numbered within the day of India in which
they were written; the first of a day follows the last of the day before, so that a day cannot go missing either.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Table, Update, func, insert, select, update

from portal.core.audit.records import AuditDay, AuditRecord
from portal.core.calendar import today
from portal.core.db import db, now

RECORDS, DAYS = cast(Table, AuditRecord.__table__), cast(Table, AuditDay.__table__)
GENESIS = "0" * 64
NEW_DAY_LOCK = 0x6175646974
DERIVED = ("position", "created_at", "digest")
FIELDS = tuple(column.name for column in RECORDS.columns if column.name not in DERIVED)
_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _canonical(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, dt.date) else str(value) if isinstance(value, uuid.UUID) else value


def digest_of(record: Mapping[Any, Any]) -> str:
    """The digest of a record, from its fields."""
    plain = {name: _canonical(record[name]) for name in FIELDS}
    return hashlib.sha256(_written(plain).encode()).hexdigest()


def append(records: list[dict[str, Any]]) -> None:
    """Write the records at the end of the chain, the last thing a transaction does: the lock lasts until its commit."""
    if not records:
        return
    day, count, tip = _end()
    moment = now()
    for record in records:
        count += 1
        record.update(id=uuid.uuid4(), at=moment, day=day, number=count, previous=tip)
        record["digest"] = tip = digest_of(record)
    _write(records, update(DAYS).where(DAYS.c.day == day).values(count=count, tip=tip))


def _write(records: list[dict[str, Any]], end: Update) -> None:
    """The records, and the end of the chain behind them; one record, as nearly always, in one statement with it."""
    line = db.session.connection()
    if len(records) == 1:
        line.execute(end.add_cte(insert(RECORDS).values(records[0]).cte("added")))
    else:
        line.execute(insert(RECORDS), records)
        line.execute(end)


def _end() -> tuple[dt.date, int, str]:
    """The end of the chain, locked. A day that was closed meanwhile is never added to, whatever a clock says."""
    columns = select(DAYS.c.day, DAYS.c.count, DAYS.c.tip)
    here = columns.where(DAYS.c.day == today(), ~DAYS.c.closed).with_for_update()
    found = db.session.connection().execute(here).first()
    if found is None:
        return _begin_day()
    day, count, tip = found
    return day, count, tip


def _begin_day() -> tuple[dt.date, int, str]:
    """A new day at the end of the last one, which is closed; made by one transaction at a time."""
    db.session.execute(select(func.pg_advisory_xact_lock(NEW_DAY_LOCK)))
    last = select(AuditDay.day, AuditDay.count, AuditDay.tip, AuditDay.closed).order_by(AuditDay.day.desc()).limit(1)
    found = db.session.execute(last.with_for_update()).first()
    day, tip = today(), GENESIS
    if found:
        latest, count, tip, closed = found
        if not closed and latest >= day:
            return latest, count, tip
        db.session.execute(update(DAYS).where(DAYS.c.day == latest).values(closed=True))
        day = max(day, latest + dt.timedelta(days=1))
    begun = {"id": uuid.uuid4(), "day": day, "count": 0, "tip": tip, "closed": False}
    db.session.execute(insert(DAYS).values(begun))
    return day, 0, tip
