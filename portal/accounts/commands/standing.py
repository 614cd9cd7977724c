"""Who holds the office of administrator: whatever happens, one who can sign in stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select

from portal.accounts.models import Officer
from portal.core.access import POLICY, Actor
from portal.core.db import db, one_or_not_found
from portal.core.errors import NotPermitted, RuleBroken
from portal.core.i18n import _

OFFICE = frozenset(POLICY["acts"]["accounts.secure"])  # the roles that manage accounts


@dataclass(frozen=True)
class Administrators:
    """The administrators who can sign in, locked until the end of the transaction."""

    ids: frozenset[UUID]
    roles: frozenset[str] = OFFICE

    def spare(self, officer: Officer) -> None:
        """Raise RuleBroken where nobody would be left to manage the accounts."""
        if self.ids == {officer.id}:
            raise RuleBroken(
                _("%(name)s is the only administrator who can sign in. Make another one first.", name=officer.name)
            )


def _held(officer_id: UUID) -> Officer:
    """Within a command: the officer, whom nobody else changes until it ends. Raises NotFound."""
    found = select(Officer).where(Officer.id == officer_id)
    return one_or_not_found(found.with_for_update().execution_options(populate_existing=True))


def _keep_one_administrator(actor: Actor, officer_id: UUID) -> tuple[Officer, Administrators]:
    """Within a command: the officer, held together with all administrators. Raises NotFound.

    All are locked in one order, so two administrators who remove each other at the same moment come one after the
    other; the second is an administrator no longer and gets NotPermitted.
    """
    held = _hold(actor, [officer_id])
    officer = next((one for one in held if one.id == officer_id), None) or _held(officer_id)
    return officer, _administrators(held)


def _hold(actor: Actor, officer_ids: Iterable[UUID]) -> list[Officer]:
    """Within a command: these officers and all administrators, in one order, for an actor who is still in office."""
    found = select(Officer).where(or_(Officer.role.in_(OFFICE), Officer.id.in_(list(officer_ids))))
    locked = found.order_by(Officer.id).with_for_update().execution_options(populate_existing=True)
    held = list(db.session.scalars(locked))
    _refuse_former(actor, held)
    return held


def _administrators(held: Iterable[Officer]) -> Administrators:
    able = [one for one in held if one.role in OFFICE and one.may_sign_in and one.has_a_way_in]
    return Administrators(frozenset(one.id for one in able))


def _refuse_former(actor: Actor, held: Iterable[Officer]) -> None:
    """Whoever lost the office while waiting for the lock acts no more; the command line has no account."""
    if actor.role not in OFFICE:
        return
    own = next((one for one in held if one.id == actor.id), None) or db.session.get(
        Officer, actor.id, populate_existing=True
    )
    if own is not None and not (own.may_sign_in and own.role in OFFICE):
        raise NotPermitted(_("You are no longer an administrator."), act="accounts.secure")
