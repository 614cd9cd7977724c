"""Signing in and out, the language switch, and the administrator's list of officers."""

from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from portal.accounts import commands, queries
from portal.accounts.forms import OfficerForm, SignInForm
from portal.core.access import Actor
from portal.core.html import page
from portal.core.http import public
from portal.core.i18n import LANGUAGES, _
from portal.core.limits import limiter
from portal.core.registry import supplies
from portal.core.tokens import officer_of

bp = Blueprint("accounts", __name__)
logins = LoginManager()
public("accounts.sign_in")
public("accounts.choose_language")


class Visitor(UserMixin):  # type: ignore[misc]
    """What Flask-Login keeps in the session: the officer's id, nothing else."""

    def __init__(self, actor: Actor) -> None:
        self.id, self.actor = str(actor.id), actor


@logins.user_loader  # type: ignore[untyped-decorator]
def _load(officer_id: str) -> Visitor | None:
    actor = queries._actor_of(UUID(officer_id))
    return Visitor(actor) if actor else None


@supplies("actor.of_request")
def _who() -> Actor | None:
    """From the bearer token on the API, from the session everywhere else."""
    if request.path.startswith("/api/"):
        kind, _space, token = request.headers.get("Authorization", "").partition(" ")
        return queries._actor_of(officer_of(token)) if kind.lower() == "bearer" else None
    return current_user.actor if current_user.is_authenticated else None


def _inside(target: str) -> str:
    """Only a path of this portal is followed after signing in."""
    parts = urlsplit(target)
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if safe else url_for("home")


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("20/minute", methods=["POST"])
def sign_in() -> ResponseReturnValue:
    """A wrong name and a wrong password are told the same."""
    form = SignInForm(request.form)
    if request.method == "POST" and form.validate():
        actor = commands._sign_in(form.username.data, form.password.data)
        if actor:
            current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
            login_user(Visitor(actor))
            return redirect(_inside(request.args.get("next", "")), 303)
        form.password.errors = [_("This user name and password do not belong together.")]
    return page("accounts/sign_in.html", form=form)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session on the server."""
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"), 303)


@bp.post("/language")
def choose_language() -> ResponseReturnValue:
    """Keep the language for this session and stay on the page."""
    if request.form.get("language") in LANGUAGES:
        session["language"] = request.form["language"]
    return redirect(_inside(request.form.get("next", "/")), 303)


@bp.get("/officers")
def officers() -> ResponseReturnValue:
    """Who can sign in, and as what."""
    found, _cursor = queries.list_officers(g.actor)
    return page("accounts/officers.html", officers=found, form=OfficerForm())


@bp.post("/officers")
def add() -> ResponseReturnValue:
    """Make an account and show the list again."""
    form = OfficerForm(request.form)
    if form.run(commands.add_officer, g.actor):
        return redirect(url_for(".officers"), 303)
    return page("accounts/officers.html", officers=queries.list_officers(g.actor)[0], form=form)
