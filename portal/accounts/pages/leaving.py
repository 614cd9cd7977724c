"""Signing out at the organisation too, and being signed out by it."""

from flask import current_app, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.commands.federation import _told_at_the_back, _told_in_front
from portal.accounts.pages.blueprint import bp
from portal.accounts.queries.federation import _came_by_organisation, _sign_out_at_provider
from portal.core.html import page
from portal.core.http import CSP, csrf, public
from portal.core.limits import limiter
from portal.core.oidc import NotVouched, issuer_origin

for endpoint in ("signed_out", "sign_out_organisation", "told_in_front", "told_at_the_back"):
    public(f"accounts.{endpoint}")


def _after_sign_out(sid: str) -> str:
    """Where a browser goes whose session was just ended: on to the organisation where it came from there."""
    if not _came_by_organisation(sid):
        return url_for("accounts.sign_in")
    session["leaving"] = sid
    return url_for("accounts.signed_out")


@bp.get("/signed-out")
def signed_out() -> ResponseReturnValue:
    """Signed out here; the page goes on to the organisation by itself, for a form may not lead to another host."""
    answer = page("accounts/signed_out.html", leaving="leaving" in session)
    if "leaving" in session:
        answer.headers["Refresh"] = f"1;url={url_for('accounts.sign_out_organisation')}"
    return answer


@bp.get("/sign-out/organisation")
def sign_out_organisation() -> ResponseReturnValue:
    """To the provider, with the token it gave as a hint whom to sign out (RP-Initiated Logout 1.0)."""
    address = _sign_out_at_provider(session.pop("leaving", ""))
    return redirect(address) if address else page("accounts/signed_out.html", leaving=False, stays=True)


@bp.get("/sign-out/front")
@limiter.limit("120/minute")
def told_in_front() -> ResponseReturnValue:
    """The provider shows this in a frame of its sign-out page (Front-Channel Logout 1.0); no cookie is needed."""
    _told_in_front(request.args.get("iss", ""), request.args.get("sid", ""))
    answer = current_app.make_response("")
    framed = CSP.replace("frame-ancestors 'none'", f"frame-ancestors {issuer_origin()}")
    answer.headers.update({"Content-Security-Policy": framed, "Cache-Control": "no-store"})
    return answer


@csrf.exempt  # type: ignore[untyped-decorator]
@bp.post("/sign-out/back")
@limiter.limit("600/minute")
def told_at_the_back() -> ResponseReturnValue:
    """The provider itself says who has signed out there (Back-Channel Logout 1.0, 2.5); no browser is needed."""
    _told_at_the_back(request.form.get("logout_token", ""))
    return "", 200, {"Cache-Control": "no-store"}


@bp.errorhandler(NotVouched)
def _not_vouched(error: NotVouched) -> ResponseReturnValue:
    """The provider is told by a code (2.8), an officer on a page of its own that says what to do."""
    if request.endpoint == "accounts.told_at_the_back":
        answer = jsonify(error="invalid_request" if error.status < 500 else "temporarily_unavailable")
        return answer, error.status, {"Cache-Control": "no-store"}
    return page(
        "accounts/not_vouched.html", status=error.status, code=error.status, title=error.title, detail=str(error)
    )
