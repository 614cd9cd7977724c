"""The watch as pages: today at a glance, records, sessions, alerts, incidents, and the figures of the rules."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.core.access import require
from portal.core.audit.words import OUTCOMES, TITLES, WHYS
from portal.core.calendar import today
from portal.core.html import page
from portal.core.i18n import _
from portal.core.mask import needed, personal
from portal.core.whereabouts import device_in_words, place_of
from portal.security import commands, queries
from portal.security.commands.watching import TOPIC
from portal.security.forms import ActForm, CloseForm, FigureForm, NoteForm, OwnerForm, WhyForm
from portal.security.queries import desk, incidents
from portal.security.rules.catalogue import (
    ACTIONS,
    CALLED,
    KINDS,
    REASONS,
    RULES,
    SEVERITIES,
    STATES,
    sentence,
)
from portal.security.rules.parameters import GROUPS

bp = Blueprint("security", __name__, url_prefix="/security")
HAPPENED = ("opened", "assigned", "noted", "acted", "closed", "reopened")
WATCH = [TOPIC, "hmda.security.alert.raised", *(f"hmda.security.incident.{what}" for what in HAPPENED)]
SIGNED = ["hmda.accounts.officer.signed_in", "hmda.accounts.sessions.ended"]
LEGENDS = {"state": _("State"), "severity": _("Severity"), "rule": _("Rule")}
WORDS: dict[str, Any] = {
    "titles": TITLES,
    "rules": RULES,
    "kinds": KINDS,
    "states": STATES,
    "severities": SEVERITIES,
    "reasons": REASONS,
    "actions": ACTIONS,
    "outcomes": OUTCOMES,
    "whys": WHYS,
    "acts_called": CALLED,
    "tones": {"open": "bad", "progress": "wait", "closed": "", "high": "bad", "medium": "warn", "low": "wait"},
    "outcome_tones": {"done": "ok", "refused": "warn", "failed": "warn", "tampering": "bad", "read": "wait"},
    "personal": personal,
    "device": device_in_words,
    "place": place_of,
}


@bp.context_processor
def _said() -> dict[str, Any]:
    """The sentence of an alert, as this officer may read it."""
    return {"says": lambda alert: sentence(alert.rule, needed(alert.facts, g.actor))}


def _pick(endpoint: str, ask: incidents.Ask, name: str, counts: Mapping[str, int] | None = None) -> Any:
    """One row of filters."""
    chosen = getattr(ask, name)
    return LEGENDS[name], [
        (url_for(endpoint, **ask.pick(name, value)), label, counts.get(value, 0) if counts else None, value in chosen)
        for value, label in incidents.KNOWN[name].items()
    ]


def _given() -> dict[str, list[str]]:
    return request.args.to_dict(flat=False)


def _seen() -> int:
    """The version the officer read before pressing the button; without one, nothing is done."""
    return request.form.get("version", type=int) or 0


def _back(incident_id: UUID, said: Any) -> ResponseReturnValue:
    flash(str(said))
    return redirect(url_for("security.incident", incident_id=incident_id), 303)


@bp.get("/")
def index() -> ResponseReturnValue:
    """Today at a glance."""
    return page("security/index.html", now=queries.get_overview(g.actor), topics=[*WATCH, *SIGNED], **WORDS)


@bp.get("/records")
def records() -> ResponseReturnValue:
    """Sign-ins, failures, refusals, renewals, tampering and reads, each newest first."""
    found = queries.find_records(g.actor, desk._ask_of(request.args))
    picks = [(_link(found.ask.afresh(kind=kind)), label, None, kind == found.ask.kind) for kind, label in KINDS.items()]
    return page("security/records.html", found=found, ask=found.ask, picks=picks, link=_link, topics=[TOPIC], **WORDS)


def _link(args: Mapping[str, Any]) -> str:
    """The list of records with these parameters."""
    return url_for("security.records", **args)


@bp.get("/sessions")
def sessions() -> ResponseReturnValue:
    """Who is signed in at this moment, where and with what."""
    given = {name: desk._clean(request.args.get(name, "")) for name in ("who", "after", "before")}
    found = queries.find_sessions(g.actor, **given)
    return page("security/sessions.html", found=found, topics=SIGNED, **WORDS)


@bp.post("/sessions/<uuid:session_id>/end")
def end_session(session_id: UUID) -> ResponseReturnValue:
    """One session of whomever."""
    commands.end_officer_session(g.actor, session_id)
    flash(str(_("That session has ended.")))
    return redirect(url_for("security.sessions"), 303)


@bp.post("/officers/<uuid:officer_id>/end-sessions")
def end_sessions(officer_id: UUID) -> ResponseReturnValue:
    """Every session of a person."""
    ended = commands.end_officer_sessions(g.actor, officer_id)
    flash(str(_("Sessions that were ended: %(count)s.", count=ended)))
    return redirect(url_for("security.sessions"), 303)


@bp.get("/alerts")
def alerts() -> ResponseReturnValue:
    """What the rules spoke of."""
    found = queries.find_alerts(g.actor, incidents._ask_of(_given()))
    picks = [_pick("security.alerts", found.ask, name) for name in ("state", "severity", "rule")]
    return page("security/alerts.html", found=found, ask=found.ask, picks=picks, topics=WATCH, **WORDS)


@bp.get("/incidents")
def incident_list() -> ResponseReturnValue:
    """What is to be looked into, and what was."""
    found = queries.find_incidents(g.actor, incidents._ask_of(_given()))
    picks = [
        _pick("security.incident_list", found.ask, "state", found.states),
        _pick("security.incident_list", found.ask, "severity"),
    ]
    return page("security/incidents.html", found=found, ask=found.ask, picks=picks, topics=WATCH, **WORDS)


def _desk(template: str, incident_id: UUID, **more: Any) -> ResponseReturnValue:
    """A page about one incident, with all that is known."""
    dossier = queries.get_incident_dossier(g.actor, incident_id)
    about = dossier.incident
    handles = g.actor.can("security.handle") and about.officer_id != g.actor.id
    return page(template, dossier=dossier, incident=about, handles=handles, acts=dossier.acts, **WORDS, **more)


@bp.get("/incidents/<uuid:incident_id>")
def incident(incident_id: UUID) -> ResponseReturnValue:
    """One incident: why, what is suggested, what was done."""
    return _desk("security/incident.html", incident_id, form=NoteForm(), topics=[incident_id, TOPIC])


@bp.post("/incidents/<uuid:incident_id>/take")
def take(incident_id: UUID) -> ResponseReturnValue:
    """Handle it oneself."""
    commands.take_incident(g.actor, incident_id)
    return _back(incident_id, _("You handle this incident."))


@bp.route("/incidents/<uuid:incident_id>/assign", methods=["GET", "POST"])
def assign(incident_id: UUID) -> ResponseReturnValue:
    """Give it to another."""
    require(g.actor, "security.handle")
    form = OwnerForm(request.form or None)
    if request.method == "POST" and (saved := form.run(commands.assign_incident, g.actor, incident_id, seen=_seen())):
        return _back(saved.id, _("The incident was handed over."))
    return _desk("security/assign.html", incident_id, form=form)


@bp.route("/incidents/<uuid:incident_id>/notes", methods=["GET", "POST"])
def note(incident_id: UUID) -> ResponseReturnValue:
    """What was found out."""
    require(g.actor, "security.handle")
    form = NoteForm(request.form or None)
    if request.method == "POST" and (saved := form.run(commands.note_incident, g.actor, incident_id)):
        return _back(saved.incident_id, _("The note is kept."))
    return _desk("security/incident.html", incident_id, form=form, topics=[incident_id, TOPIC])


@bp.post("/incidents/<uuid:incident_id>/do/<action>")
def carry_out(incident_id: UUID, action: str) -> ResponseReturnValue:
    """End sessions, lock the account, reset the second factor."""
    form = ActForm.from_json({"action": action})
    if not form.run(commands.carry_out, g.actor, incident_id):
        abort(404)
    return _back(incident_id, _("Done: %(action)s.", action=ACTIONS[action]))


@bp.route("/incidents/<uuid:incident_id>/close", methods=["GET", "POST"])
def close(incident_id: UUID) -> ResponseReturnValue:
    """It is over, with the reason."""
    require(g.actor, "security.handle")
    form = CloseForm(request.form or None)
    if request.method == "POST" and (saved := form.run(commands.close_incident, g.actor, incident_id, seen=_seen())):
        return _back(saved.id, _("The incident is closed."))
    return _desk("security/close.html", incident_id, form=form)


@bp.route("/incidents/<uuid:incident_id>/reopen", methods=["GET", "POST"])
def reopen(incident_id: UUID) -> ResponseReturnValue:
    """It was not over."""
    require(g.actor, "security.handle")
    form = WhyForm(request.form or None)
    if request.method == "POST" and (saved := form.run(commands.reopen_incident, g.actor, incident_id, seen=_seen())):
        return _back(saved.id, _("The incident is open again."))
    return _desk("security/reopen.html", incident_id, form=form)


@bp.get("/rules")
def rules() -> ResponseReturnValue:
    """What the watch looks for, by which statistics and figures."""
    rows, _more = queries.list_figures(g.actor)
    return page("security/rules.html", rows=rows, groups=GROUPS, **WORDS)


@bp.route("/rules/<name>", methods=["GET", "POST"])
def figure(name: str) -> ResponseReturnValue:
    """One figure: what it was, and another value from a day on."""
    row = queries.get_figure(g.actor, name)
    require(g.actor, "security.write")
    form = FigureForm(request.form or None, data={"value": row.value, "starts": today()})
    form.value.flags.required = row.parameter.kind == "number"  # a list of holidays may be emptied
    if request.method == "POST" and (saved := form.run(commands.set_figure, g.actor, name)):
        flash(str(_("“%(figure)s” is set.", figure=saved.parameter.label)))
        return redirect(url_for("security.rules"), 303)
    return page("security/figure.html", row=row, groups=GROUPS, form=form)
