"""One's own keys for programs, and the keys the installation signs with."""

from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import commands, queries
from portal.accounts.forms import KeyForm, SigningKeyForm
from portal.accounts.pages.blueprint import bp
from portal.accounts.rules import grouped
from portal.core.access import require, require_proof
from portal.core.addresses import whole
from portal.core.html import page
from portal.core.i18n import _


@bp.get("/account/keys")
def keys() -> ResponseReturnValue:
    """One's keys: what each may do, until when, and when it was last used."""
    rows, _more = queries.list_keys(g.actor)
    return page("accounts/keys.html", rows=rows, grouped=grouped)


@bp.route("/account/keys/new", methods=["GET", "POST"])
def new_key() -> ResponseReturnValue:
    """Make a key; it is shown in the answer and nowhere else."""
    require_proof(g.actor, "accounts.keys")  # asked before anything is typed
    form = KeyForm(request.form or None)
    if request.method == "POST" and (made := form.run(commands.make_key, g.actor)):
        return page("accounts/key.html", made=made, grouped=grouped, address=whole("home").rstrip("/"))
    return page("accounts/new_key.html", form=form, acts=grouped(queries.acts_for_keys(g.actor)))


@bp.post("/account/keys/<uuid:key_id>/revoke")
def revoke_key(key_id: UUID) -> ResponseReturnValue:
    """The program that uses it is refused from now on."""
    commands.revoke_key(g.actor, key_id)
    flash(str(_("The key is revoked.")))
    return redirect(url_for(".keys"), 303)


@bp.route("/officers/signing-keys", methods=["GET", "POST"])
def signing_keys() -> ResponseReturnValue:
    """The keys that sign access tokens and the days of the audit trail; the administrator changes them."""
    require(g.actor, "accounts.secure")
    form = SigningKeyForm(request.form or None)
    if request.method == "POST" and form.validate():
        _change(form.what.data)
        flash(str(_("The key is changed.")))
        return redirect(url_for(".signing_keys"), 303)
    rows, _more = queries.list_signing_keys(g.actor)
    return page("accounts/signing_keys.html", form=form, rows=rows)


def _change(what: str) -> None:
    if what == "audit":
        commands.rotate_seal_key(g.actor)
    else:
        commands.rotate_token_keys(g.actor, leaked=what == "leaked")
