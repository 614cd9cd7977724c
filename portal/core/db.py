"""The database: one declarative base, one session, one way to commit."""

import datetime as dt
import json
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData, Select, Text, cast, event, func, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, declared_attr, mapped_column
from sqlalchemy.orm.exc import StaleDataError

from portal.core.calendar import now as now  # noqa: PLC0414  (rows and their moments are imported together)
from portal.core.errors import Invalid, NotFound, RuleBroken, Stale
from portal.core.i18n import _

R = TypeVar("R")
UNIQUE_VIOLATION = "23505"  # PostgreSQL, appendix A
NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every row has an id made in Python, so that an event can name it before the database has seen it."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {dt.datetime: DateTime(timezone=True), str: Text()}

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-2)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), sort_order=90)

    def __init__(self, **values: Any) -> None:
        self.registry.constructor(self, **({"id": uuid.uuid4()} | values))


class Record(Base):
    """A business row: it belongs to one project, and two officers cannot overwrite each other."""

    __abstract__ = True

    project_id: Mapped[uuid.UUID] = mapped_column(index=True, sort_order=-1)
    version: Mapped[int] = mapped_column(sort_order=91)
    created_by: Mapped[uuid.UUID | None] = mapped_column(sort_order=92)
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sort_order=93)
    updated_at: Mapped[dt.datetime | None] = mapped_column(sort_order=94)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}

    def seen_as(self, seen: int | None) -> None:
        """Raise Stale when the officer looked at another version than the one about to be changed."""
        if seen is not None and seen != self.version:
            raise Stale(
                _("Someone else saved this after you opened it. Compare, choose, and save again."), current=self
            )


db = SQLAlchemy(metadata=Base.metadata, session_options={"join_transaction_mode": "create_savepoint"})


@contextmanager
def transaction(actor_id: uuid.UUID | None = None) -> Iterator[None]:
    """Commit at the end or roll back; a transaction inside another joins it. Raises Stale for the slower of two."""
    session = db.session()
    if session.info.get("writing"):
        yield
        return
    after: list[Callable[[], None]] = []
    session.info.update(writing=True, actor_id=actor_id, closing=[], after=after)
    try:
        yield
        for last in session.info["closing"]:
            last()
        session.commit()
    except BaseException as failed:
        session.rollback()
        said = _in_words(failed)
        if said is failed:
            raise
        raise said from None
    finally:
        session.info.pop("writing")
    for told in after:
        told()


def _in_words(failed: BaseException) -> BaseException:
    """What an officer is told of a lost race; anything else stays what it is."""
    if isinstance(failed, IntegrityError) and getattr(failed.orig, "sqlstate", "") == UNIQUE_VIOLATION:
        if "uq_event_stream_id_stream_version" not in str(failed):
            return RuleBroken(_("Somebody entered the very same a moment ago. Look again, then repeat."))
        return Stale(_("Someone else changed this a moment ago. Look again, then repeat."))
    if isinstance(failed, StaleDataError):
        return Stale(_("Someone else changed this a moment ago. Look again, then repeat."))
    return failed


def before_commit(act: Callable[[], None]) -> None:
    """Do this last in the running transaction: what holds a lock that everybody needs is held no longer than that."""
    db.session().info["closing"].append(act)


def after_commit(act: Callable[[], None]) -> None:
    """Do this once the running transaction is committed, and not at all when it is rolled back."""
    db.session().info["after"].append(act)


@contextmanager
def consistent_read() -> Iterator[None]:
    """All queries inside see the database at one instant (REPEATABLE READ), whatever is committed meanwhile."""
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("a consistent read starts outside a command")
    if isinstance(session.get_bind(), Engine):  # not where a test holds one connection for everything
        session.rollback()
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        try:
            yield
        finally:
            session.rollback()
    else:
        yield


@event.listens_for(Session, "before_flush")
def sign_rows_and_refuse_stray_writes(session: Session, *_: object) -> None:
    """Who wrote and when is set here, once; a flush outside transaction() is a bug: only commands write."""
    if not session.info.get("writing"):
        raise RuntimeError("write outside a command")
    who = session.info.get("actor_id")
    for row in session.new:
        if isinstance(row, Record):
            row.created_by = row.created_by or who
    for row in session.dirty:
        if isinstance(row, Record) and session.is_modified(row):
            row.updated_by, row.updated_at = who, now()


def one_or_not_found(statement: Select[R]) -> R:
    """The only row, or the same answer for rows that are absent and rows out of the actor's sight."""
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound(_("There is no such record."))
    return found


def cursor_of(row: object, *keys: InstrumentedAttribute[Any]) -> str:
    """The opaque text that says "after this row" in the order of `keys`."""
    return urlsafe_b64encode(json.dumps([str(getattr(row, key.key)) for key in keys]).encode()).decode().rstrip("=")


def read_cursor(cursor: str, length: int) -> list[Any]:
    """The values inside a cursor, as text; Invalid when it is none of ours."""
    try:
        seen = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        seen = None
    if not isinstance(seen, list) or len(seen) != length:
        raise Invalid(_("This page link is not one the portal gave out. Start again from the first page."), "after")
    return seen


def _as(key: InstrumentedAttribute[Any], text: Any) -> Any:
    """The text of a cursor as the column's kind of value. Raises Invalid for one that was tampered with."""
    kind = key.type.python_type
    try:
        return dt.datetime.fromisoformat(text) if kind is dt.datetime else kind(str(text).replace("\x00", ""))
    except (ValueError, TypeError, ArithmeticError):
        raise Invalid(_("This page link is not one the portal gave out. Start from the first page."), "after") from None


def page_of(
    statement: Select[R], *keys: InstrumentedAttribute[Any], after: str = "", size: int = 50
) -> tuple[Sequence[R], str]:
    """One page in descending order of `keys`, and the cursor of the next ("" at the end). The last key is unique."""
    if after:
        seen = [_as(key, text) for key, text in zip(keys, read_cursor(after, len(keys)), strict=True)]
        statement = statement.where(tuple_(*keys) < tuple_(*(cast(v, k.type) for v, k in zip(seen, keys, strict=True))))
    rows = db.session.scalars(statement.order_by(*(key.desc() for key in keys)).limit(size + 1)).all()
    return (rows, "") if len(rows) <= size else (rows[:size], cursor_of(rows[size - 1], *keys))
