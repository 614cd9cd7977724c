"""One's own account, and proving anew that it is oneself."""

import datetime as dt

from flask import flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import commands, queries
from portal.accounts.commands.proving import _prove
from portal.accounts.forms import ChangePasswordForm, ProveForm
from portal.accounts.pages.blueprint import bp
from portal.accounts.pages.passkeys import _passkeys_work, _signed
from portal.accounts.pages.signing_in import _inside
from portal.core import stepup
from portal.core.html import page
from portal.core.i18n import _
from portal.core.limits import limiter, tries


@bp.get("/account")
def account() -> ResponseReturnValue:
    """Who one is here, and what happened to the account lately."""
    return page("accounts/account.html", own=queries.get_own(g.actor))


@bp.route("/account/password", methods=["GET", "POST"])
@limiter.limit(tries, methods=["POST"])
def password() -> ResponseReturnValue:
    """Choose another password; every other session ends."""
    form = ChangePasswordForm(request.form)
    if request.method == "POST":
        ended = form.run(commands.change_password, g.actor)
        if ended is not None:
            flash(str(_("The password was changed. Other sessions that were ended: %(count)s.", count=ended)))
            return redirect(url_for(".account"), 303)
    return page("accounts/password.html", form=form)


@bp.route("/prove", methods=["GET", "POST"])
@limiter.limit(tries, methods=["POST"])
def prove() -> ResponseReturnValue:
    """A fresh proof, for what asks for one."""
    form, number = ProveForm(request.form), request.args.get("held", "")
    fresh = stepup.is_fresh(g.actor.proven_at)
    if fresh or (request.method == "POST" and form.proves(lambda: _proven(form))):
        return redirect(url_for(".carry_on", held=number) if number else url_for(".account"), 303)
    ways = queries.ways_to_prove(g.actor)
    return page("accounts/prove.html", form=form, ways=ways, minutes=stepup.minutes(), passkeys=_passkeys_work())


def _proven(form: ProveForm) -> bool:
    signed = _signed(form, "prove") if form.credential.data else None
    _prove(g.actor, form.code.data, form.password.data or "", signed)
    session["proven_at"] = dt.datetime.now(dt.UTC).isoformat()
    return True


@bp.get("/prove/on")
def carry_on() -> ResponseReturnValue:
    """What waited for the proof: one button sends it on its way again; a page that waited opens by itself."""
    number = request.args.get("held", "")
    held = stepup.held_request(number)
    if held is None:
        flash(str(_("What waited for this was forgotten meanwhile. Begin it again.")))
        return redirect(url_for(".account"), 303)
    if held.again:
        return page("accounts/carry_on.html", held=held)
    stepup.let_go(number)
    return redirect(_inside(held.page), 303)
