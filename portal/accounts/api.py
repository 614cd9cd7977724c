"""POST /api/v1/auth/token: a user name and a password for a bearer token; and the list of officers."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from portal.accounts import commands, queries
from portal.accounts.forms import OfficerForm, SignInForm
from portal.core.api import Operation, api_blueprint
from portal.core.http import public
from portal.core.i18n import _
from portal.core.limits import limiter
from portal.core.problem import problem
from portal.core.tokens import LIFE_S, issue

bp = api_blueprint(
    "accounts",
    OfficerForm,
    [
        Operation("GET", "", queries.list_officers),
        Operation("POST", "", commands.add_officer, OfficerForm),
    ],
)
auth = Blueprint("auth", __name__, url_prefix="/api/v1/auth")
public("auth.token")


@auth.post("/token")
@limiter.limit("30/minute")
def token() -> ResponseReturnValue:
    """An access token of 15 minutes; a wrong name and a wrong password are answered the same."""
    form = SignInForm.from_json(request.get_json(silent=True))
    if not form.validate():
        return problem(422, _("Some of it needs another look"), errors=form.errors)
    actor = commands._sign_in(form.username.data, form.password.data)
    if actor is None:
        return problem(401, _("This user name and password do not belong together."))
    return jsonify(access_token=issue(actor.id, actor.role), token_type="Bearer", expires_in=LIFE_S)  # noqa: S106
