"""Instruments of delegation as JSON, under /api/v1/delegations: the same acts as the pages."""

from typing import Any

from portal.core.api import Operation, api_blueprint
from portal.core.calendar import today
from portal.delegations import commands, queries
from portal.delegations.forms import InstrumentForm, ReviewForm, WhyForm

PLACE = "/api/v1/delegations"
FACTS = (
    *("id", "instrument_no", "state", "type", "charge", "to_officer", "to_officer_id", "to_officer_name"),
    *("from_officer_id", "from_officer_name", "floor_rs", "ceiling_rs", "project_classes", "circles", "starts_on"),
    *("ends_on", "review_on", "condition", "reason", "outside_approval_ref", "used_count", "begins", "days"),
    *("prepared_by", "prepared_by_name", "created_at", "issued_at", "declared_on", "declared_why", "reviewed_on"),
    *("ended_at", "revoked_why", "version"),
)


def _instrument(row: Any) -> dict[str, Any]:
    """An instrument in the words of the register; `begins` and `days` count from the day it takes effect."""
    links = {"events": {"href": f"{PLACE}/{row.id}/events"}}
    return {name: getattr(row, name) for name in FACTS} | {"in_force": row.in_force(today()), "_links": links}


def _event(event: Any) -> dict[str, Any]:
    """A fact about an instrument."""
    return {"id": event.id, "topic": event.topic, "at": event.at, "actor": event.actor_name, "payload": event.payload}


ONE, LOAD = "/<uuid:instrument_id>", queries.get_instrument


def _nothing(_row: Any) -> None:
    """These forms read nothing of the record."""


bp = api_blueprint(
    "delegations",
    _instrument,
    [
        Operation("GET", "", queries.list_instruments),
        Operation("POST", "", commands.prepare_instrument, InstrumentForm),
        Operation("GET", ONE, queries.get_instrument),
        Operation("PATCH", ONE, commands.edit_instrument, InstrumentForm, load=LOAD),
        Operation("DELETE", ONE, commands.discard_instrument),
        Operation("POST", f"{ONE}/issue", commands.issue_instrument, load=LOAD, status=200),
        Operation("POST", f"{ONE}/declare", commands.declare_event, WhyForm, load=LOAD, current=_nothing, status=200),
        Operation(
            "POST", f"{ONE}/review", commands.review_instrument, ReviewForm, load=LOAD, current=_nothing, status=200
        ),
        Operation(
            "POST", f"{ONE}/revoke", commands.revoke_instrument, WhyForm, load=LOAD, current=_nothing, status=200
        ),
        Operation("GET", f"{ONE}/events", queries.list_instrument_events, shows=_event),
    ],
)
