"""What is usual, from the hourly counts: by officer, by kind, by hour of the desks."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Date as SqlDate
from sqlalchemy import Integer, Select, and_, case, cast, extract, func, literal, null, or_, select, true, union_all
from sqlalchemy.dialects.postgresql import insert

from portal.accounts.models import Officer
from portal.core.access import SYSTEM
from portal.core.audit import AuditRecord
from portal.core.calendar import IST
from portal.core.db import db
from portal.security.models import EVERYBODY, WatchCount
from portal.security.rules.catalogue import ACTS, STALE_ACTS

SIGN_IN = "accounts.sign_in"


def _kind() -> Any:
    """What a record is listed as; nothing for an ordinary act."""
    record = AuditRecord
    return case(
        (and_(record.outcome == "refused", record.act.in_(STALE_ACTS)), "stale"),
        (and_(record.outcome == "done", record.act == SIGN_IN), "signed_in"),
        (record.outcome != "done", record.outcome),
        else_=null(),
    )


def _of_kind(kind: str) -> Any:
    """The condition of one kind, in words that fit the indexes."""
    record = AuditRecord
    if kind == "signed_in":
        return and_(record.act == SIGN_IN, record.outcome == "done")
    stale = and_(record.outcome == "refused", record.outcome != "done", record.act.in_(STALE_ACTS))
    if kind == "refused":
        return and_(record.outcome == "refused", record.outcome != "done", record.act.not_in(STALE_ACTS))
    return stale if kind == "stale" else and_(record.outcome == kind, record.outcome != "done")


def _who() -> Any:
    """The officer of a record: who acted, or whose user name a stranger tried."""
    named = select(Officer.id).where(Officer.username == func.lower(func.btrim(AuditRecord.actor_name)))
    failed = and_(AuditRecord.actor_id == SYSTEM.id, AuditRecord.outcome == "failed")
    return case((failed, func.coalesce(named.scalar_subquery(), SYSTEM.id)), else_=AuditRecord.actor_id)


def _counted(after: int, upto: int, since: dt.datetime | None) -> Select[Any]:
    """The records after one position up to another, by officer, hour and kind; and all officers together."""
    record = AuditRecord
    here = func.timezone(literal(str(IST)), record.at)
    is_act = and_(
        record.actor_id != SYSTEM.id,
        or_(record.outcome.in_(("done", "read")), and_(record.outcome == "refused", record.act.not_in(STALE_ACTS))),
    )
    columns = (
        _who().label("who"),
        cast(here, SqlDate).label("day"),
        cast(extract("hour", here), Integer).label("hour"),
    )
    seen = select(*columns, _kind().label("kind"), is_act.label("is_act"))
    between = seen.where(record.position > after, record.position <= upto)
    one = (between.where(record.at >= since) if since else between).cte("seen")
    slot = (one.c.day, one.c.hour)
    kinds: list[tuple[Any, Any]] = [(one.c.kind, one.c.kind.is_not(None)), (literal(ACTS), one.c.is_act)]
    whose: list[tuple[Any, Any]] = [(one.c.who, true()), (literal(EVERYBODY), one.c.who != EVERYBODY)]
    every = union_all(
        *(
            select(who.label("who"), *slot, kind.label("kind")).where(fits, counts)
            for kind, fits in kinds
            for who, counts in whose
        )
    ).subquery()
    return select(func.gen_random_uuid(), every.c.who, every.c.day, every.c.hour, every.c.kind, func.count()).group_by(
        every.c.who, every.c.day, every.c.hour, every.c.kind
    )


def _add_counts(after: int, upto: int, since: dt.datetime | None = None) -> None:
    """Within a command: add what lies between two positions of the trail to the hourly counts, perhaps not the oldest.

    Strangers are counted with everybody only."""
    names = ["id", "officer_id", "day", "hour", "kind", "count"]
    added = insert(WatchCount).from_select(names, _counted(after, upto, since))
    more = {"count": WatchCount.count + added.excluded.count}
    slot = [WatchCount.officer_id, WatchCount.day, WatchCount.hour, WatchCount.kind]
    db.session.execute(added.on_conflict_do_update(index_elements=slot, set_=more))


def _by_hour(officer_id: uuid.UUID, kind: str, since: dt.date, before: dt.date) -> Mapping[tuple[dt.date, int], int]:
    """Counts by day and hour, from a day on and before another."""
    found = select(WatchCount.day, WatchCount.hour, WatchCount.count).where(
        WatchCount.officer_id == officer_id, WatchCount.kind == kind, WatchCount.day >= since, WatchCount.day < before
    )
    return {(day, hour): count for day, hour, count in db.session.execute(found)}


def _hourly(officer_id: uuid.UUID, kind: str, before: dt.date, days: int = 30) -> float:
    """The mean of an hour over so many days before a day, nights and days off among them."""
    counts = _by_hour(officer_id, kind, before - dt.timedelta(days=days), before)
    return sum(counts.values()) / (days * 24)


def _known_days(officer_id: uuid.UUID, before: dt.date, most: int) -> int:
    """For how many days the trail knows an officer, at most so many."""
    first = select(func.min(WatchCount.day)).where(WatchCount.officer_id == officer_id)
    day = db.session.scalar(first)
    return min(most, max((before - day).days, 0)) if day else 0
