"""Signing in: who it is, then the second factor, then a session."""

from typing import Any
from uuid import UUID

from portal.accounts.commands.passwords import _fits, _renew_hash
from portal.accounts.commands.proving import SignInFailed, _by_code
from portal.accounts.commands.sessions import _begin_session
from portal.accounts.models import Officer, OfficerSession
from portal.accounts.queries.factors import _step_after
from portal.accounts.queries.federation import _may_sign_in_here
from portal.accounts.queries.officers import _by_username
from portal.core import attempts, audit
from portal.core.db import db
from portal.core.i18n import _

WRONG_PAIR = _("This user name and password do not belong together.")


class SecondFactorNeeded(SignInFailed):
    """The password was right, and is not enough."""

    title = "A second factor is needed"


def _recognised(username: str, password: str) -> Officer:
    """The officer whose password this is. Raises SignInFailed, and TooMany without a look while tries are delayed.

    A closed account is answered like a wrong password until the password is right. An unknown name takes as long as a
    wrong password: both are looked up, hashed and recorded.
    """
    attempt = _attempt(username)
    officer = _by_username(username)
    if not _fits(officer.password_hash if officer else "", password) or officer is None:
        audit.witness("accounts.sign_in", "failed", name=username[:80], why="password")
        raise SignInFailed(WRONG_PAIR, "password")
    attempt.succeeded()
    _refuse_closed(officer)
    _renew_hash(officer, password)
    return officer


def _attempt(username: str) -> attempts.Attempt:
    """One try of this name. A try that has to wait is on record, too, once a minute. Raises TooMany."""
    try:
        return attempts.begin("password", username)
    except attempts.TooManyTries:
        if attempts.first_time("delayed", username.strip().lower()):
            audit.witness("accounts.sign_in", "refused", name=username[:80], why="tries are delayed")
        raise


def _refuse_closed(officer: Officer) -> None:
    """Raise SignInFailed, with the reason and whom to ask, for an account that is locked, disabled or not kept here."""
    if officer.may_sign_in:
        if not _may_sign_in_here(officer):
            audit.witness("accounts.sign_in", "failed", name=officer.username, why="not local")
            raise SignInFailed(_("Sign in by the account of your organisation."), "password")
        return
    words: Any = _("This account is closed: %(why)s. Ask the portal administrator.", why=officer.disabled_why or "–")
    if officer.active:
        words = _("This account is locked: %(why)s. Ask the portal administrator.", why=officer.locked_why or "–")
    audit.witness("accounts.sign_in", "failed", name=officer.username, why="locked" if officer.active else "disabled")
    raise SignInFailed(words, "password")


def _begin(officer_id: UUID, kind: str, method: str) -> OfficerSession:
    """The session at the end of all steps. Raises SignInFailed when the account was closed in between."""
    officer = db.session.get_one(Officer, officer_id, populate_existing=True)
    _refuse_closed(officer)
    return _begin_session(officer, kind, method)


def _sign_in(username: str, password: str, kind: str, otp: str = "") -> OfficerSession:
    """All steps at once, for clients of the API; `otp` is a code of the app or a recovery code.

    Raises SignInFailed, SecondFactorNeeded (field "otp"), TooMany.
    """
    officer = _recognised(username, password)
    step, method = _step_after(officer.id), "password"
    if step == "second" and not otp:
        raise SecondFactorNeeded(_("Send a code of your authenticator app as “otp”."), "otp")
    if step == "enrol":
        raise SecondFactorNeeded(_("Your role needs a second factor. Set one up in the browser first."), "otp")
    if step:
        method = _method(_by_code(officer.id, otp))
    return _begin(officer.id, kind, method)


def _method(factor: str, first: str = "password") -> str:
    """How a sign-in is written down: password+totp, oidc+passkey, or recovery."""
    return "recovery" if factor == "recovery" else f"{first}+{factor}"
