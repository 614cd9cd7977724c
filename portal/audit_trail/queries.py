"""Reading the trail, which the Chief Engineer may: searched, opened, examined."""

import datetime as dt
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, literal, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import array

from portal.accounts.queries.officers import _ids_called
from portal.audit_trail.models import AuditDay, AuditRecord, AuditSeal
from portal.audit_trail.rules import Ask, as_id, read_ask
from portal.core import audit
from portal.core.access import SYSTEM, Actor
from portal.core.audit.records import WORDS
from portal.core.calendar import IST
from portal.core.db import db, one_or_not_found
from portal.core.keyset import Key, Window, window
from portal.core.registry import supplied
from portal.core.usecases import query

COUNTED = 1000  # more are not counted: a count reads every row that is counted
STEP = 500
SHOWN = [column for column in AuditRecord.__table__.columns if column.name not in ("changes", "created_at")]
WHOLE = [column for column in AuditRecord.__table__.columns if column.name != "created_at"]
LIST = Key("position", AuditRecord.position, down=True)


class Found(NamedTuple):
    """One page of records, newest first; `total` is None where there are more than are counted."""

    ask: Ask
    page: Window
    total: int | None


class Ends(NamedTuple):
    """Where the chain stands: its last day, and the last day that was sealed."""

    day: AuditDay | None
    seal: AuditSeal | None


@dataclass(frozen=True)
class Opened:
    """A record with the rule its place in the chain breaks: "" when it stands, "early" from before the chain."""

    record: AuditRecord
    broken: str


@query
def find_records(actor: Actor, ask: Ask) -> Found:
    """One page of what is asked for."""
    counted = _counted(ask, COUNTED)
    page = window(_asked(SHOWN, ask), [], LIST, after=ask.after, before=ask.before, size=ask.size)
    return Found(ask, page, counted if counted <= COUNTED else None)


@query
def list_records(
    actor: Actor,
    *,
    q: str = "",
    who: str = "",
    act: str = "",
    outcome: Sequence[str] = (),
    role: Sequence[str] = (),
    module: Sequence[str] = (),
    record: str = "",
    address: str = "",
    instrument: str = "",
    request: str = "",
    since: str = "",
    until: str = "",
    after: str = "",
    size: int = 50,
) -> tuple[Sequence[Any], str]:
    """The same for machines, with what was before and after; the parameters are those of the page."""
    texts = {"q": q, "who": who, "act": act, "record": record, "address": address, "instrument": instrument}
    more = {"request": request, "since": since, "until": until, "after": after}
    many = {"outcome": outcome, "role": role, "module": module}
    ask = read_ask({**{name: (given,) for name, given in {**texts, **more}.items()}, **many})
    page = window(_asked(WHOLE, ask), [], LIST, after=ask.after, before="", size=min(max(size, 1), 200))
    return page.rows, page.next


@query
def get_record(actor: Actor, record_id: uuid.UUID) -> Opened:
    """One record, and whether its content and its place in the chain are what was written. Raises NotFound."""
    found = one_or_not_found(select(AuditRecord).where(AuditRecord.id == record_id))
    return Opened(found, audit.stands(found))


@query
def check_chain(actor: Actor, day: dt.date | None = None) -> audit.Report:
    """Read the whole trail, or one day, and say what is wrong with it."""
    return audit.verify(day)


@query
def get_ends(actor: Actor) -> Ends:
    """The last day of the chain and the last seal."""
    last = db.session.scalar(select(AuditDay).order_by(AuditDay.day.desc()).limit(1))
    return Ends(last, db.session.scalar(select(AuditSeal).order_by(AuditSeal.day.desc()).limit(1)))


@query
def list_seals(actor: Actor, *, after: str = "") -> tuple[Sequence[Any], str]:
    """The seals, newest first: kept elsewhere, they prove the trail even against who owns the database."""
    page = window(
        select(*AuditSeal.__table__.columns), [], Key("day", AuditSeal.day, True), after=after, before="", size=100
    )
    return page.rows, page.next


def _counted(ask: Ask, most: int) -> int:
    """How many are asked for; one more than `most` where there are more."""
    newest = _asked([literal(1)], ask).order_by(AuditRecord.position.desc())  # by the index that also serves the page
    some = newest.limit(most + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def _exported(ask: Ask, upto: int) -> Iterator[Any]:
    """All that is asked for up to the export's own record, newest first; it streams and never stands in memory."""
    found = _asked(WHOLE, ask).where(AuditRecord.position <= upto).order_by(AuditRecord.position.desc())
    yield from db.session.execute(found, execution_options={"yield_per": STEP})


def _asked(columns: Sequence[Any], ask: Ask) -> Select[Any]:
    """The records asked for. Each condition has an index that also serves the order, newest first."""
    return select(*columns).select_from(AuditRecord).where(*_plain(ask), *_days(ask), *_named(ask))


def _plain(ask: Ask) -> Iterator[Any]:
    exactly = {"act": ask.act, "address": ask.address, "instrument": ask.instrument, "request_id": ask.request}
    for name, given in exactly.items():
        if given:
            yield getattr(AuditRecord, name) == given
    for name in ("role", "outcome"):
        if chosen := getattr(ask, name):
            yield getattr(AuditRecord, name).in_(chosen)
    if ask.outcome and "done" not in ask.outcome:
        yield AuditRecord.outcome != "done"  # the words of the index of what is unusual
    if ask.instrument:
        yield AuditRecord.instrument != ""
    if ask.module:
        yield or_(*(and_(AuditRecord.act >= f"{one}.", AuditRecord.act < f"{one}/") for one in ask.module))


def _days(ask: Ask) -> Iterator[Any]:
    if ask.since:
        yield AuditRecord.at >= dt.datetime.combine(ask.since, dt.time(), IST)
    if ask.until:
        yield AuditRecord.at < dt.datetime.combine(ask.until, dt.time(), IST) + dt.timedelta(days=1)


def _named(ask: Ask) -> Iterator[Any]:
    if ask.q:
        words = re.sub(r"[._]", " ", ask.q)
        asked = func.websearch_to_tsquery(text("'simple'::regconfig"), words)
        yield literal_column(WORDS.text).op("@@")(asked)  # letter by letter the words of the index
    if ask.who:
        officer = as_id(ask.who)
        ids = [officer] if officer else _ids_called(ask.who)
        stranger = and_(AuditRecord.actor_id == SYSTEM.id, AuditRecord.actor_name == ask.who)
        yield or_(AuditRecord.actor_id.in_(ids), stranger) if not officer else AuditRecord.actor_id == officer
    if ask.record:
        given = as_id(ask.record)
        ids = [given] if given else [one for find in supplied("record.called") for one in find(ask.record)]
        yield AuditRecord.touched.has_any(array([str(one) for one in ids] or [""]))
