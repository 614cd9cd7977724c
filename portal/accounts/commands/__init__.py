"""What can be done with accounts."""

from portal.accounts.commands.officers import add_officer
from portal.accounts.commands.sessions import end_other_sessions, end_session

__all__ = ["add_officer", "end_other_sessions", "end_session"]
