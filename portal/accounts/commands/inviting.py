"""Links that work once: an administrator gives them out, the officer chooses a password by them."""

import datetime as dt
import hashlib
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.accounts.commands.officers import _made
from portal.accounts.commands.passwords import _hashed, _refuse_weak
from portal.accounts.commands.sessions import _end_all
from portal.accounts.commands.standing import _held
from portal.accounts.events import InvitationRemoved, LinkGiven, LinkTakenUp
from portal.accounts.models import Invitation, Officer
from portal.core import audit
from portal.core.access import Actor
from portal.core.calendar import IST
from portal.core.db import db, now, transaction
from portal.core.errors import RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command

LIFE = dt.timedelta(days=7)


@dataclass(frozen=True)
class Issued:
    """A link as it is shown this once; only the hash of its secret is kept. `purpose` is invite or reset."""

    officer: Officer
    purpose: str
    secret: str
    expires_at: dt.datetime


def _hash(secret: str) -> str:
    """Enough for 256 bits of chance: nobody guesses these, so nothing need be slow."""
    return hashlib.sha256(secret.encode()).hexdigest()


@command("secure")
def invite_officer(actor: Actor, values: dict[str, Any]) -> Issued:
    """Make an account and the link by which its officer chooses the password: it works once, for seven days."""
    return _issue(actor, _made(actor, values))


@command("secure")
def give_link(actor: Actor, officer_id: uuid.UUID) -> Issued:
    """A new link for an officer who has none, lost it, or forgot the password; an earlier link stops working."""
    officer = _held(officer_id)
    if not officer.may_sign_in:
        raise RuleBroken(_("The account is disabled or locked. Enable or unlock it first."))
    return _issue(actor, officer)


def _issue(actor: Actor, officer: Officer) -> Issued:
    for old in db.session.scalars(_open(officer.id)):
        db.session.delete(old)
    purpose, secret, until = "reset" if officer.has_a_way_in else "invite", secrets.token_urlsafe(32), now() + LIFE
    db.session.flush()
    db.session.add(
        Invitation(officer_id=officer.id, purpose=purpose, secret_hash=_hash(secret), expires_at=until, used_at=None)
    )
    told = f"{until.astimezone(IST):%d-%m-%Y %H:%M}"
    record(LinkGiven(username=officer.username, purpose=purpose, until=told), officer, actor)
    return Issued(officer, purpose, secret, until)


def _open(officer_id: uuid.UUID) -> Any:
    return select(Invitation).where(Invitation.officer_id == officer_id, Invitation.used_at.is_(None))


@command("secure")
def withdraw_link(actor: Actor, officer_id: uuid.UUID) -> None:
    """Take a link back. An account that nobody ever signed in to goes with it, and its user name is free again."""
    officer = _held(officer_id)
    links = db.session.scalars(_open(officer_id)).all()
    if officer.has_a_way_in and not links:
        raise RuleBroken(_("There is no link to take back."))
    if not officer.has_a_way_in:
        record(InvitationRemoved(username=officer.username), officer, actor)
    for link in links:
        db.session.delete(link)
    if not officer.has_a_way_in:
        _remove(officer)


def _remove(officer: Officer) -> None:
    """Raises RuleBroken where records of other modules already name the officer."""
    for link in db.session.scalars(select(Invitation).where(Invitation.officer_id == officer.id)):
        db.session.delete(link)
    try:
        with db.session.begin_nested():
            db.session.delete(officer)
            db.session.flush()
    except IntegrityError:
        raise RuleBroken(
            _("Records name %(name)s already, so the account stays. Disable it instead.", name=officer.name)
        ) from None


def _link_of(secret: str) -> Invitation | None:
    """The link with this secret while it works; None for one that is unknown, used, run out, or of a closed account."""
    found = select(Invitation).where(Invitation.secret_hash == _hash(secret), Invitation.used_at.is_(None))
    return db.session.scalar(found.where(Invitation.expires_at > now()).execution_options(populate_existing=True))


def _guest_of(secret: str) -> Officer | None:
    """The officer a link was made for, while it works; nobody where the account is closed meanwhile."""
    link = _link_of(secret)
    officer = db.session.get(Officer, link.officer_id) if link else None
    return officer if officer and officer.may_sign_in else None


def _take_up(secret: str, password: str) -> Officer | None:
    """Choose the password by a link: the link ends with that, and so does every session. None where it does not work.
    Raises Invalid for a password that is too easy; then the link stays as it is.

    A link opened twice at the same moment is used once: the second waits for the officer, and finds it used.
    """
    guest = _guest_of(secret)
    if guest is None:
        return None
    with transaction(guest.id):
        officer, link = _held(guest.id), _link_of(secret)
        if link is None or not officer.may_sign_in:
            return None
        _refuse_weak(password, officer.username, officer.name)
        link.used_at = now()
        officer.password_hash, officer.password_changed_at = _hashed(password), now()
        actor = Actor(officer.id, officer.role, name=officer.name)
        record(LinkTakenUp(username=officer.username, purpose=link.purpose), officer, actor)
        audit.note(actor, "accounts.own", f"{__name__}.take_up", (officer.id, link.id))
        _end_all(officer, str(_("a new password was chosen")), actor)
    return officer
