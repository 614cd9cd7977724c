"""What officers can prove themselves with, and what they have to."""

import ipaddress
import uuid
from collections.abc import Sequence
from typing import NamedTuple

import webauthn
from sqlalchemy import func, select
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.accounts.models import Factor, Officer, RecoveryCode
from portal.accounts.queries.officers import _as_actor
from portal.config import settings
from portal.core.access import Actor
from portal.core.db import db
from portal.core.i18n import _
from portal.core.oidc import local_accounts
from portal.core.usecases import query

TOTP, PASSKEY, RECOVERY, PASSWORD = "totp", "passkey", "recovery", "password"
PORTAL = _("HMDA Stage 2")


class Site(NamedTuple):
    """The portal as browsers know it (WebAuthn level 3, 5.1.2): the name in the address, and the whole origin."""

    name: str
    origin: str

    @property
    def has_a_name(self) -> bool:
        """A passkey belongs to a name: at an address of numbers browsers make none (WebAuthn level 3, 5.1.2)."""
        try:
            ipaddress.ip_address(self.name)
        except ValueError:
            return True
        return False


class Options(NamedTuple):
    """What a browser is asked to sign or to make, as JSON, and the challenge that has to come back."""

    json: str
    challenge: bytes


@query(act="own")
def list_factors(actor: Actor) -> Sequence[Factor]:
    """One's own authenticator apps and passkeys, the oldest first."""
    return _factors_of(actor.id)


@query(act="own")
def count_recovery_codes(actor: Actor) -> int:
    """How many of one's own recovery codes were not used yet."""
    return _codes_left(actor.id)


@query(act="own")
def ways_to_prove(actor: Actor) -> frozenset[str]:
    """With what one can prove who one is: a factor; the password only where no factor is had and none is required.

    Where only the organisation signs officers in, an old password of the portal proves nothing.
    """
    kinds = frozenset(factor.kind for factor in _factors_of(actor.id))
    if kinds or _must_have_factor(actor.role) or local_accounts() != "yes":
        return kinds
    return frozenset({PASSWORD}) if db.session.get_one(Officer, actor.id).password_hash else frozenset()


def _must_have_factor(role: str) -> bool:
    """Whether the installation requires a second factor of this role (setting SECOND_FACTOR_ROLES)."""
    return bool(settings().second_factor_roles & {role, "all"})


def _factors_of(officer_id: uuid.UUID) -> Sequence[Factor]:
    found = select(Factor).where(Factor.officer_id == officer_id, Factor.confirmed_at.is_not(None))
    return db.session.scalars(found.order_by(Factor.confirmed_at)).all()


def _codes_left(officer_id: uuid.UUID) -> int:
    unused = select(func.count()).where(RecoveryCode.officer_id == officer_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def _ways_of(officer_id: uuid.UUID) -> frozenset[str]:
    """With what an officer can take the second step of signing in."""
    kinds = frozenset(factor.kind for factor in _factors_of(officer_id))
    return kinds | ({RECOVERY} if _codes_left(officer_id) else frozenset())


def _step_after(officer_id: uuid.UUID, *, strong: bool = False) -> str:
    """What stands between a first proof and the portal: "second", "enrol", or nothing; `strong` is proof enough."""
    if strong:
        return ""
    if _factors_of(officer_id):
        return "second"
    return "enrol" if _must_have_factor(db.session.get_one(Officer, officer_id).role) else ""


def _officer_as_actor(officer_id: uuid.UUID) -> Actor:
    """An officer who has just given the password, for setting up the factor their role needs."""
    return _as_actor(db.session.get_one(Officer, officer_id))


def _passkey_wanted(site: Site, officer_id: uuid.UUID | None, *, verified: bool = False) -> Options:
    """Ask for a signature by one of the officer's passkeys; of a stranger by any the browser offers."""
    passkeys = [factor for factor in _factors_of(officer_id) if factor.kind == PASSKEY] if officer_id else []
    options = webauthn.generate_authentication_options(
        rp_id=site.name,
        allow_credentials=_described(passkeys),
        user_verification=UserVerificationRequirement.REQUIRED if verified else UserVerificationRequirement.PREFERRED,
    )
    return Options(webauthn.options_to_json(options), options.challenge)


def _passkey_to_make(site: Site, officer_id: uuid.UUID) -> Options:
    """Ask for a new passkey that the device finds by itself, so that it also signs in without a password."""
    officer = db.session.get_one(Officer, officer_id)
    options = webauthn.generate_registration_options(
        rp_id=site.name,
        rp_name=str(PORTAL),
        user_id=officer.id.bytes,
        user_name=officer.username,
        user_display_name=officer.name,
        exclude_credentials=_described([factor for factor in _factors_of(officer_id) if factor.kind == PASSKEY]),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return Options(webauthn.options_to_json(options), options.challenge)


def _described(passkeys: Sequence[Factor]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one.credential_id) for one in passkeys if one.credential_id]
