"""The API of accounts: officers for the administrator, tokens for everybody."""

from portal.accounts.api.officers import bp
from portal.accounts.api.tokens import auth

MORE = (auth,)

__all__ = ["MORE", "auth", "bp"]
