"""What can be done with accounts."""

from portal.accounts.commands.bulk import give_links, leave_officers, load_officers, stage_officers
from portal.accounts.commands.factors import add_app, add_passkey, remove_factor, renew_recovery_codes
from portal.accounts.commands.inviting import give_link, invite_officer, withdraw_link
from portal.accounts.commands.keys import make_key, revoke_key
from portal.accounts.commands.master_keys import change_master_key, renew_secrets
from portal.accounts.commands.officers import (
    add_officer,
    change_role,
    disable_officer,
    edit_officer,
    enable_officer,
    reset_factors,
    unlock_officer,
)
from portal.accounts.commands.own import change_password
from portal.accounts.commands.seal_keys import rotate_seal_key
from portal.accounts.commands.sessions import end_other_sessions, end_session
from portal.accounts.commands.signing_keys import rotate_token_keys

__all__ = [
    "add_app",
    "add_officer",
    "add_passkey",
    "change_master_key",
    "change_password",
    "change_role",
    "disable_officer",
    "edit_officer",
    "enable_officer",
    "end_other_sessions",
    "end_session",
    "give_link",
    "give_links",
    "invite_officer",
    "leave_officers",
    "load_officers",
    "make_key",
    "remove_factor",
    "renew_recovery_codes",
    "renew_secrets",
    "reset_factors",
    "revoke_key",
    "rotate_seal_key",
    "rotate_token_keys",
    "stage_officers",
    "unlock_officer",
    "withdraw_link",
]
