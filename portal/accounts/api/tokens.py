"""POST /api/v1/auth/token: a user name and a password for a bearer token."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from portal.accounts.commands.signing_in import _sign_in
from portal.accounts.forms import SignInForm
from portal.accounts.queries.tokens import _token_of
from portal.core.http import public
from portal.core.i18n import _
from portal.core.limits import limiter
from portal.core.problem import problem
from portal.core.tokens import LIFE_S

auth = Blueprint("auth", __name__, url_prefix="/api/v1/auth")
public("auth.token")


@auth.post("/token")
@limiter.limit("30/minute")
def token() -> ResponseReturnValue:
    """An access token of 15 minutes; a wrong name and a wrong password are answered the same."""
    form = SignInForm.from_json(request.get_json(silent=True))
    if not form.validate():
        return problem(422, _("Some of it needs another look"), errors=form.errors)
    begun = _sign_in(form.username.data, form.password.data, "api")
    if begun is None:
        return problem(401, _("This user name and password do not belong together."))
    given = _token_of(begun.officer_id, begun.id.hex)
    return jsonify(access_token=given, token_type="Bearer", expires_in=LIFE_S)  # noqa: S106
