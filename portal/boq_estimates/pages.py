"""Estimates as HTML: the list, one estimate, its recapitulation, and the way of a workbook into it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import CombinedMultiDict

from portal.attachments.queries import list_attachments
from portal.boq_estimates import commands, queries
from portal.boq_estimates.forms import CommitForm, EstimateForm, HeadForm, MappingForm, WorkbookForm
from portal.boq_estimates.rules.layout import LABELS
from portal.core.access import require
from portal.core.errors import NotFound
from portal.core.html import about, page
from portal.core.http import send
from portal.core.i18n import _
from portal.core.money import figure, in_words, rupees0
from portal.core.sheets import XLSX
from portal.projects.queries import get_project

PAGE = 100
bp = Blueprint("boq_estimates", __name__, url_prefix="/boq-estimates")
for show_as in (figure, in_words, rupees0):
    bp.add_app_template_filter(show_as)


@bp.get("/")
def index() -> ResponseReturnValue:
    """All estimates the officer may know of, newest first."""
    q, after = request.args.get("q", ""), request.args.get("after", "")
    rows, cursor = queries.list_estimates(g.actor, q=q, after=after)
    return page("boq_estimates/index.html", rows=rows, cursor=cursor, q=q, after=after)


@bp.get("/of/<uuid:project_id>")
def of(project_id: UUID) -> ResponseReturnValue:
    """The estimate of a project in a few lines; the project page embeds it."""
    project, row = get_project(g.actor, project_id), queries.find_estimate(g.actor, project_id)
    imports = queries.list_imports(g.actor, project_id)
    return page("boq_estimates/of.html", project=project, row=row, imports=imports, topics=[project_id])


@bp.get("/<uuid:estimate_id>")
def show(estimate_id: UUID) -> ResponseReturnValue:
    """Cost, sections, items and recapitulation of the current version or of the one asked for."""
    row = queries.get_estimate_row(g.actor, estimate_id)
    content = _content(row)
    return page(
        "boq_estimates/show.html",
        row=row,
        content=content,
        project=get_project(g.actor, row.project_id),
        shown=_items(content),
        editable=queries.list_editable_heads(g.actor),
        versions=queries.list_versions(g.actor, estimate_id),
        timeline=queries.timeline(g.actor, estimate_id),
        topics=[estimate_id],
    )


def _content(row: queries.EstimateRow) -> queries.Content | None:
    version_id = request.args.get("version", type=UUID) or row.estimate.current_version_id
    content = queries.get_content(g.actor, version_id) if version_id else None
    if content and content.version.estimate_id != row.id:
        raise NotFound(_("This version belongs to another estimate."))
    return content


def _items(content: queries.Content | None) -> dict[str, Any]:
    """One page of items, and where in the bill it stands."""
    section, after = request.args.get("section", ""), request.args.get("after", "")
    if content is None:
        return {"section": "", "after": "", "items": [], "cursor": ""}
    items, cursor = queries.list_items(g.actor, content.version.id, section=section, after=after, size=PAGE)
    return {"section": section, "after": after, "items": items, "cursor": cursor}


@bp.route("/<uuid:estimate_id>/particulars", methods=["GET", "POST"])
def particulars(estimate_id: UUID) -> ResponseReturnValue:
    """Correct title, rate year, duration and budget."""
    require(g.actor, "boq_estimates.write")
    row = queries.get_estimate_row(g.actor, estimate_id)
    form = EstimateForm(request.form or None, obj=row.estimate)
    seen = request.form.get("version", type=int)
    if request.method == "POST" and (saved := form.save(commands.edit_estimate, g.actor, estimate_id, seen=seen)):
        return redirect(url_for(".show", estimate_id=saved.id), 303)
    return page("boq_estimates/particulars.html", row=row, form=form)


@bp.route("/recapitulation/<uuid:line_id>", methods=["GET", "POST"])
def head(line_id: UUID) -> ResponseReturnValue:
    """Set one head of the recapitulation."""
    require(g.actor, "boq_estimates.recapitulate")
    line = queries.get_recap_line(g.actor, line_id)
    estimate = queries.get_content(g.actor, line.version_id).estimate
    form = HeadForm.of(line, list_attachments(g.actor, line.project_id), request.form or None)
    seen = request.form.get("version", line.version, type=int)
    if request.method == "POST" and (changed := form.run(commands.set_head, g.actor, line_id, seen=seen)):
        return redirect(url_for(".show", estimate_id=estimate.id, _anchor=changed.head_code), 303)
    return page("boq_estimates/head.html", line=line, estimate=estimate, form=form)


@bp.route("/import/<uuid:project_id>", methods=["GET", "POST"])
def upload(project_id: UUID) -> ResponseReturnValue:
    """Upload a BOQ workbook for a project."""
    project = get_project(g.actor, project_id)
    require(g.actor, "boq_estimates.write", about(project))
    form = WorkbookForm(CombinedMultiDict([request.files, request.form]))
    if request.method == "POST" and (batch := form.run(commands.request_import, g.actor, project_id, form.file.data)):
        return redirect(url_for(".review", batch_id=batch.id), 303)
    imports = queries.list_imports(g.actor, project_id)
    return page("boq_estimates/upload.html", project=project, form=form, imports=imports)


@bp.route("/imports/<uuid:batch_id>", methods=["GET", "POST"])
def review(batch_id: UUID) -> ResponseReturnValue:
    """What was understood of a workbook, and what is wrong with it; a POST takes the whole workbook over."""
    form = CommitForm(request.form or None)
    if request.method == "POST" and (version := form.run(commands.commit_import, g.actor, batch_id)):
        return redirect(url_for(".show", estimate_id=version.estimate_id), 303)
    return page("boq_estimates/review.html", form=form, **_reviewed(batch_id))


def _reviewed(batch_id: UUID) -> dict[str, Any]:
    batch = queries.get_import(g.actor, batch_id)
    severity, after = request.args.get("severity", ""), request.args.get("after", "")
    issues, cursor = queries.list_issues(g.actor, batch_id, severity=severity, after=after)
    return {
        "batch": batch,
        "project": get_project(g.actor, batch.project_id),
        "twin": queries.find_twin(g.actor, batch_id) if batch.committable else None,
        "shown": {"issues": issues, "severity": severity, "cursor": cursor, "after": after},
        "labels": LABELS,
        "topics": [batch.id],
    }


@bp.route("/imports/<uuid:batch_id>/columns", methods=["GET", "POST"])
def columns(batch_id: UUID) -> ResponseReturnValue:
    """Say which column is what; the guess is shown with sample rows."""
    batch = queries.get_import(g.actor, batch_id)
    project = get_project(g.actor, batch.project_id)
    require(g.actor, "boq_estimates.write", about(project))
    form = MappingForm.of(batch, request.form or None)
    if request.method == "POST" and (mapped := form.run(commands.map_import, g.actor, batch_id)):
        return redirect(url_for(".review", batch_id=mapped.id), 303)
    return page("boq_estimates/columns.html", batch=batch, project=project, form=form, labels=LABELS)


@bp.post("/imports/<uuid:batch_id>/reject")
def reject(batch_id: UUID) -> ResponseReturnValue:
    """Give the workbook up."""
    batch = commands.reject_import(g.actor, batch_id)
    return redirect(url_for(".upload", project_id=batch.project_id), 303)


@bp.post("/imports/<uuid:batch_id>/undo")
def undo(batch_id: UUID) -> ResponseReturnValue:
    """Take a committed workbook back."""
    commands.undo_import(g.actor, batch_id)
    return redirect(url_for(".review", batch_id=batch_id), 303)


@bp.get("/imports/<uuid:batch_id>/issues.xlsx")
def issues(batch_id: UUID) -> Response:
    """The officer's own rows with a column that says what is wrong."""
    sha256, name = queries.get_issues_file(g.actor, batch_id)
    return send(sha256, name, XLSX)
