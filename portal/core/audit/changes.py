"""Before and after: what a transaction changes is seen once, where it is flushed, row by row and column by column.

A large load is kept as its first rows and a count for the rest. Secrets never reach the record, only that they changed.
"""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import InstanceState, ORMExecuteState, Session

ROWS = 20  # kept whole of one act
LONGEST = 1000  # characters of one value kept whole; of a longer one its beginning and its hash
HIDDEN = "•••"
UNREAD = "?"  # the old value of what was written without having been read
SECRETS = {"password_hash", "secret", "secret_hash", "code_hash", "private_sealed", "id_token", "sealed", "texts"}
UNSEEN = {"event", "outbox", "consumed", "dead_letter", "idempotency_key", "audit_record", "audit_day", "audit_seal"}
UNSEEN |= {"watch_mark", "watch_count"}  # derived from the trail itself
PLUMBING = {"id", "version", "created_at", "created_by", "updated_at", "updated_by", "search"}  # said otherwise
Columns = dict[str, list[Any]]


class Changes:
    """What was changed since the last act was noted."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], tuple[str, Columns]] = {}
        self.more: Counter[tuple[str, str]] = Counter()
        self.projects: set[str] = set()

    def see(self, table: str, ident: str, how: str, project: Any, columns: Callable[[], Columns]) -> None:
        """One row; a row seen twice keeps its oldest before and its newest after."""
        before = self.rows.get((table, ident))
        if before is None and len(self.rows) >= ROWS:
            self.more[table, how] += 1
            return
        if project:
            self.projects.add(str(project))
        first, known = before or (how, {})
        for name, (old, new) in columns().items():
            known[name] = [known[name][0] if name in known else old, new]
        if known or how == "removed":
            self.rows[table, ident] = (how if how == "removed" else first, known)

    def count(self, table: str, how: str, number: int) -> None:
        """Rows changed by one statement, which nobody has looked at one by one."""
        self.more[table, how] += number

    def taken(self) -> tuple[dict[str, Any], list[str]]:
        """The changes for the record and the ids they touch; the next act starts with none."""
        rows = [
            {"table": table, "id": ident, "how": how, "columns": columns}
            for (table, ident), (how, columns) in self.rows.items()
        ]
        more = [{"table": table, "how": how, "count": count} for (table, how), count in self.more.items() if count]
        found = {name: part for name, part in (("rows", rows), ("more", more)) if part}
        touched = [*dict.fromkeys(ident for _table, ident in self.rows), *sorted(self.projects)]
        self.__init__()  # type: ignore[misc]
        return found, touched


def kept(value: Any) -> Any:
    """A value as JSON that reads back the same: numbers with a fraction, dates and ids as text, long ones by hash."""
    if value is None or isinstance(value, bool) or type(value) is int:
        return value
    if isinstance(value, bytes):
        return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, dict | list | tuple | set | frozenset):
        plain = _plain(value)
        text = json.dumps(plain, ensure_ascii=False, sort_keys=True)
        return plain if len(text) <= LONGEST else _long(text)
    text = str(value)
    return text if len(text) <= LONGEST else _long(text)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, bool) or type(value) is int else str(value)


def _long(text: str) -> dict[str, Any]:
    hashed = hashlib.sha256(text.encode()).hexdigest()
    return {"begins": text[:200], "characters": len(text), "sha256": hashed}


def _shown(name: str, value: Any) -> Any:
    return HIDDEN if name in SECRETS and value else kept(value)


def _names(state: InstanceState[Any]) -> Iterable[str]:
    return (attr.key for attr in state.mapper.column_attrs if attr.key not in PLUMBING)


def _whole(state: InstanceState[Any], *, gone: bool) -> Columns:
    found = {name: _shown(name, state.dict[name]) for name in _names(state) if state.dict.get(name) is not None}
    return {name: [value, None] if gone else [None, value] for name, value in found.items()}


def _differences(state: InstanceState[Any]) -> Columns:
    found: Columns = {}
    for name in _names(state):
        if name in state.committed_state:
            added, _same, deleted = state.attrs[name].history
            if added:
                old = _shown(name, deleted[0]) if deleted else HIDDEN if name in SECRETS else UNREAD
                found[name] = [old, _shown(name, added[0])]
    return found


def _see(changes: Changes, row: Any, how: str) -> None:
    state = inspect(row)
    table = state.mapper.local_table.name
    if table in UNSEEN:
        return
    ident = str(state.dict.get("id", ""))

    def columns() -> Columns:
        return _differences(state) if how == "changed" else _whole(state, gone=how == "removed")

    changes.see(table, ident, how, state.dict.get("project_id"), columns)


def listen(changes_of: Callable[[Session], Changes | None]) -> None:
    """Watch every session from now on; `changes_of` says where what is seen belongs."""

    @event.listens_for(Session, "after_flush")
    def see_rows(session: Session, _context: object) -> None:
        changes = changes_of(session)
        if changes is not None:
            for how, rows in (("added", session.new), ("changed", session.dirty), ("removed", session.deleted)):
                for row in rows:
                    if how != "changed" or session.is_modified(row):
                        _see(changes, row, how)

    @event.listens_for(Session, "do_orm_execute")
    def see_statements(run: ORMExecuteState) -> Any:
        how = "added" if run.is_insert else "changed" if run.is_update else "removed" if run.is_delete else ""
        changes = changes_of(run.session) if how else None
        table = getattr(getattr(run.statement, "table", None), "name", "")
        if changes is None or table in UNSEEN:
            return None
        given = run.parameters if isinstance(run.parameters, list) else []
        answer = run.invoke_statement()
        changes.count(table, how, len(given) or max(getattr(answer, "rowcount", 1), 0))
        return answer


def ids_among(args: tuple[Any, ...]) -> list[str]:
    """The ids among the arguments of a use case."""
    return [str(value) for value in args if isinstance(value, uuid.UUID)]
