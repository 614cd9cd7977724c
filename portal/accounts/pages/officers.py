"""The administrator's list of officers."""

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import commands, queries
from portal.accounts.forms import OfficerForm
from portal.accounts.pages.blueprint import bp
from portal.core.html import page


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
