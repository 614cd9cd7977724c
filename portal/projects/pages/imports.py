"""Loading the works report: upload, look at it row by row, load or leave it, undo."""

from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import CombinedMultiDict

from portal.core.access import require
from portal.core.html import page
from portal.projects import commands, queries
from portal.projects.forms import ReportForm
from portal.projects.pages.blueprint import bp
from portal.projects.pages.portfolio import NAMES, crore_figure
from portal.projects.works_report.doubts import KEEP_OUT, LABELS

ROWS = ("flagged", "create", "update", "same", "left_out")


@bp.route("/import", methods=["GET", "POST"])
def reports() -> ResponseReturnValue:
    """Reports read so far; a POST reads another for a dry run."""
    require(g.actor, "projects.import")
    form = ReportForm(CombinedMultiDict([request.files, request.form]))
    if request.method == "POST" and (batch := form.run(commands.stage_works_report, g.actor, form.file.data)):
        return redirect(url_for(".review", batch_id=batch.id), 303)
    return page("projects/import.html", form=form, batches=queries.list_batches(g.actor))


@bp.get("/import/<uuid:batch_id>")
def review(batch_id: UUID) -> ResponseReturnValue:
    """What was understood, row by row, and what loading it would do."""
    plan = queries.get_plan(g.actor, batch_id)
    kind = request.args.get("kind", "")
    kind = kind if kind in ROWS else ""
    rows = [one for one in plan.rows if not kind or one.action == kind or (kind == "flagged" and one.row.flags)]
    return page(
        "projects/review.html",
        plan=plan,
        batch=plan.batch,
        rows=rows,
        kind=kind,
        flagged=sum(1 for one in plan.rows if one.row.flags),
        doubts=LABELS,
        keep_out=KEEP_OUT,
        names=NAMES,
        cr=crore_figure,
        topics=[batch_id],
    )


@bp.post("/import/<uuid:batch_id>/commit")
def commit(batch_id: UUID) -> ResponseReturnValue:
    """Load it."""
    commands.commit_works_report(g.actor, batch_id)
    return redirect(url_for(".review", batch_id=batch_id), 303)


@bp.post("/import/<uuid:batch_id>/undo")
def undo(batch_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    commands.undo_works_report(g.actor, batch_id)
    return redirect(url_for(".review", batch_id=batch_id), 303)
