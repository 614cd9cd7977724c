"""Reading accounts."""

from portal.accounts.queries.officers import list_officers

__all__ = ["list_officers"]
