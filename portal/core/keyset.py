"""Pages that neither repeat nor drop a row: keyset paging over several columns, empty values last both ways."""

import datetime as dt
import json
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from sqlalchemy import Date, DateTime, Integer, Numeric, and_, false, or_
from sqlalchemy.sql.elements import ColumnElement

from portal.core.db import db
from portal.core.errors import Invalid
from portal.core.i18n import _

BEYOND = Decimal(10) ** 18  # more than any column of figures holds


class Key(NamedTuple):
    """One column of the order."""

    name: str
    column: Any
    down: bool = False


class Window(NamedTuple):
    """One page and the cursors of its neighbours, empty where there is none."""

    rows: Sequence[Any]
    previous: str
    next: str


def window(statement: Any, keys: Sequence[Key], unique: Key, *, after: str, before: str, size: int) -> Window:
    """The page after or before a cursor. Each key stands in the row under its name; `unique` breaks ties."""
    back = bool(before)
    order = [*keys, unique]
    seen = _read(before or after, order)
    if seen is not None:
        statement = statement.where(_beyond(order, seen, back))
    ordered = statement.order_by(*(_ordered(key, back) for key in order)).limit(size + 1)
    found = list(db.session.execute(ordered))
    more, rows = len(found) > size, found[:size]
    if back:
        rows.reverse()
    ends = [_write(row, order) for row in (rows[0], rows[-1])] if rows else ["", ""]
    has_previous, has_next = (more, seen is not None) if back else (seen is not None, more)
    return Window(rows, ends[0] if has_previous else "", ends[1] if has_next else "")


def _ordered(key: Key, back: bool) -> Any:
    way = key.column.desc() if key.down != back else key.column.asc()
    if getattr(key.column, "nullable", True) is False:
        return way  # an index is read backwards only where nothing is said of empty values
    return way.nulls_first() if back else way.nulls_last()


def _beyond(order: Sequence[Key], seen: Sequence[Any], back: bool) -> ColumnElement[bool]:
    """Rows strictly beyond the one seen, in the direction of reading."""
    steps = []
    for place, key in enumerate(order):
        same = [one.column.is_not_distinct_from(value) for one, value in zip(order[:place], seen, strict=False)]
        steps.append(and_(*same, _past(key, seen[place], back)))
    return or_(*steps)


def _past(key: Key, value: Any, back: bool) -> ColumnElement[bool]:
    if value is None:
        return key.column.is_not(None) if back else false()
    beyond = key.column < value if key.down != back else key.column > value
    return beyond if back else or_(beyond, key.column.is_(None))


def _write(row: Any, order: Sequence[Key]) -> str:
    values = [getattr(row, key.name) for key in order]
    texts = [None if value is None else str(value) for value in values]
    return urlsafe_b64encode(json.dumps([_signature(order), *texts]).encode()).decode().rstrip("=")


def _signature(order: Sequence[Key]) -> str:
    return ",".join(("-" if key.down else "") + key.name for key in order)


def _read(cursor: str, order: Sequence[Key]) -> list[Any] | None:
    """The values of a cursor; None for no cursor, or one of another order. Raises Invalid for what is none of ours."""
    if not cursor:
        return None
    try:
        signature, *texts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if signature != _signature(order):
            return None
        return [None if text is None else _typed(text, key.column) for text, key in zip(texts, order, strict=True)]
    except (ValueError, TypeError, InvalidOperation, RecursionError):
        raise Invalid(
            _("This page link is not one the portal gave out. Start again from the first page."), "after"
        ) from None


def _typed(text: Any, column: Any) -> Any:
    """Raises ValueError for what the column cannot be compared with."""
    if not isinstance(text, str) or "\0" in text.encode().decode():  # a lone surrogate cannot be encoded
        raise ValueError
    if isinstance(column.type, Numeric | Integer):
        number = Decimal(text)
        if not abs(number) < BEYOND:
            raise ValueError
        return number if isinstance(column.type, Numeric) else int(number)
    if isinstance(column.type, DateTime):
        return dt.datetime.fromisoformat(text)
    if isinstance(column.type, Date):
        return dt.date.fromisoformat(text)
    return text if column.type.python_type is str else uuid.UUID(text)
