"""Where one is signed in, and ending it from afar."""

from uuid import UUID

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import commands, queries
from portal.accounts.pages.blueprint import bp
from portal.core.cards import topic_of
from portal.core.html import page
from portal.core.i18n import _


@bp.get("/account/sessions")
def sessions() -> ResponseReturnValue:
    """Every browser and program one is signed in with at this moment."""
    rows, _more = queries.list_sessions(g.actor)
    return page("accounts/sessions.html", rows=rows, topics=[topic_of(g.actor.id)])


@bp.post("/account/sessions/<uuid:session_id>/end")
def end_session(session_id: UUID) -> ResponseReturnValue:
    """Sign out there; its next request is refused and what it shows stops changing."""
    commands.end_session(g.actor, session_id, why="ended by the officer")
    flash(str(_("That session has ended.")))
    return redirect(url_for(".sessions"), 303)


@bp.post("/account/sessions/end-others")
def end_other_sessions() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    ended = commands.end_other_sessions(g.actor)
    flash(str(_("Signed out everywhere but here. Sessions that were ended: %(count)s.", count=ended)))
    return redirect(url_for(".sessions"), 303)
