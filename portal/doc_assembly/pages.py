"""The report as HTML: the assembly centre of a project, the section editor, a build while it runs, a version."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal.core.access import require
from portal.core.html import page
from portal.core.http import send
from portal.doc_assembly import commands, queries
from portal.doc_assembly.commands.copies import _hand_out
from portal.doc_assembly.forms import LONGEST, SectionForm
from portal.doc_assembly.rules.markup import html_of
from portal.doc_assembly.rules.steps import shown
from portal.doc_assembly.rules.template import SECTIONS
from portal.projects.queries import get_project

bp = Blueprint("doc_assembly", __name__, url_prefix="/doc-assembly")


@bp.get("/")
def index() -> ResponseReturnValue:
    """The builds of all projects, newest first."""
    builds, after = queries.recent_builds(g.actor, after=request.args.get("after", ""))
    topics = ["hmda.assembly.build.requested", "hmda.assembly.document.generated"]
    return page("doc_assembly/index.html", builds=builds, after=after, topics=topics)


@bp.get("/of/<uuid:project_id>")
def centre(project_id: UUID) -> ResponseReturnValue:
    """The state of a project's report, its sections, builds and versions."""
    project = get_project(g.actor, project_id)
    return page(
        "doc_assembly/centre.html",
        project=project,
        build=queries.newest_build(g.actor, project_id),
        version=queries.newest_version(g.actor, project_id),
        sections=queries.list_sections(g.actor, project_id),
        versions=queries.list_versions(g.actor, project_id)[0],
        builds=queries.list_builds(g.actor, project_id)[0],
        whole=queries.sees_everything(g.actor, project_id),
        topics=[project_id],
    )


@bp.post("/of/<uuid:project_id>/assemble")
def assemble(project_id: UUID) -> ResponseReturnValue:
    """Ask for a draft; answers with the build, or with the version there is of the same inputs."""
    return _to(commands.request_build(g.actor, project_id))


@bp.post("/of/<uuid:project_id>/assemble-anew")
def assemble_anew(project_id: UUID) -> ResponseReturnValue:
    """Ask for a new version of unchanged inputs."""
    return _to(commands.request_fresh_build(g.actor, project_id))


def _to(build: Any) -> ResponseReturnValue:
    if build.version_id:
        return redirect(url_for(".version", version_id=build.version_id), 303)
    return redirect(url_for(".build", build_id=build.id), 303)


@bp.route("/of/<uuid:project_id>/sections/<code>", methods=["GET", "POST"])
def section(project_id: UUID, code: str) -> ResponseReturnValue:
    """The editor of a section; a POST saves, and answers 409 with both texts when another officer was faster."""
    row = queries.get_section(g.actor, project_id, code)
    form = SectionForm(request.form, obj=row)
    seen = request.form.get("version", 0, type=int)
    if request.method == "POST" and form.save(commands.write_section, g.actor, project_id, code, seen=seen) is not None:
        return redirect(url_for(".section", project_id=project_id, code=code), 303)
    return page(
        "doc_assembly/section.html",
        project=get_project(g.actor, project_id),
        row=row,
        section=SECTIONS[code],
        form=form,
        revisions=queries.list_revisions(g.actor, project_id, code),
        preview=_seen(form.text.data, form.text_te.data),
    )


def _seen(*texts: str | None) -> Markup:
    """As it will read; of a text that is longer than allowed, and is refused, only so much."""
    written = "".join(html_of((text or "")[:LONGEST]) for text in texts)
    return Markup(written)  # nosec B704  # noqa: S704 - the reader escapes HTML


@bp.post("/of/<uuid:project_id>/sections/<code>/preview")
def preview(project_id: UUID, code: str) -> ResponseReturnValue:
    """What is typed, as it will read; nothing is saved."""
    row = queries.get_section(g.actor, project_id, code)
    require(g.actor, "doc_assembly.author")
    form = SectionForm(request.form, obj=row)
    seen = _seen(form.text.data, form.text_te.data)
    return page("doc_assembly/preview.html", section=SECTIONS[code], preview=seen)


@bp.get("/of/<uuid:project_id>/sections/<code>/revisions/<int:number>")
def revision(project_id: UUID, code: str, number: int) -> ResponseReturnValue:
    """A text the section once had."""
    found = queries.get_revision(g.actor, project_id, code, number)
    row = queries.get_section(g.actor, project_id, code)
    project, seen = get_project(g.actor, project_id), _seen(found.text, found.text_te)
    return page(
        "doc_assembly/revision.html", project=project, row=row, section=SECTIONS[code], revision=found, preview=seen
    )


@bp.get("/builds/<uuid:build_id>")
def build(build_id: UUID) -> ResponseReturnValue:
    """A build while it runs, and after."""
    found = queries.get_build(g.actor, build_id)
    steps = shown(found.kind, found.status, found.step, queries.list_steps(g.actor, build_id))
    project = get_project(g.actor, found.project_id)
    return page("doc_assembly/build.html", build=found, steps=steps, project=project, topics=[build_id])


@bp.post("/builds/<uuid:build_id>/cancel")
def cancel(build_id: UUID) -> ResponseReturnValue:
    """Stop it."""
    return _to(commands.cancel_build(g.actor, build_id))


@bp.post("/builds/<uuid:build_id>/retry")
def retry(build_id: UUID) -> ResponseReturnValue:
    """Take a failed build up again."""
    return _to(commands.retry_build(g.actor, build_id))


@bp.get("/versions/<uuid:version_id>")
def version(version_id: UUID) -> ResponseReturnValue:
    """A published version: files, hashes, pages, and the sources that have moved on since."""
    found = queries.get_version(g.actor, version_id)
    project = get_project(g.actor, found.project_id)
    moved = queries.list_moved(g.actor, version_id)
    whole = queries.sees_everything(g.actor, project.id)
    return page(
        "doc_assembly/version.html", version=found, project=project, moved=moved, whole=whole, topics=[project.id]
    )


@bp.get("/versions/<uuid:version_id>/files/<int:position>")
def download(version_id: UUID, position: int) -> Response:
    """A file of a version, or the reader's own copy of it; ranges work."""
    return send(*_hand_out(g.actor, version_id, position))
