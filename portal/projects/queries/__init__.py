"""Reading the register of projects."""

from portal.projects.queries.imports import get_batch, get_plan, list_batches, list_rows
from portal.projects.queries.portfolio import export_projects, get_mark, get_portfolio, list_projects
from portal.projects.queries.register import (
    get_assignment,
    get_flag,
    get_project,
    list_access,
    list_assignments,
    list_doubts,
    list_events,
    list_flags,
    list_shared,
    list_sharing,
    timeline,
)

__all__ = [
    "export_projects",
    "get_assignment",
    "get_batch",
    "get_flag",
    "get_mark",
    "get_plan",
    "get_portfolio",
    "get_project",
    "list_access",
    "list_assignments",
    "list_doubts",
    "list_events",
    "list_batches",
    "list_flags",
    "list_projects",
    "list_rows",
    "list_shared",
    "list_sharing",
    "timeline",
]
