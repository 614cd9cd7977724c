"""Many officers at once, from a list: read it, look at it, load it whole or not at all, give out the links once."""

import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select, text

from portal.accounts.commands.inviting import Issued, _issue
from portal.accounts.commands.officers import _disable, _enable, _fill, _give_role, _made
from portal.accounts.commands.standing import _hold
from portal.accounts.events import OfficerChanged, OfficersLoaded
from portal.accounts.models import Officer, OfficerBatch
from portal.accounts.queries.bulk import Planned, _roster, get_batch
from portal.accounts.rules import columns_of
from portal.core import sandbox
from portal.core.access import Actor
from portal.core.cards import forget
from portal.core.db import db, now
from portal.core.errors import Invalid, RuleBroken, Stale, TooLarge
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command

EXAMINE = "portal.accounts.rules.roster:examine"
MAX_BYTES = 5 << 20
KEPT = dt.timedelta(days=7)
LOAD_LOCK = 73001003  # one list after the other


class Upload(Protocol):
    """A file as it arrives, with the name its sender gave it."""

    filename: str | None

    def read(self, size: int = -1, /) -> bytes: ...


@command("write")
def stage_officers(actor: Actor, file: Upload, _values: dict[str, Any] | None = None) -> OfficerBatch:
    """Read a list for a dry run; nothing changes yet. Its rows are forgotten when it is loaded, left, or a week old."""
    name = PurePath((file.filename or "officers").replace("\\", "/")).name[:200]
    found = _examined(file, name)
    columns_of(found["heads"])
    if not found["rows"]:
        raise Invalid(_("There is no row below the headings."), "file")
    for old in db.session.scalars(select(OfficerBatch).where(OfficerBatch.created_at < now() - KEPT)):
        _forget_rows(old, "left" if old.state == "dry_run" else old.state)
    batch = OfficerBatch(filename=name, officer_id=actor.id, officer_name=actor.name, state="dry_run")
    batch.heads, batch.texts, batch.result, batch.made = found["heads"], found["rows"], {}, []
    db.session.add(batch)
    return batch


def _examined(file: Upload, name: str) -> dict[str, Any]:
    """Opened in a sandbox, under its own ending, for the ending is part of what is checked. Raises Invalid."""
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise TooLarge(_("The file is larger than the %(mb)s MB that are taken.", mb=MAX_BYTES >> 20))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / ("officers" + (PurePath(name).suffix.lower()[:8] or ".none"))
        place.write_bytes(content)
        found = sandbox.look(EXAMINE, place)
    if found.get("refused") == "damaged":
        raise Invalid(_("The file is damaged. Save it again and upload that."), "file")
    if "refused" in found:
        raise Invalid(found["refused"], "file")
    return found


def _forget_rows(batch: OfficerBatch, state: str) -> None:
    batch.state, batch.texts = state, []


@command("secure")
def load_officers(actor: Actor, batch_id: UUID, values: dict[str, Any]) -> OfficerBatch:
    """Make, change, disable and enable as the list says, all of it or nothing.

    `plan` is the mark of the plan that was looked at: where an account changed since, it is looked at again.
    """
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOAD_LOCK})
    batch = get_batch(actor, batch_id)
    db.session.refresh(batch, with_for_update=True)
    if batch.state != "dry_run":
        raise RuleBroken(_("This list was loaded or left already."))
    known = _held_all(actor)
    roster = _roster(actor, batch, known)
    if roster.mark != values["plan"]:
        raise Stale(_("An account of this list was changed meanwhile. Look at the list again, then load it."))
    if not roster.ready:
        raise RuleBroken(_("There is nothing to load, or a row is to be mended first."))
    _give_up_addresses(roster.rows)
    made = [officer.id for row in roster.rows if (officer := _load(actor, row, batch.filename))]
    _close(actor, batch, made, roster.counts)
    return batch


def _held_all(actor: Actor) -> dict[str, Officer]:
    """Everybody, locked in one order, so that what was planned is what is done."""
    held = _hold(actor, db.session.scalars(select(Officer.id)).all())
    return {officer.username: officer for officer in held}


def _give_up_addresses(rows: Sequence[Planned]) -> None:
    """Two officers may exchange addresses within one list: first everybody gives up the old one."""
    for row in rows:
        if row.officer and "email" in row.changes:
            row.officer.email = ""
    db.session.flush()


def _load(actor: Actor, row: Planned, filename: str) -> Officer | None:
    """Carry out one row; the account when it is a new one."""
    if row.officer is None:
        return _made(actor, row.entry.values)
    new = {name: value for name, (_old, value) in row.changes.items()}
    why = str(_("by the list %(filename)s", filename=filename))
    if fields := _fill(row.officer, {name: new[name] for name in new if name not in ("role", "active")}):
        record(OfficerChanged(username=row.officer.username, fields=", ".join(fields)), row.officer, actor)
        forget(row.officer.id)
    if "role" in new:
        _give_role(actor, row.officer, new["role"])
    if "active" in new:
        (_enable if new["active"] else _disable)(actor, row.officer, why)
    return None


def _close(actor: Actor, batch: OfficerBatch, made: Sequence[UUID], counts: Any) -> None:
    batch.result, batch.made, batch.loaded_at = dict(counts), [str(one) for one in made], now()
    _forget_rows(batch, "loaded")
    changed = counts["change"] + counts["enable"]
    fact = OfficersLoaded(filename=batch.filename, made=len(made), changed=changed, disabled=counts["disable"])
    record(fact, batch, actor)


@command("write")
def leave_officers(actor: Actor, batch_id: UUID) -> None:
    """Leave a list without loading it; its rows are forgotten."""
    batch = get_batch(actor, batch_id)
    if batch.state != "dry_run":
        raise RuleBroken(_("This list was loaded or left already."))
    _forget_rows(batch, "left")


@command("secure")
def give_links(actor: Actor, batch_id: UUID) -> list[Issued]:
    """The links of the officers a list made, once; who chose a password meanwhile needs none."""
    batch = get_batch(actor, batch_id)
    db.session.refresh(batch, with_for_update=True)
    if batch.links_at is not None:
        raise RuleBroken(_("The links of this list were given out. Make a new one on the page of the officer."))
    found = select(Officer).where(Officer.id.in_([UUID(one) for one in batch.made])).order_by(Officer.username)
    fresh = [officer for officer in db.session.scalars(found.with_for_update()) if officer.state == "invited"]
    if not fresh:
        raise RuleBroken(_("Nobody of this list waits for a link."))
    batch.links_at = now()
    return [_issue(actor, officer) for officer in fresh]
