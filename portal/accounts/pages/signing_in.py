"""Signing in and out, and the language switch."""

import datetime as dt
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from portal.accounts import commands
from portal.accounts.commands.signing_in import _sign_in
from portal.accounts.forms import SignInForm
from portal.accounts.pages.blueprint import bp
from portal.accounts.pages.identity import Visitor
from portal.core.cards import Card, card_of
from portal.core.html import page
from portal.core.http import public
from portal.core.i18n import LANGUAGES, _
from portal.core.limits import limiter

public("accounts.sign_in")
public("accounts.choose_language")


def _inside(target: str) -> str:
    """Only a path of this portal is followed after signing in."""
    parts = urlsplit(target)
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if safe else url_for("home")


def _open_session(sid: str, proven_at: dt.datetime, card: Card) -> None:
    """A new session of the browser, with a new number (OWASP: session fixation), for a sign-in that is complete."""
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    session["sid"], session["proven_at"] = sid, proven_at.isoformat()
    login_user(Visitor(card))


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("20/minute", methods=["POST"])
def sign_in() -> ResponseReturnValue:
    """A wrong name and a wrong password are told the same."""
    form = SignInForm(request.form)
    if request.method == "POST" and form.validate():
        begun = _sign_in(form.username.data, form.password.data, "web")
        if begun:
            _open_session(begun.id.hex, begun.started_at, card_of(begun.officer_id))  # type: ignore[arg-type]
            return redirect(_inside(request.args.get("next", "")), 303)
        form.password.errors = [_("This user name and password do not belong together.")]
    return page("accounts/sign_in.html", form=form)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session on the server."""
    if g.actor and g.actor.session:
        commands.end_session(g.actor, UUID(g.actor.session))
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"), 303)


@bp.post("/language")
def choose_language() -> ResponseReturnValue:
    """Keep the language for this session and stay on the page."""
    if request.form.get("language") in LANGUAGES:
        session["language"] = request.form["language"]
    return redirect(_inside(request.form.get("next", "/")), 303)
