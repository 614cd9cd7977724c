"""Signing in with a password."""

from portal.accounts.commands.passwords import _fits
from portal.accounts.commands.sessions import _begin_session
from portal.accounts.models import Officer, OfficerSession
from portal.accounts.queries.officers import _by_username


def _checked(username: str, password: str) -> Officer | None:
    """The officer whose password this is; None otherwise, and as slowly for unknown names."""
    officer = _by_username(username)
    fits = _fits(officer.password_hash if officer else "", password)
    return officer if officer and fits and officer.may_sign_in else None


def _sign_in(username: str, password: str, kind: str) -> OfficerSession | None:
    """A new session for a right pair of user name and password; None for any other."""
    officer = _checked(username, password)
    return _begin_session(officer, kind, "password") if officer else None
