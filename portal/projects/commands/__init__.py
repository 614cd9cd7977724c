"""What can be done with projects."""

from portal.projects.commands.assignments import assign_consultant, release_consultant
from portal.projects.commands.doubts import settle_flag
from portal.projects.commands.imports import commit_works_report, stage_works_report, undo_works_report
from portal.projects.commands.register import create_project, edit_project

__all__ = [
    "assign_consultant",
    "commit_works_report",
    "create_project",
    "edit_project",
    "release_consultant",
    "settle_flag",
    "stage_works_report",
    "undo_works_report",
]
