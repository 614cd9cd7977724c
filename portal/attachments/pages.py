"""Attachments as HTML: the list of a project with its upload form, the particulars of one, the download."""

from uuid import UUID

from flask import Blueprint, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import CombinedMultiDict

from portal.attachments import commands, queries
from portal.attachments.forms import AttachmentForm, UploadForm
from portal.core.access import require
from portal.core.audit import witness
from portal.core.html import page
from portal.core.http import send
from portal.projects.queries import get_project

bp = Blueprint("attachments", __name__, url_prefix="/attachments")


@bp.route("/of/<uuid:project_id>", methods=["GET", "POST"])
def index(project_id: UUID) -> ResponseReturnValue:
    """The files of a project; a POST adds one."""
    project = get_project(g.actor, project_id)
    form = UploadForm(CombinedMultiDict([request.files, request.form]))
    if request.method == "POST":
        require(g.actor, "attachments.write")
        if form.run(commands.add_attachment, g.actor, project_id, form.file.data):
            return redirect(url_for(".index", project_id=project_id), 303)
    found = queries.list_attachments(g.actor, project_id)
    return page("attachments/index.html", project=project, attachments=found, form=form, topics=[project_id])


@bp.route("/<uuid:attachment_id>", methods=["GET", "POST"])
def show(attachment_id: UUID) -> ResponseReturnValue:
    """One file's particulars; a POST corrects them."""
    attachment = queries.get_attachment(g.actor, attachment_id)
    form = AttachmentForm(request.form, obj=attachment)
    seen = request.form.get("version", type=int)
    if request.method == "POST" and (saved := form.save(commands.edit_attachment, g.actor, attachment_id, seen=seen)):
        return redirect(url_for(".index", project_id=saved.project_id), 303)
    project = get_project(g.actor, attachment.project_id)
    return page("attachments/show.html", attachment=attachment, project=project, form=form)


@bp.post("/<uuid:attachment_id>/withdraw")
def withdraw(attachment_id: UUID) -> ResponseReturnValue:
    """Take it out of the next DPR."""
    attachment = commands.withdraw_attachment(g.actor, attachment_id)
    return redirect(url_for(".index", project_id=attachment.project_id), 303)


@bp.get("/<uuid:attachment_id>/file")
def download(attachment_id: UUID) -> Response:
    """The untouched file."""
    attachment = queries.get_attachment(g.actor, attachment_id)
    witness("attachments.read", "read", actor=g.actor, subjects=[attachment.id])
    return send(attachment.sha256, attachment.filename, attachment.mimetype)
