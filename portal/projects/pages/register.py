"""One project: its page, the forms to enter and correct it, its doubts and its consultants."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.core.access import require
from portal.core.html import about, page
from portal.core.i18n import _
from portal.core.money import rupees
from portal.projects import commands, queries
from portal.projects.forms import AMOUNTS, GROUPS, AssignmentForm, ProjectForm, flag_form
from portal.projects.pages.blueprint import bp
from portal.projects.pages.portfolio import crore_figure
from portal.projects.works_report.doubts import LABELS


@bp.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Enter a project by hand."""
    require(g.actor, "projects.write")
    form = ProjectForm(request.form or None)
    if request.method == "POST" and (project := form.run(commands.create_project, g.actor)):
        return redirect(url_for(".show", project_id=project.id), 303)
    return page("projects/new.html", form=form, groups=GROUPS)


@bp.get("/<uuid:project_id>")
def show(project_id: UUID) -> ResponseReturnValue:
    """Everything about one project, with the regions of other modules."""
    project = queries.get_project(g.actor, project_id)
    return page(
        "projects/show.html",
        project=project,
        form=None,
        particulars=ProjectForm(obj=project),
        groups=GROUPS,
        flags=queries.list_flags(g.actor, project_id),
        shared=queries.list_shared(g.actor, project_id),
        assignments=queries.list_assignments(g.actor, project_id),
        assignment_form=AssignmentForm() if g.actor.can("projects.assign") else None,
        timeline=queries.timeline(g.actor, project_id),
        doubts=LABELS,
        cr=crore_figure,
        topics=[project_id],
    )


@bp.route("/<uuid:project_id>/edit", methods=["GET", "POST"])
def edit(project_id: UUID) -> ResponseReturnValue:
    """Correct the particulars; a save over a newer copy shows what differs."""
    project = queries.get_project(g.actor, project_id)
    require(g.actor, "projects.write", about(project))
    form, seen = ProjectForm(request.form or None, obj=project), request.form.get("version", type=int)
    if request.method == "POST" and (saved := form.save(commands.edit_project, g.actor, project_id, seen=seen or 0)):
        return redirect(url_for(".show", project_id=saved.id), 303)
    if form.seen and not form.conflict:
        return redirect(url_for(".show", project_id=project_id), 303)
    return page(
        "projects/edit.html", project=project, form=form, groups=GROUPS, seen=form.seen or seen or project.version
    )


@bp.route("/flags/<uuid:flag_id>", methods=["GET", "POST"])
def settle(flag_id: UUID) -> ResponseReturnValue:
    """Decide about a doubtful value."""
    flag = queries.get_flag(g.actor, flag_id)
    require(g.actor, "projects.import")
    usual = "corrected" if flag.suggested else "accepted"
    form = flag_form(flag.field)(request.form or None, value=written(flag), decision=usual)
    if request.method == "POST" and (settled := form.run(commands.settle_flag, g.actor, flag_id)):
        return redirect(url_for(".show", project_id=settled.project_id), 303)
    project = queries.get_project(g.actor, flag.project_id)
    return page("projects/settle.html", flag=flag, project=project, form=form, doubts=LABELS, suggested=written(flag))


def written(flag: Any) -> str:
    """What is suggested, as officers write it: amounts with their commas."""
    return f"₹ {rupees(Decimal(flag.suggested))}" if flag.suggested and flag.field in AMOUNTS else str(flag.suggested)


@bp.route("/<uuid:project_id>/consultants", methods=["GET", "POST"])
def consultants(project_id: UUID) -> ResponseReturnValue:
    """Who serves the project from outside; a POST lets one in."""
    project = queries.get_project(g.actor, project_id)
    require(g.actor, "projects.assign", about(project))
    form = AssignmentForm(request.form)
    if request.method == "POST" and (made := form.run(commands.assign_consultant, g.actor, project_id)):
        return redirect(url_for(".show", project_id=made.project_id), 303)
    assignments = queries.list_assignments(g.actor, project_id)
    return page("projects/consultants.html", project=project, form=form, assignments=assignments)


@bp.post("/consultants/<uuid:assignment_id>/release")
def release(assignment_id: UUID) -> ResponseReturnValue:
    """End a consultant's access."""
    assignment = commands.release_consultant(g.actor, assignment_id)
    flash(str(_("%(name)s no longer reaches this project.", name=assignment.officer_name)))
    return redirect(url_for(".show", project_id=assignment.project_id), 303)
