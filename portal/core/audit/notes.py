"""Writing the trail: note() for what a command carries out, witness() for what no command does."""

import logging
import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.core.access import POLICY, SYSTEM, Actor
from portal.core.audit.chain import append
from portal.core.audit.changes import Changes, ids_among, listen
from portal.core.audit.records import AuditRecord
from portal.core.db import db, transaction
from portal.core.errors import NotFound, NotPermitted, PortalError
from portal.core.origin import ORIGIN

LONGEST = 500
log = logging.getLogger("portal.audit")


class Ledger:
    """What one transaction has to say; written last of all, just before the commit."""

    def __init__(self, closing: list[Any]) -> None:
        self.closing, self.changes, self.why = closing, Changes(), ""
        self.records: list[dict[str, Any]] = []
        closing.append(self)

    def __call__(self) -> None:
        if self.closing[-1] is not self:
            self.closing.append(self)  # others do their last things first, without holding the end of the chain
        elif self.records:
            records, self.records = self.records, []
            append(records)


def _ledger(session: Session) -> Ledger | None:
    """The ledger of the running transaction; None outside one."""
    if not session.info.get("writing"):
        return None
    closing = session.info["closing"]
    return next((one for one in closing if isinstance(one, Ledger)), None) or Ledger(closing)


def _changes_of(session: Session) -> Changes | None:
    ledger = _ledger(session)
    return ledger.changes if ledger else None


listen(_changes_of)


def note(actor: Actor, act: str, use_case: str, args: tuple[Any, ...], *, instrument: str = "") -> None:
    """At the end of a command: what it did, and what it changed since the last note of the same transaction."""
    session = db.session()
    session.flush()
    ledger = _ledger(session)
    assert ledger is not None, "an act is noted in the transaction that carries it out"
    changes, touched = ledger.changes.taken()
    why, ledger.why = ledger.why, ""
    subjects = ids_among(args)
    said = {"act": act, "use_case": use_case, "instrument": instrument, "why": why, "outcome": "done"}
    ledger.records.append(
        _who(actor, actor.name)
        | _where()
        | {key: _text(value) for key, value in said.items()}
        | {"subjects": subjects, "touched": list(dict.fromkeys([*subjects, *touched])), "changes": changes}
    )


def because(why: str) -> None:
    """Within a command: words for its record that its arguments do not hold, such as what an export was asked for."""
    ledger = _ledger(db.session())
    assert ledger is not None, "reasons are given inside a command"
    ledger.why = why


def witness(
    act: str,
    outcome: str,
    *,
    actor: Actor | None = None,
    name: str = "",
    why: str = "",
    subjects: Iterable[uuid.UUID] = (),
) -> None:
    """Record what no command carries out, in a transaction of its own: a refusal, a failed sign-in, a forged token.

    `outcome` is refused, failed, tampering, read or renewed; `name` is who a stranger says they are.
    """
    who, ids = actor or SYSTEM, [str(subject) for subject in subjects]
    session = db.session()
    if not session.info.get("writing"):
        session.rollback()  # whatever a failed use case left behind is not written with this
    with transaction(who.id):
        ledger = _ledger(session)
        assert ledger is not None
        said = {"act": act, "use_case": "", "instrument": "", "why": why, "outcome": outcome}
        stranger = {"role": "", "session": ""} if actor is None else {}
        ledger.records.append(
            _who(who, actor.name if actor else name)
            | stranger
            | _where()
            | {key: _text(value) for key, value in said.items()}
            | {"subjects": ids, "touched": ids, "changes": {}}
        )


def refused(error: PortalError, actor: Actor | None, module: str, ids: Iterable[Any], *, wrote: bool) -> None:
    """Witness what was refused to an officer: a missing right, or a project that does not exist for them.

    The refusal stands even where it cannot be recorded: it is then in the log.
    """
    subjects = [value for value in ids if isinstance(value, uuid.UUID)]
    if actor is None:
        return
    if isinstance(error, NotPermitted) or (isinstance(error, NotFound) and error.why):
        act, why = error.act or f"{module}.{'write' if wrote else 'read'}", error.why
    elif isinstance(error, NotFound) and subjects and actor.role in POLICY["assigned"]["roles"]:
        act, why = f"{module}.{'write' if wrote else 'read'}", "unassigned"
    else:
        return
    try:
        witness(act, "refused", actor=actor, why=why, subjects=subjects)
    except SQLAlchemyError:
        log.exception("a refusal of %s to %s was not recorded", act, actor.id)


def _who(actor: Actor, name: str) -> dict[str, Any]:
    return {"actor_id": actor.id, "actor_name": _text(name), "role": actor.role, "session": actor.session}


def _where() -> dict[str, Any]:
    origin = ORIGIN.get()
    found = {"door": origin.door, "address": origin.address, "device": origin.device, "request_id": origin.request_id}
    return {key: _text(value) for key, value in found.items()}


def _text(value: object) -> str:
    """A text that the database takes and gives back unchanged, of a length that cannot fill it."""
    return str(value).replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:LONGEST]


def acts_of(actor: Actor, among: Iterable[str], args: tuple[Any, ...]) -> frozenset[str]:
    """Which of these acts the actor has done before with what the arguments name: for the separation of duties."""
    subjects = ids_among(args)
    if not subjects:
        return frozenset()
    found = select(AuditRecord.act).where(
        AuditRecord.touched.has_any(array(subjects)),  # the index
        AuditRecord.subjects.has_any(array(subjects)),
        AuditRecord.actor_id == actor.id,
        AuditRecord.act.in_(list(among)),
        AuditRecord.outcome == "done",
    )
    return frozenset(db.session.scalars(found.distinct()))
