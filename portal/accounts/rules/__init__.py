"""What an account is made of, how a list of accounts is read, what acts are called: no session, no Flask."""

from portal.accounts.rules.acts import MODULES, act_in_words, grouped
from portal.accounts.rules.particulars import fault_of, places_of
from portal.accounts.rules.roster import FIELDS, Entry, Issue, columns_of, entry_of, role_of

__all__ = [
    "FIELDS",
    "MODULES",
    "Entry",
    "Issue",
    "act_in_words",
    "columns_of",
    "entry_of",
    "fault_of",
    "grouped",
    "places_of",
    "role_of",
]
