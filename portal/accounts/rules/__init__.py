"""What an account is made of, and how a list of accounts is read: no session, no Flask."""

from portal.accounts.rules.particulars import fault_of, places_of
from portal.accounts.rules.roster import FIELDS, Entry, Issue, columns_of, entry_of, role_of

__all__ = ["FIELDS", "Entry", "Issue", "columns_of", "entry_of", "fault_of", "places_of", "role_of"]
