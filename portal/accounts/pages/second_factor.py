"""The second step of signing in, setting up a first factor, and one's own factors."""

from typing import Any
from uuid import UUID

import segno
from flask import flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import commands, queries
from portal.accounts.commands.factors import _address_of, _new_secret
from portal.accounts.commands.proving import _by_code, _by_passkey
from portal.accounts.commands.signing_in import _method
from portal.accounts.forms import FactorForm, SecondForm
from portal.accounts.pages.blueprint import bp
from portal.accounts.pages.passkeys import _passkeys_work, _signed
from portal.accounts.pages.signing_in import _complete
from portal.accounts.pages.steps import _half
from portal.accounts.queries.factors import _officer_as_actor, _ways_of
from portal.core.access import Actor, require_proof
from portal.core.html import page
from portal.core.http import public
from portal.core.i18n import _
from portal.core.limits import limiter, tries

public("accounts.second")
public("accounts.enrol")


@bp.route("/sign-in/second", methods=["GET", "POST"])
@limiter.limit(tries, methods=["POST"])
def second() -> ResponseReturnValue:
    """A code or a passkey, after the password."""
    half = _half("second")
    if half is None:
        return _begin_again()
    form = SecondForm(request.form)
    if request.method == "POST":
        kind = form.proves(lambda: _second_of(half.officer_id, form))
        if kind:
            return _complete(half, _method(kind, half.first))
    return page("accounts/second.html", form=form, ways=_ways_of(half.officer_id), passkeys=_passkeys_work())


def _second_of(officer_id: UUID, form: SecondForm) -> str:
    """Which factor was shown. Raises SignInFailed, TooMany."""
    if form.credential.data:
        _by_passkey(_signed(form, "second"), officer_id)
        return "passkey"
    return _by_code(officer_id, form.code.data)


@bp.route("/sign-in/enrol", methods=["GET", "POST"])
@limiter.limit(tries, methods=["POST"])
def enrol() -> ResponseReturnValue:
    """A role that needs a second factor, and an officer without one: nothing else opens before."""
    half = _half("enrol")
    if half is None:
        return _begin_again()
    form, actor = FactorForm(request.form), _officer_as_actor(half.officer_id)
    if request.method == "POST":
        codes = _enrolled(form, actor)
        if codes is not None:
            into = _complete(half, _method(_kind(form), half.first))
            return _codes_first(codes, half.target) if codes else into
    return page("accounts/new_factor.html", form=form, enrolling=True, **_app_to_add(actor.id))


@bp.get("/account/factors")
def factors() -> ResponseReturnValue:
    """What one can prove oneself with."""
    return page("accounts/factors.html", own=queries.get_own(g.actor))


@bp.route("/account/factors/new", methods=["GET", "POST"])
@limiter.limit(tries, methods=["POST"])
def new_factor() -> ResponseReturnValue:
    """Set up an authenticator app or a passkey."""
    require_proof(g.actor, "accounts.factors")  # asked before the code is typed: it would be too old afterwards
    form = FactorForm(request.form)
    if request.method == "POST":
        codes = _enrolled(form, g.actor)
        if codes is not None:
            flash(str(_("The second factor can be used from now on.")))
            return _codes_first(codes, url_for(".factors")) if codes else redirect(url_for(".factors"), 303)
    return page("accounts/new_factor.html", form=form, enrolling=False, **_app_to_add(g.actor.id))


@bp.post("/account/factors/<uuid:factor_id>/remove")
def remove_factor(factor_id: UUID) -> ResponseReturnValue:
    """Take a lost or replaced device off the list."""
    commands.remove_factor(g.actor, factor_id)
    flash(str(_("The second factor was removed.")))
    return redirect(url_for(".factors"), 303)


@bp.route("/account/recovery-codes", methods=["GET", "POST"])
def recovery_codes() -> ResponseReturnValue:
    """Ten new codes, shown this once."""
    if request.method == "POST":
        return _codes_first(commands.renew_recovery_codes(g.actor), url_for(".factors"))
    shown = session.pop("codes", None) or {"codes": [], "target": url_for(".factors")}
    return page("accounts/codes.html", codes=shown["codes"], target=shown["target"])


def _codes_first(codes: list[str], target: str) -> ResponseReturnValue:
    """Show new recovery codes once, then go on."""
    session["codes"] = {"codes": codes, "target": target}
    return redirect(url_for("accounts.recovery_codes"), 303)


def _begin_again() -> ResponseReturnValue:
    session.pop("half", None)
    flash(str(_("Signing in took too long. Begin again.")))
    return redirect(url_for("accounts.sign_in"), 303)


def _kind(form: FactorForm) -> str:
    return "passkey" if form.credential.data else "totp"


def _enrolled(form: FactorForm, actor: Actor) -> list[str] | None:
    """The new recovery codes, if any; None when the factor was not right."""
    if form.credential.data:
        return form.run(commands.add_passkey, actor, signed=_signed(form, "enrol"))
    codes = form.run(commands.add_app, actor, sealed=_secret_for(actor.id))
    if codes is not None:
        session.pop("app_to_add", None)
    return codes


def _secret_for(officer_id: UUID) -> str:
    """The secret on the screen, sealed; it stays the same until the app has shown its first code."""
    kept = session.get("app_to_add", {})
    if kept.get("officer") != officer_id.hex:
        kept = session["app_to_add"] = {"officer": officer_id.hex, "sealed": _new_secret(officer_id)}
    return str(kept["sealed"])


def _app_to_add(officer_id: UUID) -> dict[str, Any]:
    """The picture for the app, drawn here: no other host sees the secret."""
    address, secret = _address_of(officer_id, _secret_for(officer_id))
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"picture": picture, "secret": groups, "passkeys": _passkeys_work()}
