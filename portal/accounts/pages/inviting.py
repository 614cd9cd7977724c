"""Links that work once: given out by the administrator, taken up by the officer."""

from typing import Any
from uuid import UUID

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.accounts import commands, queries
from portal.accounts.commands.inviting import Issued, _guest_of, _take_up
from portal.accounts.forms import InviteForm, PasswordForm
from portal.accounts.pages.blueprint import bp
from portal.accounts.pages.signing_in import _enter
from portal.core.access import require
from portal.core.addresses import whole
from portal.core.html import page
from portal.core.http import public
from portal.core.limits import limiter

public("accounts.invitation")


def _shown_once(issued: Issued) -> ResponseReturnValue:
    """The answer to the press of the button: the link is in this page and nowhere else."""
    return page(
        "accounts/link.html",
        issued=issued,
        officer=issued.officer,
        address=whole("accounts.invitation", secret=issued.secret),
    )


@bp.route("/officers/new", methods=["GET", "POST"])
def invite() -> ResponseReturnValue:
    """Invite an officer; nobody but the officer ever knows the password."""
    require(g.actor, "accounts.secure")
    form = InviteForm(request.form or None)
    if request.method == "POST" and (issued := form.run(commands.invite_officer, g.actor)):
        return _shown_once(issued)
    return page("accounts/new.html", form=form)


@bp.route("/officers/<uuid:officer_id>/link", methods=["GET", "POST"])
def give_link(officer_id: UUID) -> ResponseReturnValue:
    """Make a new link, for a first password or a forgotten one."""
    require(g.actor, "accounts.secure")
    if request.method == "POST":
        return _shown_once(commands.give_link(g.actor, officer_id))
    return page("accounts/give_link.html", officer=queries.get_officer(g.actor, officer_id))


@bp.route("/invitation/<secret>", methods=["GET", "POST"])
@limiter.limit("20/minute")
def invitation(secret: str) -> ResponseReturnValue:
    """Choose a password by a link. One that is unknown, used or run out is answered the same way."""
    guest, form = _guest_of(secret), PasswordForm(request.form or None)
    if request.method == "POST" and guest:
        entered = form.takes(lambda: _take_up(secret, form.password.data))
        if entered:
            return _enter(entered.id, "invitation", "")
        guest = guest if form.errors else None  # used in another window a moment ago
    return _page_of(guest, form)


def _page_of(guest: Any, form: PasswordForm) -> ResponseReturnValue:
    if guest is None:
        return page("accounts/no_invitation.html", status=404)
    return page("accounts/invitation.html", guest=guest, form=form)
