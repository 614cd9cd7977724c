"""Reading accounts."""

from portal.accounts.queries.bulk import Planned, Roster, get_batch, get_roster, list_batches, list_issues
from portal.accounts.queries.desk import (
    Ask,
    Dossier,
    Found,
    Work,
    export_officers,
    find_officers,
    get_dossier,
    get_officer,
    has_officer,
    list_officer_events,
    list_officers,
)
from portal.accounts.queries.factors import count_recovery_codes, list_factors, ways_to_prove
from portal.accounts.queries.keys import acts_for_keys, get_key, list_keys, list_signing_keys
from portal.accounts.queries.own import Own, get_own
from portal.accounts.queries.roles import (
    compare_roles,
)
from portal.accounts.queries.sessions import list_sessions

__all__ = [
    "Ask",
    "Dossier",
    "Found",
    "Own",
    "Planned",
    "Roster",
    "Work",
    "acts_for_keys",
    "compare_roles",
    "count_recovery_codes",
    "export_officers",
    "find_officers",
    "get_batch",
    "get_dossier",
    "get_officer",
    "get_key",
    "get_own",
    "get_roster",
    "has_officer",
    "list_batches",
    "list_factors",
    "list_issues",
    "list_keys",
    "list_officer_events",
    "list_officers",
    "list_sessions",
    "list_signing_keys",
    "ways_to_prove",
]
