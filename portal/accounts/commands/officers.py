"""Making accounts, and changing what they may: particulars, postings, role, open or closed."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.accounts.commands.passwords import _hashed
from portal.accounts.commands.sessions import _end_all
from portal.accounts.commands.standing import _held, _keep_one_administrator
from portal.accounts.events import (
    OfficerAdded,
    OfficerChanged,
    OfficerDisabled,
    OfficerEnabled,
    OfficerLocked,
    OfficerUnlocked,
    RoleChanged,
    SecondFactorReset,
)
from portal.accounts.models import Factor, Officer, RecoveryCode
from portal.accounts.queries.officers import _by_username
from portal.core.access import ROLES, Actor
from portal.core.cards import forget
from portal.core.db import db, now
from portal.core.errors import Invalid, RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command

PARTICULARS = ("name", "email", "phone", "circles", "divisions")


@command("secure")
def add_officer(actor: Actor, values: dict[str, Any]) -> Officer:
    """Make an account with a password, for the samples and the command line; the desk invites instead."""
    officer = _made(actor, values)
    officer.password_hash, officer.password_changed_at = _hashed(values["password"]), now()
    return officer


def _made(actor: Actor, values: dict[str, Any]) -> Officer:
    """A new account: user name, name, role, perhaps particulars. Raises Invalid for a taken name, an unknown role."""
    username = values["username"].strip().lower()
    if values["role"] not in ROLES:
        raise Invalid(_("There is no such role."), "role")
    if _by_username(username):
        raise Invalid(_("This user name is taken."), "username")
    officer = Officer(username=username, role=values["role"], active=True)
    _fill(officer, {"name": values["name"]} | {name: values[name] for name in PARTICULARS if values.get(name)})
    db.session.add(officer)
    record(OfficerAdded(username=username, role=officer.role), officer, actor)
    return officer


def _fill(officer: Officer, values: dict[str, Any]) -> list[str]:
    """Put particulars into an account and name what changed. Raises Invalid for an e-mail address of somebody else."""
    if values.get("email"):
        _refuse_taken(values["email"], officer.id)
    changed = [name for name, value in values.items() if (getattr(officer, name) or None) != (value or None)]
    for name in changed:
        setattr(officer, name, values[name])
    return changed


def _refuse_taken(email: str, officer_id: UUID) -> None:
    """A sign-in by the organisation is linked by the address, so no two accounts have the same."""
    found = select(Officer.username).where(func.lower(Officer.email) == email.lower(), Officer.id != officer_id)
    if owner := db.session.scalar(found):
        raise Invalid(_("%(username)s has this e-mail address already.", username=owner), "email")


@command("write")
def edit_officer(actor: Actor, officer_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> Officer:
    """Correct name, e-mail, telephone, circles and divisions. Raises Stale when somebody else saved meanwhile."""
    officer = _held(officer_id)
    officer.seen_as(seen)
    if changed := _fill(officer, {name: values[name] for name in PARTICULARS}):
        record(OfficerChanged(username=officer.username, fields=", ".join(changed)), officer, actor)
        forget(officer.id)
    return officer


@command("secure")
def change_role(actor: Actor, officer_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> Officer:
    """Give an officer another role, and end all their sessions. Nobody changes their own; one administrator stays."""
    officer, administrators = _keep_one_administrator(actor, officer_id)
    officer.seen_as(seen)
    if officer.id == actor.id:
        raise RuleBroken(_("Nobody changes their own role. Another administrator does it."), "role")
    if values["role"] not in ROLES:
        raise Invalid(_("There is no such role."), "role")
    if values["role"] == officer.role:
        raise RuleBroken(_("The officer has this role already."), "role")
    if officer.role in administrators.roles and values["role"] not in administrators.roles:
        administrators.spare(officer)
    _give_role(actor, officer, values["role"])
    return officer


def _give_role(actor: Actor, officer: Officer, role: str) -> None:
    before, officer.role = officer.role, role
    record(RoleChanged(username=officer.username, before=before, after=role), officer, actor)
    _end_all(officer, str(_("the role was changed")), actor)


@command("secure")
def disable_officer(actor: Actor, officer_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> Officer:
    """Close an account, with the reason, and end all its sessions. Nobody closes their own; one administrator stays."""
    officer, administrators = _keep_one_administrator(actor, officer_id)
    officer.seen_as(seen)
    if officer.id == actor.id:
        raise RuleBroken(_("Nobody disables their own account. Another administrator does it."))
    administrators.spare(officer)
    _disable(actor, officer, values["why"])
    return officer


def _disable(actor: Actor, officer: Officer, why: str) -> None:
    officer.disable(why)
    record(OfficerDisabled(username=officer.username, why=why), officer, actor)
    _end_all(officer, str(_("the account was disabled")), actor)


@command("secure")
def enable_officer(actor: Actor, officer_id: UUID, values: dict[str, Any], *, seen: int | None = None) -> Officer:
    """Open a closed account again, with the reason; the officer signs in as before."""
    officer = _held(officer_id)
    officer.seen_as(seen)
    _enable(actor, officer, values["why"])
    return officer


def _enable(actor: Actor, officer: Officer, why: str) -> None:
    officer.enable()
    record(OfficerEnabled(username=officer.username, why=why), officer, actor)
    forget(officer.id)


@command("secure")
def unlock_officer(actor: Actor, officer_id: UUID, *, seen: int | None = None) -> Officer:
    """Let in an officer whose account was locked."""
    officer = _held(officer_id)
    officer.seen_as(seen)
    officer.unlock()
    record(OfficerUnlocked(username=officer.username), officer, actor)
    forget(officer.id)
    return officer


def _lock_officer(actor: Actor, officer_id: UUID, why: str) -> Officer:
    """Within a command: lock an account and end all its sessions. The last administrator is not locked out."""
    officer, administrators = _keep_one_administrator(actor, officer_id)
    administrators.spare(officer)
    officer.lock(why)
    record(OfficerLocked(username=officer.username, why=why), officer, actor)
    _end_all(officer, str(_("the account was locked")), actor)
    return officer


@command("secure")
def reset_factors(actor: Actor, officer_id: UUID, *, seen: int | None = None) -> Officer:
    """Remove the second factors of an officer who lost them, with the recovery codes, and end all their sessions."""
    officer = _held(officer_id)
    officer.seen_as(seen)
    factors = db.session.scalars(select(Factor).where(Factor.officer_id == officer_id)).all()
    if not factors:
        raise RuleBroken(_("This officer has no second factor."))
    codes = db.session.scalars(select(RecoveryCode).where(RecoveryCode.officer_id == officer_id)).all()
    for row in (*factors, *codes):
        db.session.delete(row)
    record(SecondFactorReset(username=officer.username, count=len(factors)), officer, actor)
    _end_all(officer, str(_("the second factor was reset")), actor)
    return officer
