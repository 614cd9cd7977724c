"""The pages of accounts: signing in, one's own account, the administrator's desk."""

from portal.accounts.pages import (
    bulk,
    federation,
    inviting,
    keys,
    leaving,
    officer,
    officers,
    own,
    passkeys,
    second_factor,
    sessions,
    signing_in,
)
from portal.accounts.pages.blueprint import bp
from portal.accounts.pages.identity import logins

__all__ = [
    "bp",
    "bulk",
    "federation",
    "inviting",
    "keys",
    "leaving",
    "logins",
    "officer",
    "officers",
    "own",
    "passkeys",
    "second_factor",
    "sessions",
    "signing_in",
]
