"""Officers over the API: the same acts as the administrator's pages."""

from typing import Any

from portal.accounts import commands, queries
from portal.accounts.api.own import OWN
from portal.accounts.commands.inviting import Issued
from portal.accounts.forms import InviteForm, ParticularsForm, PlanForm, ReasonForm, RoleForm
from portal.core.addresses import whole
from portal.core.api import Operation, api_blueprint

SHOWN = ("id", "username", "name", "role", "state", "email", "phone", "circles", "divisions", "active", "version")
PLACE = "/api/v1/accounts"


def _officer(row: Any) -> dict[str, Any]:
    """An account; when it was last signed in to stands in the list only."""
    shown = {name: getattr(row, name) for name in SHOWN}
    more = {"last_sign_in_at": row.last} if hasattr(row, "last") else {}
    why = {"disabled_why": row.disabled_why, "locked_why": row.locked_why, "created_at": row.created_at}
    return shown | more | why


def _issued(issued: Issued) -> dict[str, Any]:
    """A link, shown this once."""
    link = {
        "address": whole("accounts.invitation", secret=issued.secret),
        "purpose": issued.purpose,
        "expires_at": issued.expires_at,
    }
    who = issued.officer
    return {"id": who.id, "username": who.username, "link": link, "_links": {"self": {"href": f"{PLACE}/{who.id}"}}}


def _all_issued(issued: list[Issued]) -> dict[str, Any]:
    """The links of a list, shown this once."""
    return {"links": [_issued(one) for one in issued]}


def _batch(batch: Any) -> dict[str, Any]:
    """A list that was read, before anybody looked at what it would do."""
    facts = {name: getattr(batch, name) for name in ("id", "filename", "state", "result", "created_at", "loaded_at")}
    return facts | {"_links": {"self": {"href": f"{PLACE}/bulk/{batch.id}"}}}


def _roster(roster: queries.Roster) -> dict[str, Any]:
    """What loading a list would do; `plan` is sent back to load it."""
    rows = [
        {
            "row": row.number,
            "username": row.username,
            "does": row.kind,
            "changes": {name: {"before": old, "after": new} for name, (old, new) in row.changes.items()},
            "issues": [{"column": str(issue.column), "detail": str(issue.text)} for issue in row.entry.issues],
        }
        for row in roster.rows
    ]
    plan = {"plan": roster.mark, "ready": roster.ready, "counts": roster.counts, "unknown_columns": roster.unknown}
    return _batch(roster.batch) | plan | {"rows": rows}


def _event(event: Any) -> dict[str, Any]:
    """A fact about an account."""
    return {"id": event.id, "topic": event.topic, "at": event.at, "actor": event.actor_name, "payload": event.payload}


ONE, LIST, LOAD = "/<uuid:officer_id>", "/bulk/<uuid:batch_id>", queries.get_officer

bp = api_blueprint(
    "accounts",
    _officer,
    [
        Operation("GET", "", queries.list_officers),
        Operation("POST", "", commands.invite_officer, InviteForm, shows=_issued, status=201, secret=True),
        Operation("GET", ONE, queries.get_officer),
        Operation("PATCH", ONE, commands.edit_officer, ParticularsForm, load=LOAD),
        Operation("PUT", f"{ONE}/role", commands.change_role, RoleForm, load=LOAD),
        Operation("POST", f"{ONE}/disable", commands.disable_officer, ReasonForm, load=LOAD, current=lambda _row: None),
        Operation("POST", f"{ONE}/enable", commands.enable_officer, ReasonForm, load=LOAD, current=lambda _row: None),
        Operation("POST", f"{ONE}/unlock", commands.unlock_officer, load=LOAD),
        Operation("POST", f"{ONE}/link", commands.give_link, shows=_issued, status=201, secret=True),
        Operation("DELETE", f"{ONE}/link", commands.withdraw_link),
        Operation("DELETE", f"{ONE}/factors", commands.reset_factors, load=LOAD),
        Operation("GET", f"{ONE}/events", queries.list_officer_events, shows=_event),
        Operation("POST", "/bulk", commands.stage_officers, file="file", shows=_batch, status=201),
        Operation("GET", LIST, queries.get_roster, shows=_roster),
        Operation("POST", f"{LIST}/load", commands.load_officers, PlanForm, shows=_batch, status=200),
        Operation("DELETE", LIST, commands.leave_officers),
        Operation(
            "POST",
            f"{LIST}/links",
            commands.give_links,
            shows=_all_issued,
            secret=True,
        ),
        *OWN,
    ],
)
