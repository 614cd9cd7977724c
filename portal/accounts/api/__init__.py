"""The API of accounts: officers for the administrator, tokens for everybody."""

from portal.accounts.api.officers import bp
from portal.accounts.api.tokens import auth, well_known

MORE = (auth, well_known)

__all__ = ["MORE", "auth", "bp", "well_known"]
