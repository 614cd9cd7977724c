"""Reading the register of projects."""

from portal.projects.queries.register import (
    get_assignment,
    get_flag,
    get_project,
    list_assignments,
    list_flags,
    list_shared,
    timeline,
)

__all__ = [
    "get_assignment",
    "get_flag",
    "get_project",
    "list_assignments",
    "list_flags",
    "list_shared",
    "timeline",
]
