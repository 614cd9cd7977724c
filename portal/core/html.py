"""page(): the same template answers a browser (whole) and htmx (one block)."""

from typing import Any

from flask import Response, current_app, g, make_response, render_template
from htmx_flask import request

from portal.core.access import About


def about(project: Any) -> About:
    """What rights depend on of a project, for a page that shows it or asks before it shows a form."""
    return About(project=project.id, circle=project.circle, division=project.division)


def page(template: str, *, status: int | None = None, **context: Any) -> Response:
    """The whole page, or only the block whose name is the id of the element htmx will fill.

    The status follows from the form: 409 with a conflict, 422 with errors, else 200.
    """
    project = context.get("project")
    if project is not None and g.actor is not None:  # a page about one project offers only what is taken there
        context.setdefault("actor", g.actor.within(about(project)))
    form = context.get("form")
    if status is None:
        status = 409 if getattr(form, "conflict", None) else 422 if getattr(form, "errors", None) else 200
    source, block = current_app.jinja_env.get_template(template), (request.htmx.target or "").partition("#")[2]
    whole = block not in source.blocks or request.htmx.boosted or request.htmx.history_restore_request
    if whole:
        answer = make_response(render_template(template, **context), status)
    else:
        current_app.update_template_context(context)
        answer = make_response("".join(source.blocks[block](source.new_context(context))), status)
    answer.vary.update(("HX-Target", "HX-Boosted"))
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer
