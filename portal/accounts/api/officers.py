"""The list of officers, for the administrator."""

from portal.accounts import commands, queries
from portal.accounts.forms import OfficerForm
from portal.core.api import Operation, api_blueprint

bp = api_blueprint(
    "accounts",
    OfficerForm,
    [
        Operation("GET", "", queries.list_officers),
        Operation("POST", "", commands.add_officer, OfficerForm),
    ],
)
