"""Projects as JSON, under /api/v1/projects."""

from typing import Any

from portal.core.api import Operation, api_blueprint
from portal.projects import commands, queries
from portal.projects.forms import GROUPS, AssignmentForm, FlagForm, ProjectForm

TYPED = tuple(name for _legend, names in GROUPS for name in names)
FACTS = ("id", "project_id", *TYPED, "amount", "reached", "shared_fields")
BATCH = (
    "id",
    "filename",
    "sha256",
    "bytes",
    "rows",
    "accepted",
    "state",
    "totals",
    "result",
    "committed_at",
    "undone_at",
)


def shown(row: Any) -> dict[str, Any]:
    """A project with links to what other modules hold of it."""
    names = (*FACTS, "open_flags", "kept_out", "version", "created_at", "updated_at")
    facts = {name: getattr(row, name) for name in names if hasattr(row, name)}
    areas = {"estimates": "boq-estimates/of/{}", "attachments": "attachments/of/{}"}
    areas |= {name: f"doc-assembly/of/{{}}/{name}" for name in ("sections", "builds", "versions")}
    links = {name: {"href": f"/api/v1/{place.format(row.id)}"} for name, place in areas.items()}
    own = {name: {"href": f"/api/v1/projects/{row.id}/{name}"} for name in ("timeline", "shared")}
    return {**facts, "_links": links | own}


def shown_event(row: Any) -> dict[str, Any]:
    """A line of the timeline. What groups works names one of them, which is not everybody's to know: list shared."""
    names = ("id", "topic", "position", "stream_id", "stream_version", "actor_name", "at")
    payload = {name: _without_group(value) for name, value in row.payload.items()}
    return {**{name: getattr(row, name) for name in names}, "payload": payload, "says": row.says}


def _without_group(value: Any) -> Any:
    return (
        {name: inner for name, inner in value.items() if name != "shared_group"} if isinstance(value, dict) else value
    )


def shown_flag(row: Any) -> dict[str, Any]:
    """A doubtful value."""
    names = ("id", "project_id", "field", "code", "found", "suggested", "state", "note", "settled_at", "version")
    return {name: getattr(row, name) for name in names}


def shown_assignment(row: Any) -> dict[str, Any]:
    """A consultant's access."""
    names = ("id", "project_id", "officer_id", "officer_name", "from_date", "to_date", "released", "version")
    return {name: getattr(row, name) for name in names}


def shown_batch(row: Any) -> dict[str, Any]:
    """A works report and where it is looked at row by row."""
    own = f"/api/v1/projects/reports/{row.id}"
    links = {"self": {"href": own}, "rows": {"href": f"{own}/rows"}, "commit": {"href": f"{own}/commit"}}
    return {**{name: getattr(row, name) for name in BATCH}, "_links": links}


def shown_row(planned: Any) -> dict[str, Any]:
    """One row of a report: as written, as understood, what a load does with it."""
    row = planned.row
    names = ("source_row", "cells", "parsed", "flags", "refused", "project_id")
    changes = {name: {"from": old, "to": new} for name, (old, new) in planned.changes.items()}
    return {**{name: getattr(row, name) for name in names}, "action": planned.action, "changes": changes}


OPERATIONS = [
    Operation("GET", "", queries.list_projects),
    Operation("POST", "", commands.create_project, ProjectForm),
    Operation("GET", "/<uuid:project_id>", queries.get_project),
    Operation("PATCH", "/<uuid:project_id>", commands.edit_project, ProjectForm, load=queries.get_project),
    Operation("GET", "/<uuid:project_id>/timeline", queries.list_events, shows=shown_event),
    Operation("GET", "/<uuid:project_id>/shared", queries.list_sharing),
    Operation("GET", "/<uuid:project_id>/flags", queries.list_doubts, shows=shown_flag),
    Operation("POST", "/flags/<uuid:flag_id>/settle", commands.settle_flag, FlagForm, shows=shown_flag, status=200),
    Operation("GET", "/<uuid:project_id>/consultants", queries.list_access, shows=shown_assignment),
    Operation(
        "POST", "/<uuid:project_id>/consultants", commands.assign_consultant, AssignmentForm, shows=shown_assignment
    ),
    Operation(
        "POST",
        "/consultants/<uuid:assignment_id>/release",
        commands.release_consultant,
        shows=shown_assignment,
        status=200,
    ),
    Operation("POST", "/reports", commands.stage_works_report, file="file", shows=shown_batch),
    Operation("GET", "/reports/<uuid:batch_id>", queries.get_batch, shows=shown_batch),
    Operation("GET", "/reports/<uuid:batch_id>/rows", queries.list_rows, shows=shown_row),
    Operation("POST", "/reports/<uuid:batch_id>/commit", commands.commit_works_report, shows=shown_batch, status=200),
    Operation("POST", "/reports/<uuid:batch_id>/undo", commands.undo_works_report, shows=shown_batch, status=200),
]
bp = api_blueprint("projects", shown, OPERATIONS)
