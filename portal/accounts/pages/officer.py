"""One officer: the page, and every act on the account, each said with what will follow from it."""

from typing import Any
from uuid import UUID

from flask import current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import commands, queries
from portal.accounts.forms import ParticularsForm, ReasonForm, RoleForm
from portal.accounts.pages.blueprint import bp
from portal.accounts.pages.officers import WORDS
from portal.core.access import ROLES, require
from portal.core.html import page
from portal.core.i18n import _

BESIDE = ("delegations", "security")  # modules above this one: their pages are linked where they are installed


def _back(officer_id: UUID, said: Any = "") -> ResponseReturnValue:
    if said:
        flash(str(said))
    return redirect(url_for("accounts.officer", officer_id=officer_id), 303)


def _desk(template: str, officer_id: UUID, **more: Any) -> ResponseReturnValue:
    """A page about one officer, with all that is known."""
    dossier = queries.get_dossier(g.actor, officer_id)
    beside = [name for name in BESIDE if name in current_app.blueprints and g.actor.can(f"{name}.read")]
    return page(template, dossier=dossier, officer=dossier.officer, beside=beside, **WORDS, **more)


@bp.get("/officers/<uuid:officer_id>")
def officer(officer_id: UUID) -> ResponseReturnValue:
    """Everything about one officer."""
    particulars = ParticularsForm(obj=queries.get_officer(g.actor, officer_id))
    return _desk("accounts/officer.html", officer_id, particulars=particulars, topics=[officer_id], form=None)


@bp.route("/officers/<uuid:officer_id>/edit", methods=["GET", "POST"])
def edit_officer(officer_id: UUID) -> ResponseReturnValue:
    """Correct particulars and postings; a save over a newer copy shows what differs."""
    officer = queries.get_officer(g.actor, officer_id)
    require(g.actor, "accounts.write")
    form, seen = ParticularsForm(request.form or None, obj=officer), request.form.get("version", type=int)
    if request.method == "POST" and (saved := form.save(commands.edit_officer, g.actor, officer_id, seen=seen or 0)):
        return _back(saved.id, _("The particulars are saved."))
    if form.seen and not form.conflict:
        return _back(officer_id)
    return page("accounts/edit.html", officer=officer, form=form, seen=form.seen or seen or officer.version)


@bp.route("/officers/<uuid:officer_id>/role", methods=["GET", "POST"])
def change_role(officer_id: UUID) -> ResponseReturnValue:
    """Another role: first what the officer gains and loses, then the change."""
    officer = queries.get_officer(g.actor, officer_id)
    require(g.actor, "accounts.secure")
    form = RoleForm(request.form or request.args or None, obj=officer)
    seen = request.form.get("version", type=int)
    if request.method == "POST" and (saved := form.run(commands.change_role, g.actor, officer_id, seen=seen)):
        return _back(saved.id, _("The role is changed, and every session of the officer has ended."))
    shifts = queries.compare_roles(g.actor, officer.role, form.role.data) if form.role.data in ROLES else []
    return _desk("accounts/role.html", officer_id, form=form, shifts=shifts)


@bp.route("/officers/<uuid:officer_id>/disable", methods=["GET", "POST"])
def disable_officer(officer_id: UUID) -> ResponseReturnValue:
    """Close an account: what is open is listed first."""
    require(g.actor, "accounts.secure")
    form = ReasonForm(request.form or None)
    if request.method == "POST" and (saved := form.run(commands.disable_officer, g.actor, officer_id)):
        return _back(saved.id, _("The account is disabled, and every session of the officer has ended."))
    return _desk("accounts/disable.html", officer_id, form=form)


@bp.route("/officers/<uuid:officer_id>/enable", methods=["GET", "POST"])
def enable_officer(officer_id: UUID) -> ResponseReturnValue:
    """Open a closed account again."""
    require(g.actor, "accounts.secure")
    form = ReasonForm(request.form or None)
    if request.method == "POST" and (saved := form.run(commands.enable_officer, g.actor, officer_id)):
        return _back(saved.id, _("The account is enabled."))
    return _desk("accounts/enable.html", officer_id, form=form)


@bp.post("/officers/<uuid:officer_id>/unlock")
def unlock_officer(officer_id: UUID) -> ResponseReturnValue:
    """Let in an officer whose account was locked."""
    commands.unlock_officer(g.actor, officer_id)
    return _back(officer_id, _("The account is unlocked."))


@bp.post("/officers/<uuid:officer_id>/factors/reset")
def reset_factors(officer_id: UUID) -> ResponseReturnValue:
    """The phone is lost: the officer signs in without it, and sets up another."""
    commands.reset_factors(g.actor, officer_id)
    return _back(officer_id, _("The second factor is removed, and every session of the officer has ended."))


@bp.post("/officers/<uuid:officer_id>/link/withdraw")
def withdraw_link(officer_id: UUID) -> ResponseReturnValue:
    """Take a link back; an account that was never used goes with it."""
    commands.withdraw_link(g.actor, officer_id)
    if queries.has_officer(g.actor, officer_id):
        return _back(officer_id, _("The link no longer works."))
    flash(str(_("The invitation is removed.")))
    return redirect(url_for("accounts.officers"), 303)
