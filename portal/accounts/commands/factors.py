"""Adding and removing second factors; every change is told to the officer and asks for a fresh proof."""

import secrets
from typing import Any
from uuid import UUID

import pyotp
import webauthn
from sqlalchemy import delete, select
from webauthn.helpers.exceptions import WebAuthnException

from portal.accounts.commands.proving import STEP_S, Signed, _code_hash, _purpose, _step_of
from portal.accounts.events import FactorAdded, FactorRemoved, RecoveryCodesMade
from portal.accounts.models import Factor, Officer, RecoveryCode
from portal.accounts.queries.factors import PASSKEY, PORTAL, TOTP, _codes_left, _factors_of, _must_have_factor
from portal.core.access import Actor
from portal.core.db import db, now, one_or_not_found
from portal.core.errors import Invalid, RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.sealing import seal, unseal
from portal.core.usecases import command

MOST = 10
CODES, GROUPS = 10, 4
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another: i and l, o and 0, 1


def _new_secret(officer_id: UUID) -> str:
    """A secret for an app, sealed: 160 bits (RFC 4226, 4 R6)."""
    return seal(pyotp.random_base32().encode(), _purpose(officer_id))


def _address_of(officer_id: UUID, sealed: str) -> tuple[str, str]:
    """What the app reads from the picture, and the secret for typing it."""
    secret = unseal(sealed, _purpose(officer_id)).decode()
    officer = db.session.get_one(Officer, officer_id)
    return pyotp.TOTP(secret).provisioning_uri(name=officer.username, issuer_name=str(PORTAL)), secret


@command("factors")
def add_app(actor: Actor, values: dict[str, Any], *, sealed: str) -> list[str]:
    """Add an authenticator app that has shown a right code; returns the recovery codes where these are the first.

    Raises Invalid for a wrong code. The code is used up by this.
    """
    officer = _with_room(actor)
    secret = unseal(sealed, _purpose(actor.id)).decode()
    code = "".join(sign for sign in values["code"] if sign.isdigit())
    step = _step_of(secret, code, int(now().timestamp()) // STEP_S, 0)
    if not step:
        raise Invalid(_("This code is not of this app. Look whether the clock of the phone is right."), "code")
    name = values["name"] or str(_("Authenticator app"))
    factor = Factor(officer_id=actor.id, kind=TOTP, name=name, secret=sealed, counter=step, confirmed_at=now())
    return _added(officer, factor, actor)


@command("factors")
def add_passkey(actor: Actor, values: dict[str, Any], *, signed: Signed) -> list[str]:
    """Add a passkey (WebAuthn level 3, 7.1); returns the recovery codes where these are the first. Raises Invalid."""
    officer = _with_room(actor)
    try:
        made = webauthn.verify_registration_response(
            credential=signed.credential,
            expected_challenge=signed.challenge,
            expected_rp_id=signed.site.name,
            expected_origin=signed.site.origin,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise Invalid(_("The device did not make a passkey, or too late. Try again."), "credential") from None
    factor = Factor(
        officer_id=actor.id,
        kind=PASSKEY,
        name=values["name"] or str(_("Passkey")),
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        counter=made.sign_count,
        confirmed_at=now(),
    )
    return _added(officer, factor, actor)


def _with_room(actor: Actor) -> Officer:
    officer = db.session.get_one(Officer, actor.id, with_for_update=True)
    if len(_factors_of(actor.id)) >= MOST:
        raise RuleBroken(_("Ten factors are enough. Remove one that is not used."))
    return officer


def _added(officer: Officer, factor: Factor, actor: Actor) -> list[str]:
    db.session.add(factor)
    record(FactorAdded(username=officer.username, kind=factor.kind, name=factor.name), officer, actor)
    return [] if _codes_left(officer.id) else _new_codes(officer, actor)


@command("factors")
def remove_factor(actor: Actor, factor_id: UUID) -> None:
    """Remove one of one's own factors. The last one stays where the role needs one, and takes the codes with it."""
    officer = db.session.get_one(Officer, actor.id, with_for_update=True)
    factor = one_or_not_found(select(Factor).where(Factor.id == factor_id, Factor.officer_id == actor.id))
    last = len(_factors_of(actor.id)) == 1
    if last and _must_have_factor(officer.role):
        raise RuleBroken(_("Your role needs a second factor. Add another before you remove this one."))
    record(FactorRemoved(username=officer.username, kind=factor.kind, name=factor.name), officer, actor)
    db.session.delete(factor)
    if last:
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.officer_id == actor.id))


@command("factors")
def renew_recovery_codes(actor: Actor) -> list[str]:
    """Ten new codes that each work once, shown this once; older ones no longer work."""
    officer = db.session.get_one(Officer, actor.id, with_for_update=True)
    if not _factors_of(actor.id):
        raise RuleBroken(_("Recovery codes stand in for a second factor. Add one first."))
    return _new_codes(officer, actor)


def _new_codes(officer: Officer, actor: Actor) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.officer_id == officer.id))
    codes = ["".join(secrets.choice(SIGNS) for _sign in range(4 * GROUPS)) for _code in range(CODES)]
    db.session.add_all(RecoveryCode(officer_id=officer.id, code_hash=_code_hash(officer.id, code)) for code in codes)
    record(RecoveryCodesMade(username=officer.username, count=CODES), officer, actor)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]
