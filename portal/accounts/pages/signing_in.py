"""Signing in and out, and the language switch."""

import datetime as dt
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from portal.accounts import commands
from portal.accounts.commands.proving import _by_passkey
from portal.accounts.commands.signing_in import _begin, _recognised
from portal.accounts.forms import PasskeyForm, SignInForm
from portal.accounts.pages.blueprint import bp
from portal.accounts.pages.identity import Visitor
from portal.accounts.pages.leaving import _after_sign_out
from portal.accounts.pages.passkeys import _passkeys_work, _signed
from portal.accounts.pages.steps import Half, _half_way
from portal.accounts.queries.factors import _step_after
from portal.core.cards import Card, card_of
from portal.core.html import page
from portal.core.http import public
from portal.core.i18n import LANGUAGES
from portal.core.limits import limiter, tries

for endpoint in ("sign_in", "sign_in_by_passkey", "choose_language"):
    public(f"accounts.{endpoint}")


def _inside(target: str) -> str:
    """Only a path of this portal is followed after signing in."""
    parts = urlsplit(target)
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if safe else url_for("home")


def _open_session(sid: str, proven_at: dt.datetime, card: Card) -> None:
    """A new session of the browser, with a new number (OWASP: session fixation), for a sign-in that is complete."""
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    session.pop("half", None)
    session["sid"], session["proven_at"] = sid, proven_at.isoformat()
    login_user(Visitor(card))


def _enter(officer_id: UUID, first: str, target: str, *, strong: bool = False) -> ResponseReturnValue:
    """After a first proof, by password, passkey or invitation: on to what is still missing, or into the portal.

    `strong` when the first proof was two factors in one.
    """
    detour = None if strong else _detour(officer_id, first, target)
    return detour or _complete(Half(officer_id, first, "", target), first)


def _detour(officer_id: UUID, first: str, target: str, begun: str = "") -> ResponseReturnValue | None:
    """To the second factor, or to setting one up where the role needs it; None when nothing is missing.

    `begun` is a session that was begun elsewhere and is opened to the browser when the step is done.
    """
    step = _step_after(officer_id)
    if not step:
        return None
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    _half_way(Half(officer_id, first, step, _inside(target), begun))
    return redirect(url_for(f"accounts.{step}"), 303)


def _complete(half: Half, method: str) -> ResponseReturnValue:
    """Into the portal, with a session of its own."""
    sid = half.begun or _begin(half.officer_id, "web", method).id.hex
    _open_session(sid, dt.datetime.now(dt.UTC), cast(Card, card_of(half.officer_id)))
    return redirect(_inside(half.target), 303)


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(tries, methods=["POST"])
def sign_in() -> ResponseReturnValue:
    """A wrong name and a wrong password are told the same."""
    form = SignInForm(request.form)
    if request.method == "POST":
        known = form.proves(lambda: _recognised(form.username.data, form.password.data))
        if known:
            return _enter(known.id, "password", request.args.get("next", ""))
    return page("accounts/sign_in.html", form=form, passkey=PasskeyForm(), passkeys=_passkeys_work())


@bp.post("/sign-in/passkey")
@limiter.limit(tries)
def sign_in_by_passkey() -> ResponseReturnValue:
    """A passkey that looked at its owner is both factors: no user name, no password."""
    passkey = PasskeyForm(request.form)
    known = passkey.proves(lambda: _by_passkey(_signed(passkey, "sign_in"), verified=True))
    if known:
        return _enter(known, "passkey", request.args.get("next", ""), strong=True)
    return page("accounts/sign_in.html", status=422, form=SignInForm(), passkey=passkey, passkeys=_passkeys_work())


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session on the server; who came by the organisation is led on to sign out there."""
    ended = g.actor.session if g.actor else ""
    if ended:
        commands.end_session(g.actor, UUID(ended))
    logout_user()
    session.clear()
    return redirect(_after_sign_out(ended), 303)


@bp.post("/language")
def choose_language() -> ResponseReturnValue:
    """Keep the language for this session and stay on the page."""
    if request.form.get("language") in LANGUAGES:
        session["language"] = request.form["language"]
    return redirect(_inside(request.form.get("next", "/")), 303)
