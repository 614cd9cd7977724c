"""The watch as JSON, under /api/v1/security: the same lists and acts as the pages."""

from typing import Any

from flask import g

from portal.core.api import Operation, api_blueprint
from portal.core.mask import needed, personal
from portal.security import commands, queries
from portal.security.forms import ActForm, CloseForm, FigureForm, NoteForm, OwnerForm, WhyForm
from portal.security.rules.catalogue import sentence

PLACE = "/api/v1/security"
FACTS = (
    *("id", "number", "officer_id", "called", "severity", "suggests", "state", "owner_id", "owner_name"),
    *("opened_at", "closed_at", "closed_by_name", "reason", "words", "version"),
)
RECORD = ("id", "at", "act", "outcome", "actor_id", "actor_name", "role", "device")
SESSION = ("id", "officer_id", "kind", "method", "device", "place", "started_at", "expires_at", "seen_at")


def shown(incident: Any) -> dict[str, Any]:
    """An incident with its notes."""
    place = f"{PLACE}/incidents/{incident.id}"
    notes = [{"at": note.at, "by": note.by_name, "text": note.text} for note in incident.notes]
    links = {"self": {"href": place}, "events": {"href": f"{place}/events"}}
    return {name: getattr(incident, name) for name in FACTS} | {"notes": notes, "_links": links}


def shown_note(note: Any) -> dict[str, Any]:
    """A note as it is kept; it is read with its incident."""
    links = {"self": {"href": f"{PLACE}/incidents/{note.incident_id}"}}
    return {"id": note.id, "at": note.at, "by": note.by_name, "text": note.text, "_links": links}


def shown_alert(alert: Any) -> dict[str, Any]:
    """An alert with its sentence and the numbers in it."""
    facts = needed(alert.facts, g.actor)
    names = ("id", "rule", "severity", "called", "at", "last_at", "incident_id")
    links = {
        "self": {"href": f"{PLACE}/alerts/{alert.id}"},
        "incident": {"href": f"{PLACE}/incidents/{alert.incident_id}"},
        "records": {"href": f"{PLACE}/alerts/{alert.id}/records"},
    }
    told = {"says": sentence(alert.rule, facts), "facts": facts, "state": alert.incident.state}
    return {name: getattr(alert, name) for name in names} | told | {"_links": links}


def shown_record(row: Any) -> dict[str, Any]:
    """A record of the trail without what it changed: who may read engineering records asks the trail itself."""
    masked = {"why": needed(row.why, g.actor), "address": personal(row.address, "address", g.actor)}
    return {name: getattr(row, name) for name in RECORD} | masked


def shown_session(row: Any) -> dict[str, Any]:
    """An open session with device and place."""
    return {name: getattr(row, name) for name in SESSION} | {"address": personal(row.address, "address", g.actor)}


def shown_count(ended: int) -> dict[str, Any]:
    """How many sessions ended."""
    return {"ended": ended}


def shown_event(event: Any) -> dict[str, Any]:
    """A fact about an incident."""
    return {"id": event.id, "topic": event.topic, "at": event.at, "actor": event.actor_name, "payload": event.payload}


def shown_today(row: Any) -> dict[str, Any]:
    """A kind of record today; `usual` is the mean of such days by this time."""
    return row._asdict()  # type: ignore[no-any-return]


def shown_figure(row: Any) -> dict[str, Any]:
    """A figure of a rule with what was ever entered."""
    names = ("value", "starts", "why", "set_by_name", "set_at")
    entries = [{name: getattr(one, name) for name in names} for one in row.entries]
    links = {"self": {"href": f"{PLACE}/rules/{row.name}"}}
    said = {"name": row.name, "label": str(row.parameter.label), "default": row.parameter.default}
    return said | {"value": row.value, "entries": entries, "_links": links}


ONE, LOAD = "/incidents/<uuid:incident_id>", queries.get_incident


def _nothing(_row: Any) -> None:
    """These forms read nothing of the record."""


def _edit(act: str, use_case: Any, form: Any = None) -> Operation:
    return Operation("POST", f"{ONE}/{act}", use_case, form, load=LOAD, current=_nothing, shows=shown, status=200)


OPERATIONS = [
    Operation("GET", "/today", queries.list_today, shows=shown_today),
    Operation("GET", "/records", queries.list_records, shows=shown_record),
    Operation("GET", "/sessions", queries.list_open_sessions, shows=shown_session),
    Operation("POST", "/sessions/<uuid:session_id>/end", commands.end_officer_session),
    Operation("POST", "/officers/<uuid:officer_id>/end-sessions", commands.end_officer_sessions, shows=shown_count),
    Operation("GET", "/alerts", queries.list_alerts, shows=shown_alert),
    Operation("GET", "/alerts/<uuid:alert_id>", queries.get_alert, shows=shown_alert),
    Operation("GET", "/alerts/<uuid:alert_id>/records", queries.list_alert_records, shows=shown_record),
    Operation("GET", "/incidents", queries.list_incidents, shows=shown),
    Operation("GET", ONE, queries.get_incident, shows=shown),
    Operation("GET", f"{ONE}/events", queries.list_incident_events, shows=shown_event),
    _edit("take", commands.take_incident),
    _edit("assign", commands.assign_incident, OwnerForm),
    _edit("act", commands.carry_out, ActForm),
    _edit("close", commands.close_incident, CloseForm),
    _edit("reopen", commands.reopen_incident, WhyForm),
    Operation("POST", f"{ONE}/notes", commands.note_incident, NoteForm, shows=shown_note),
    Operation("GET", "/rules", queries.list_figures, shows=shown_figure),
    Operation("GET", "/rules/<name>", queries.get_figure, shows=shown_figure),
    Operation("POST", "/rules/<name>", commands.set_figure, FigureForm, shows=shown_figure),
]
bp = api_blueprint("security", shown, OPERATIONS)
