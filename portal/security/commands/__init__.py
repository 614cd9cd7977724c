"""What the watch does, and what is done with what it found."""

from portal.security.commands.figures import set_figure
from portal.security.commands.incidents import (
    assign_incident,
    carry_out,
    close_incident,
    note_incident,
    reopen_incident,
    take_incident,
)
from portal.security.commands.sessions import end_officer_session, end_officer_sessions
from portal.security.commands.watching import look, raise_alerts

__all__ = [
    "assign_incident",
    "carry_out",
    "close_incident",
    "end_officer_session",
    "end_officer_sessions",
    "look",
    "note_incident",
    "raise_alerts",
    "reopen_incident",
    "set_figure",
    "take_incident",
]
