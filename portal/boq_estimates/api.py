"""Estimates as JSON, under /api/v1/boq-estimates."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Response

from portal.boq_estimates import commands, queries
from portal.boq_estimates.forms import CommitForm, EstimateForm, HeadForm, ImportForm, MappingForm
from portal.core.access import Actor
from portal.core.api import Operation, api_blueprint
from portal.core.http import send
from portal.core.money import round2
from portal.core.sheets import XLSX

BASE = "/api/v1/boq-estimates"
PARTICULARS = ("estimate_no", "title", "kind", "base_rate_year", "duration_months", "approved_budget")
TOTALS = ("works_total", "taxable_total", "grand_total", "say_amount", "ts_amount_lakh", "items_count")
BATCH = ("id", "project_id", "estimate_id", "version_id", "filename", "file_sha256", "file_bytes", "status", "failure")
COUNTS = ("rows_total", "rows_ok", "rows_error", "rows_warning", "rows_hidden", "sections_count", "items_count")
PER_CENT = ("pct_used",)
LINE = ("id", "head_code", "label", "part", "pct_used", "base_amount", "amount", "why", "order_ref", "reason")


def _facts(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: _figure(name, getattr(row, name)) for name in names}


def _figure(name: str, value: Any) -> Any:
    """The same text before and after the database has seen it: amounts to the paisa, per cent without idle zeros."""
    if not isinstance(value, Decimal):
        return value
    return f"{value.normalize():f}" if name in PER_CENT else f"{round2(value):f}"


def _href(*parts: object) -> dict[str, str]:
    return {"href": "/".join([BASE, *map(str, parts)])}


def shown_version(version: Any) -> dict[str, Any]:
    """A version with its totals and the way to its content."""
    own = ("versions", version.id)
    links = {"self": _href(*own), "items": _href(*own, "items"), "estimate": _href(version.estimate_id)}
    facts = _facts(
        version, ("id", "project_id", "estimate_id", "status", "change_note", "version", "created_at", *TOTALS)
    )
    return {**facts, "label": version.label, "_links": links}


def shown(found: Any) -> dict[str, Any]:
    """An estimate with its current version."""
    estimate = getattr(found, "estimate", found)
    current = getattr(found, "current", None)
    links = {
        "versions": _href(estimate.id, "versions"),
        "project": {"href": f"/api/v1/projects/{estimate.project_id}"},
        "imports": _href("of", estimate.project_id, "imports"),
    }
    if estimate.current_version_id:
        links["current"] = _href("versions", estimate.current_version_id)
    facts = _facts(estimate, ("id", "project_id", "version", "created_at", "updated_at", *PARTICULARS))
    body = {**facts, "current_version_id": estimate.current_version_id, "_links": links}
    return body if current is None else {**body, "current": _facts(current, TOTALS) | {"label": current.label}}


def shown_line(line: Any) -> dict[str, Any]:
    """A line of the recapitulation."""
    return {**_facts(line, (*LINE, "document_id", "version")), "_links": {"self": _href("recapitulation", line.id)}}


def shown_content(content: Any) -> dict[str, Any]:
    """A version with its sections and recapitulation; items have pages of their own."""
    return {
        **shown_version(content.version),
        "sections": [_facts(row, row._fields) for row in content.sections],
        "recapitulation": [shown_line(line) for line in content.recap],
    }


def shown_item(row: Any) -> dict[str, Any]:
    """One priced line."""
    return dict(row._asdict())


def shown_batch(batch: Any) -> dict[str, Any]:
    """A workbook on its way, with what may be done next."""
    own = ("imports", batch.id)
    links = {"self": _href(*own), "issues": _href(*own, "issues")}
    if batch.open:
        links |= {"columns": _href(*own, "columns"), "reject": _href(*own, "reject")}
    if batch.committable:
        links["commit"] = _href(*own, "commit")
    if batch.status == "committed":
        links["undo"] = _href(*own, "undo")
    if batch.issues_sha256:
        links["issues_file"] = _href(*own, "issues.xlsx")
    place = _facts(
        batch, ("sheet", "header_row", "mapping", "sheets", "sample", "works_total", "expires_at", "version")
    )
    return {**_facts(batch, (*BATCH, *COUNTS)), **place, "committable": batch.committable, "_links": links}


def shown_issue(issue: Any) -> dict[str, Any]:
    """One finding in a row."""
    return _facts(issue, ("row_no", "column", "field", "severity", "code", "value", "message"))


def issues_file(actor: Actor, batch_id: UUID) -> Response:
    """The officer's own rows with a column that says what is wrong."""
    sha256, name = queries.get_issues_file(actor, batch_id)
    return send(sha256, name, XLSX)


ONE, BATCHES, IMPORT = "/<uuid:estimate_id>", "/of/<uuid:project_id>/imports", "/imports/<uuid:batch_id>"
OPERATIONS = [
    Operation("GET", "", queries.list_estimates),
    Operation("GET", ONE, queries.get_estimate_row),
    Operation("PATCH", ONE, commands.edit_estimate, EstimateForm, load=queries.get_estimate),
    Operation("GET", f"{ONE}/versions", queries.page_versions, shows=shown_version),
    Operation("GET", "/of/<uuid:project_id>", queries.find_estimate),
    Operation("GET", "/versions/<uuid:version_id>", queries.get_content, shows=shown_content),
    Operation("GET", "/versions/<uuid:version_id>/items", queries.list_items, shows=shown_item),
    Operation("GET", "/recapitulation/<uuid:line_id>", queries.get_recap_line, shows=shown_line),
    Operation(
        "PATCH",
        "/recapitulation/<uuid:line_id>",
        commands.set_head,
        HeadForm,
        load=queries.get_recap_line,
        current=HeadForm.chosen,
        shows=shown_line,
    ),
    Operation("GET", BATCHES, queries.page_imports, shows=shown_batch),
    Operation("POST", BATCHES, commands.request_import, ImportForm, file="file", shows=shown_batch),
    Operation("GET", IMPORT, queries.get_import, shows=shown_batch),
    Operation("GET", f"{IMPORT}/issues", queries.list_issues, shows=shown_issue),
    Operation("GET", f"{IMPORT}/issues.xlsx", issues_file, raw=True),
    Operation("POST", f"{IMPORT}/columns", commands.map_import, MappingForm, shows=shown_batch, status=202),
    Operation("POST", f"{IMPORT}/commit", commands.commit_import, CommitForm, shows=shown_version),
    Operation("POST", f"{IMPORT}/reject", commands.reject_import, shows=shown_batch, status=200),
    Operation("POST", f"{IMPORT}/undo", commands.undo_import, shows=shown_batch, status=200),
]
bp = api_blueprint("boq_estimates", shown, OPERATIONS)
