"""A list of officers laid beside the accounts: what loading it would do, row by row, and what keeps a row out."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Officer, OfficerBatch
from portal.accounts.rules import FIELDS, Entry, Issue, columns_of, entry_of
from portal.core.access import POLICY, Actor
from portal.core.db import db, one_or_not_found
from portal.core.i18n import _
from portal.core.usecases import query

KINDS = {
    "make": _("new"),
    "change": _("changed"),
    "disable": _("disabled"),
    "enable": _("enabled again"),
    "same": _("as it was"),
    "refused": _("to be mended"),
}
OFFICE = frozenset(POLICY["acts"]["accounts.secure"])


class Planned(NamedTuple):
    """One row with what loading it does; `changes` are old and new of each field."""

    number: int
    kind: str
    entry: Entry
    officer: Officer | None
    changes: Mapping[str, tuple[Any, Any]]

    @property
    def username(self) -> str:
        """Whose row it is, as far as it says."""
        return str(self.entry.values.get("username", ""))


@dataclass(frozen=True)
class Roster:
    """A list laid beside the accounts. `mark` names this plan: another one is not loaded in its place."""

    batch: OfficerBatch
    rows: Sequence[Planned]
    counts: Mapping[str, int]
    unknown: Sequence[str]
    mark: str

    @property
    def id(self) -> UUID:
        """The list's own."""
        return self.batch.id

    @property
    def ready(self) -> bool:
        """Whether there is something to load, and nothing to mend."""
        idle = self.counts["same"] + self.counts["refused"]
        return self.batch.state == "dry_run" and not self.counts["refused"] and len(self.rows) > idle


@query
def get_batch(actor: Actor, batch_id: UUID) -> OfficerBatch:
    """A list that was read. Raises NotFound for one of another administrator: it holds personal data."""
    return one_or_not_found(
        select(OfficerBatch).where(OfficerBatch.id == batch_id, OfficerBatch.officer_id == actor.id)
    )


@query
def get_roster(actor: Actor, batch_id: UUID) -> Roster:
    """What loading the list would do now."""
    return _roster(actor, get_batch(actor, batch_id), _everybody())


@query
def list_batches(actor: Actor) -> Sequence[OfficerBatch]:
    """The lists this administrator uploaded, the latest first."""
    found = select(OfficerBatch).where(OfficerBatch.officer_id == actor.id)
    return db.session.scalars(found.order_by(OfficerBatch.created_at.desc(), OfficerBatch.id).limit(20)).all()


@query
def list_issues(actor: Actor, batch_id: UUID) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """The list as it was uploaded, with one more column: what is to be mended in each row."""
    roster = get_roster(actor, batch_id)
    said = {one.number: "; ".join(f"{issue.column}: {issue.text}" for issue in one.entry.issues) for one in roster.rows}
    heads, width = roster.batch.heads, len(roster.batch.heads)
    rows = [[*cells[:width], *[""] * (width - len(cells)), said[number]] for number, cells in roster.batch.texts]
    return [*heads, str(_("Issues"))], rows


def _everybody() -> dict[str, Officer]:
    return {officer.username: officer for officer in db.session.scalars(select(Officer))}


def _roster(actor: Actor, batch: OfficerBatch, known: Mapping[str, Officer]) -> Roster:
    columns = columns_of(batch.heads) if batch.heads else {}
    entries = [entry_of(number, cells, columns) for number, cells in batch.texts]
    _twice(entries, "username")
    _twice(entries, "email")
    rows = [_planned(actor, entry, known.get(entry.values.get("username", ""))) for entry in entries]
    _taken_addresses(rows, known)
    _nobody_left(rows, known)
    rows = [row._replace(kind="refused") if row.entry.issues else row for row in rows]
    counted = Counter(row.kind for row in rows)
    unknown = [head for place, head in enumerate(batch.heads) if head and place not in columns.values()]
    return Roster(batch, rows, {kind: counted[kind] for kind in KINDS}, unknown, _mark(rows))


def _mark(rows: Iterable[Planned]) -> str:
    plan = [(row.number, row.kind, row.username, sorted(row.changes.items())) for row in rows]
    return hashlib.sha256(json.dumps(plan, default=str).encode()).hexdigest()[:16]


def _twice(entries: Sequence[Entry], name: str) -> None:
    """The same user name or e-mail address in two rows: nobody can tell which is meant."""
    where: dict[str, list[int]] = {}
    for entry in entries:
        if value := str(entry.values.get(name, "")).lower():
            where.setdefault(value, []).append(entry.number)
    for entry in entries:
        rows = where.get(str(entry.values.get(name, "")).lower(), [])
        others = ", ".join(str(number) for number in rows if number != entry.number)
        if others:
            entry.issues.append(Issue(FIELDS[name], _("Row %(rows)s has the same. Keep one of them.", rows=others)))


def _planned(actor: Actor, entry: Entry, officer: Officer | None) -> Planned:
    values = {name: value for name, value in entry.values.items() if name != "username"}
    if officer is None:
        _complete(entry)
        shown = {name: ("", value) for name, value in values.items() if value and name != "active"}
        return Planned(entry.number, "make", entry, None, shown)
    changes = {
        name: (getattr(officer, name), value)
        for name, value in values.items()
        if (getattr(officer, name) or None) != (value or None)
    }
    _own(actor, officer, entry, changes)
    return Planned(entry.number, _kind(changes), entry, officer, changes)


def _kind(changes: Mapping[str, tuple[Any, Any]]) -> str:
    if "active" in changes:
        return "enable" if changes["active"][1] else "disable"
    return "change" if changes else "same"


def _complete(entry: Entry) -> None:
    """A new account needs a name and a role, and begins active."""
    spoilt = {issue.column for issue in entry.issues}
    for name in ("name", "role"):
        if not entry.values.get(name) and FIELDS[name] not in spoilt:
            entry.issues.append(Issue(FIELDS[name], _("A new officer needs this.")))
    if entry.values.get("active") is False:
        entry.issues.append(Issue(FIELDS["active"], _("A new officer begins active. Leave the row out instead.")))


def _own(actor: Actor, officer: Officer, entry: Entry, changes: Mapping[str, Any]) -> None:
    if officer.id != actor.id:
        return
    if "role" in changes:
        entry.issues.append(Issue(FIELDS["role"], _("Nobody changes their own role.")))
    if "active" in changes:
        entry.issues.append(Issue(FIELDS["active"], _("Nobody disables their own account.")))


def _taken_addresses(rows: Sequence[Planned], known: Mapping[str, Officer]) -> None:
    """An e-mail address that somebody outside the list has; one given up within the list is free."""
    given_up = {row.officer.id for row in rows if row.officer and "email" in row.changes}
    owners = {officer.email.lower(): officer for officer in known.values() if officer.email}
    for row in rows:
        owner = owners.get(str(row.changes.get("email", ("", ""))[1]).lower())
        if owner is not None and owner is not row.officer and owner.id not in given_up:
            text = _("%(username)s has this e-mail address already.", username=owner.username)
            row.entry.issues.append(Issue(FIELDS["email"], text))


def _nobody_left(rows: Sequence[Planned], known: Mapping[str, Officer]) -> None:
    """The last administrator who can sign in is neither disabled nor given another role."""
    able = {one.id for one in known.values() if one.role in OFFICE and one.may_sign_in and one.has_a_way_in}
    leaving = [row for row in rows if row.officer and row.officer.id in able and _leaves(row.changes)]
    if able and able == {row.officer.id for row in leaving if row.officer}:
        for row in leaving:
            column = FIELDS["active" if "active" in row.changes else "role"]
            row.entry.issues.append(Issue(column, _("Nobody would be left to manage the accounts.")))


def _leaves(changes: Mapping[str, tuple[Any, Any]]) -> bool:
    return changes.get("active", (True, True))[1] is False or changes.get("role", ("", "admin"))[1] not in OFFICE
