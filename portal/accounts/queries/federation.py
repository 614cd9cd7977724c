"""Reading who signs in by the organisation, and who may still sign in without it."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from portal.accounts.models import Factor, Identity, Officer, OfficerSession
from portal.core.db import db
from portal.core.keys import KeysAway, Unsealable
from portal.core.oidc import NotVouched, SignedOut, local_accounts, provider, public_address, sign_out_address
from portal.core.sealing import unseal

METHOD = "oidc"


def _officer_known_as(issuer: str, subject: str) -> Officer | None:
    """The officer whose account at the provider this is."""
    linked = select(Identity.officer_id).where(Identity.issuer == issuer, Identity.subject == subject)
    return db.session.scalar(select(Officer).where(Officer.id.in_(linked)))


def _officer_to_link(issuer: str, email: str) -> Officer | None:
    """The officer with this verified e-mail, unless another account of the provider is theirs already."""
    taken = select(Identity.officer_id).where(Identity.issuer == issuer)
    found = select(Officer).where(Officer.email != "", Officer.email.ilike(_literally(email)), Officer.id.not_in(taken))
    return db.session.scalar(found) if email else None


def _literally(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _may_sign_in_here(officer: Officer) -> bool:
    """Whether an officer may sign in with what the portal itself keeps (LOCAL_ACCOUNTS).

    "break-glass" leaves it to administrators with a second factor, for the day the provider is away.
    """
    rule = local_accounts()
    if rule != "break-glass":
        return rule == "yes"
    confirmed = select(Factor.id).where(Factor.officer_id == officer.id, Factor.confirmed_at.is_not(None))
    return officer.role == "admin" and db.session.scalar(confirmed.limit(1)) is not None


def _whom_to_ask() -> list[str]:
    """The names of the administrators who can sign in today."""
    found = select(Officer.name).where(Officer.role == "admin", Officer.active, Officer.locked_at.is_(None))
    return list(db.session.scalars(found.order_by(Officer.name)))


def _sessions_named(issuer: str, told: SignedOut) -> Sequence[OfficerSession]:
    """The open sessions a logout token speaks of: one by its number, or all of a subject; never another provider's."""
    linked = select(Identity.officer_id).where(Identity.issuer == issuer)
    if told.subject:
        linked = linked.where(Identity.subject == told.subject)
    found = select(OfficerSession).where(
        OfficerSession.officer_id.in_(linked),
        OfficerSession.method.startswith(METHOD),
        OfficerSession.ended_at.is_(None),
    )
    if told.session:
        found = found.where(OfficerSession.provider_session == told.session)
    return db.session.scalars(found).all()


def _came_by_organisation(session: str) -> bool:
    """Whether a session began at the provider, so that signing out goes on there."""
    found = db.session.get(OfficerSession, uuid.UUID(session)) if session else None
    return found is not None and bool(found.id_token)


def _sign_out_at_provider(session: str) -> str:
    """Where the browser of an ended session signs out of the provider too; "" where that is not possible now."""
    found = db.session.get(OfficerSession, uuid.UUID(session)) if session else None
    if found is None or not found.id_token:
        return ""
    try:
        hint = unseal(found.id_token, f"id_token {found.officer_id}").decode()
        if hint and provider():
            return sign_out_address(hint, public_address("accounts.sign_in"))
    except (NotVouched, KeysAway, Unsealable):
        return ""
    return ""
