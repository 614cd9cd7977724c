"""Tokens of the API: given for a password, renewed by a cookie that only these addresses see, ended; public keys.

The refresh token never reaches a script: HttpOnly, Secure, SameSite=Strict, below /api/v1/auth (RFC 6265bis, RFC 9700).
"""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal.accounts.commands.proving import SignInFailed
from portal.accounts.commands.sessions import LIFE
from portal.accounts.commands.signing_in import SecondFactorNeeded, _sign_in
from portal.accounts.commands.tokens import Given, _end_family, _end_token, _give, _renew
from portal.accounts.forms import TokenForm
from portal.core.http import public
from portal.core.i18n import _
from portal.core.limits import limiter, tries
from portal.core.problem import problem
from portal.core.tokens import LIFE_S, ring

auth = Blueprint("auth", __name__, url_prefix="/api/v1/auth")
well_known = Blueprint("well_known", __name__, url_prefix="/.well-known")
COOKIE = "portal_refresh"
SECOND_FACTOR_NEEDED = "/api/v1/#second-factor-needed"  # where the reference tells of it
for endpoint in ("auth.token", "auth.refresh", "auth.revoke", "well_known.jwks"):
    public(endpoint)


@auth.post("/token")
@limiter.limit(tries)
def token() -> ResponseReturnValue:
    """An access token of 15 minutes; a wrong name and a wrong password are answered the same."""
    form = TokenForm.from_json(request.get_json(silent=True))
    if not form.validate():
        return problem(422, _("Some of it needs another look"), errors=form.errors)
    try:
        return _handed(_give(_sign_in(form.username.data, form.password.data, "api", form.otp.data)))
    except SignInFailed as failed:
        return _not_proven(failed)


def _not_proven(failed: SignInFailed) -> Response:
    """Which field did not fit; a type of its own where the password was right and a code is to come with it."""
    kind = {"type": SECOND_FACTOR_NEEDED} if isinstance(failed, SecondFactorNeeded) else {}
    field = "otp" if failed.field == "code" else failed.field or "password"
    answer = problem(failed.status, _(failed.title), str(failed), {field: [str(failed)]}, **kind)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


@auth.post("/refresh")
@limiter.limit("60/minute")
def refresh() -> ResponseReturnValue:
    """New tokens for the refresh token of the cookie, which works once."""
    return _handed(_renew(request.cookies.get(COOKIE, "")))


@auth.post("/revoke")
@limiter.limit("60/minute")
def revoke() -> ResponseReturnValue:
    """End the session of the cookie, or of the access token; what is unknown is answered the same (RFC 7009)."""
    if COOKIE in request.cookies:
        _end_family(request.cookies[COOKIE])
    else:
        _end_token(request.headers.get("Authorization", "").partition(" ")[2].strip())
    answer = Response(status=204)
    answer.delete_cookie(COOKIE, path="/api/v1/auth", secure=True, httponly=True, samesite="Strict")
    return answer


def _handed(given: Given) -> Response:
    answer = jsonify(access_token=given.access, token_type="Bearer", expires_in=LIFE_S)  # noqa: S106
    life = int(LIFE["api"].total_seconds())
    answer.set_cookie(COOKIE, given.refresh, life, path="/api/v1/auth", secure=True, httponly=True, samesite="Strict")
    return answer


@well_known.get("/jwks.json")
def jwks() -> ResponseReturnValue:
    """The public keys of access tokens (RFC 7517), for whoever verifies them elsewhere; to be kept five minutes."""
    answer = jsonify(keys=ring().published())
    answer.content_type = "application/jwk-set+json"
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.add_etag()
    return answer.make_conditional(request)
