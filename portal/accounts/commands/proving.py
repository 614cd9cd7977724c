"""Proving who one is with a second factor: a code of an app, a recovery code, a passkey, each at most once."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyotp
import webauthn
from sqlalchemy import select
from webauthn.helpers.exceptions import WebAuthnException

from portal.accounts.commands.passwords import _fits
from portal.accounts.events import RecoveryCodeUsed
from portal.accounts.models import Factor, Officer, RecoveryCode
from portal.accounts.queries.factors import PASSKEY, PASSWORD, RECOVERY, TOTP, Site, _codes_left, ways_to_prove
from portal.accounts.queries.officers import _as_actor
from portal.core import attempts, audit
from portal.core.access import Actor
from portal.core.db import db, now, transaction
from portal.core.errors import PortalError
from portal.core.events import record
from portal.core.i18n import _
from portal.core.sealing import unseal

STEP_S = 30  # RFC 6238
WRONG_CODE = _("This code is not right, or was used before.")
WRONG_KEY = _("This passkey is not known here, or its answer came too late. Try again.")


class SignInFailed(PortalError):
    """Whoever asks did not prove who they are; `field` names what did not fit."""

    status = 401
    title = "Sign in first"


@dataclass(frozen=True)
class Signed:
    """The answer of a passkey, what it was to sign, and for which portal."""

    credential: str
    challenge: bytes
    site: Site


def _purpose(officer_id: UUID) -> str:
    return f"totp {officer_id}"


def _failed(officer: Officer | None, act: str, why: str, field: str, words: Any) -> SignInFailed:
    """Witness a failure; returns the refusal to raise."""
    audit.witness(act, "failed", name=officer.username if officer else "", why=why)
    return SignInFailed(words, field)


def _by_code(officer_id: UUID, code: str, *, act: str = "accounts.sign_in", recovery: bool = True) -> str:
    """Use up a code; returns whether it was of an app or for recovery. Raises SignInFailed, TooMany."""
    attempt = attempts.begin("factor", officer_id.hex)
    text = "".join(sign for sign in code.lower() if sign.isalnum())
    with transaction(officer_id):
        officer = db.session.get_one(Officer, officer_id, with_for_update=True)
        used = _totp_used(officer_id, text)
        kind = TOTP if used else RECOVERY if recovery and _recovery_used(officer, text) else ""
    if not kind:
        raise _failed(officer, act, "code", "code", WRONG_CODE)
    attempt.succeeded()
    return kind


def _totp_used(officer_id: UUID, code: str) -> bool:
    """RFC 6238, 5.2: a code of this step or a neighbour is good once, and then no code of that step or an older one."""
    present = int(time.time()) // STEP_S
    apps = select(Factor).where(Factor.officer_id == officer_id, Factor.kind == TOTP, Factor.confirmed_at.is_not(None))
    for app in db.session.scalars(apps.with_for_update()):
        step = _step_of(unseal(app.secret, _purpose(officer_id)).decode(), code, present, app.counter)
        if step:
            app.counter, app.last_used_at = step, now()
            return True
    return False


def _step_of(secret: str, code: str, present: int, last_used: int) -> int:
    """The time step this code belongs to, 0 for none that may still be used."""
    otp = pyotp.TOTP(secret)
    for step in (present - 1, present, present + 1):
        if step > last_used and hmac.compare_digest(otp.generate_otp(step).encode(), code.encode()):
            return step
    return 0


def _code_hash(officer_id: UUID, code: str) -> str:
    """Codes have 78 random bits, so that one round of SHA-256 keeps them (NIST SP 800-63B, 5.1.2.2)."""
    return hashlib.sha256(officer_id.bytes + code.encode()).hexdigest()


def _recovery_used(officer: Officer, code: str) -> bool:
    found = select(RecoveryCode).where(
        RecoveryCode.officer_id == officer.id,
        RecoveryCode.code_hash == _code_hash(officer.id, code),
        RecoveryCode.used_at.is_(None),
    )
    known = db.session.scalar(found.with_for_update())
    if known is None:
        return False
    known.used_at = now()
    db.session.flush()
    record(RecoveryCodeUsed(username=officer.username, left=_codes_left(officer.id)), officer, _as_actor(officer))
    return True


def _by_passkey(
    signed: Signed, officer_id: UUID | None = None, *, act: str = "accounts.sign_in", verified: bool = False
) -> UUID:
    """Whose passkey signed (WebAuthn level 3, 7.2). Raises SignInFailed, TooMany.

    `officer_id` is who it has to be, where that is known; `verified` asks for more than a touch: a PIN, a finger.
    """
    credential_id, handle = _read(signed.credential)
    attempt = attempts.begin("factor", (officer_id.hex if officer_id else credential_id.hex()) or "nobody")
    with transaction(officer_id):
        known = select(Factor).where(Factor.kind == PASSKEY, Factor.credential_id == credential_id)
        passkey = db.session.scalar(known.with_for_update())
        officer = db.session.get(Officer, passkey.officer_id if passkey else officer_id or UUID(int=0))
        fault = _fault_of(passkey, signed, officer_id, handle, verified)
    if fault or passkey is None:
        raise _failed(officer, act, f"passkey: {fault}"[:200], "credential", WRONG_KEY)
    attempt.succeeded()
    return passkey.officer_id


def _fault_of(passkey: Factor | None, signed: Signed, officer_id: UUID | None, handle: bytes, verified: bool) -> str:
    """What is wrong with the answer, "" for a good one, whose counter is then kept."""
    if passkey is None:
        return "unknown"
    if officer_id not in (None, passkey.officer_id) or handle not in (b"", passkey.officer_id.bytes):
        return "of another officer"
    try:
        found = webauthn.verify_authentication_response(
            credential=signed.credential,
            expected_challenge=signed.challenge,
            expected_rp_id=signed.site.name,
            expected_origin=signed.site.origin,
            credential_public_key=passkey.public_key or b"",
            credential_current_sign_count=passkey.counter,
            require_user_verification=verified,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as broken:
        return str(broken) or type(broken).__name__
    passkey.counter, passkey.last_used_at = found.new_sign_count, now()
    return ""


def _read(credential: str) -> tuple[bytes, bytes]:
    """The id of the passkey and the officer it says it is of; empty for what cannot be read."""
    try:
        body = json.loads(credential)
        handle = body["response"].get("userHandle") or ""
        return webauthn.base64url_to_bytes(body["rawId"]), webauthn.base64url_to_bytes(handle)
    except (ValueError, TypeError, KeyError, AttributeError):
        return b"", b""


def _prove(actor: Actor, code: str = "", password: str = "", signed: Signed | None = None) -> None:
    """A fresh proof of who acts, by what they have to prove it with. Raises SignInFailed, TooMany."""
    act = "accounts.prove"
    ways = ways_to_prove(actor)
    prove: Callable[[], object]
    if signed and PASSKEY in ways:
        prove = lambda: _by_passkey(signed, actor.id, act=act)  # noqa: E731
    elif code and TOTP in ways:
        prove = lambda: _by_code(actor.id, code, act=act, recovery=False)  # noqa: E731
    elif password and PASSWORD in ways:
        prove = lambda: _by_password(actor.id, password, act)  # noqa: E731
    else:
        raise SignInFailed(_("Prove it by one of the ways shown."))
    prove()
    with transaction(actor.id):
        audit.note(actor, act, f"{__name__}.prove", (actor.id,))


def _by_password(officer_id: UUID, password: str, act: str, field: str = "password") -> Officer:
    """The officer, when this is their password. Raises SignInFailed, TooMany."""
    attempt = attempts.begin("password", officer_id.hex)
    officer = db.session.get_one(Officer, officer_id)
    if not _fits(officer.password_hash, password):
        raise _failed(officer, act, "password", field, _("This is not your password."))
    attempt.succeeded()
    return officer
