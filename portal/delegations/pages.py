"""The register of instruments as pages: found, prepared, issued, declared, reviewed, revoked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.core.access import ROLES, require
from portal.core.html import page
from portal.core.i18n import _
from portal.delegations import commands, queries
from portal.delegations.forms import InstrumentForm, ReviewForm, WhyForm
from portal.delegations.queries import _ask_of, _clash_in_words
from portal.delegations.rules import CHARGES, CLASSES, STATES, TYPES, band_in_words

bp = Blueprint("delegations", __name__, url_prefix="/delegations")
TONES = {"draft": "wait", "active": "ok", "standby": "wait", "expired": "", "revoked": "bad"}
HAPPENED = ("prepared", "changed", "discarded", "issued", "declared", "reviewed", "revoked", "lapsed")
TOPICS = [
    *(f"hmda.delegations.instrument.{what}" for what in HAPPENED),
    *(f"hmda.sanction.technical.delegation_{what}" for what in ("started", "ended")),
]
WORDS: dict[str, Any] = {
    "titles": ROLES,
    "types": TYPES,
    "charges": CHARGES,
    "classes": CLASSES,
    "states": STATES,
    "tones": TONES,
    "in_words": band_in_words,
    "clash": _clash_in_words,
}


@bp.get("/")
def index() -> ResponseReturnValue:
    """What is lent, to whom, until when."""
    found = queries.find_instruments(g.actor, _ask_of(request.args.to_dict(flat=False)))
    options = [
        (_link(found.ask.pick(state)), label, found.states.get(state, 0), state in found.ask.state)
        for state, label in STATES.items()
        if found.states.get(state) or state in found.ask.state
    ]
    return page(
        "delegations/index.html", found=found, ask=found.ask, link=_link, options=options, topics=TOPICS, **WORDS
    )


def _link(args: Mapping[str, Any]) -> str:
    """The register with these parameters."""
    return url_for("delegations.index", **args)


def _back(instrument_id: UUID, said: Any = "") -> ResponseReturnValue:
    if said:
        flash(str(said))
    return redirect(url_for("delegations.show", instrument_id=instrument_id), 303)


def _desk(template: str, instrument_id: UUID, **more: Any) -> ResponseReturnValue:
    """A page about one instrument, with all that is known of it."""
    dossier = queries.get_dossier(g.actor, instrument_id)
    return page(template, dossier=dossier, instrument=dossier.instrument, today=dossier.today, **WORDS, **more)


def _seen() -> int:
    """The version the officer read before pressing the button; without one, nothing is done."""
    return request.form.get("version", type=int) or 0


@bp.get("/<uuid:instrument_id>")
def show(instrument_id: UUID) -> ResponseReturnValue:
    """One instrument: what it lends, and what happened to it."""
    return _desk("delegations/show.html", instrument_id, topics=[instrument_id])


@bp.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Prepare an instrument; it lends nothing before it is issued."""
    require(g.actor, "delegations.write")
    form = InstrumentForm(request.form or None)
    if request.method == "POST" and (made := form.run(commands.prepare_instrument, g.actor)):
        return _back(made.id, _("The draft is saved. It lends nothing until the Chief Engineer issues it."))
    return page("delegations/new.html", form=form)


@bp.route("/<uuid:instrument_id>/edit", methods=["GET", "POST"])
def edit(instrument_id: UUID) -> ResponseReturnValue:
    """Change a draft; a save over a newer copy shows what differs."""
    draft = queries.get_instrument(g.actor, instrument_id)
    require(g.actor, "delegations.write")
    draft.refuse_unless_draft()
    form = InstrumentForm(request.form or None, obj=draft)
    if request.method == "POST" and (
        saved := form.save(commands.edit_instrument, g.actor, instrument_id, seen=_seen())
    ):
        return _back(saved.id, _("The draft is saved."))
    if form.seen and not form.conflict:
        return _back(instrument_id)
    seen = form.seen or _seen() or draft.version
    return page("delegations/edit.html", instrument=draft, form=form, seen=seen)


@bp.post("/<uuid:instrument_id>/discard")
def discard(instrument_id: UUID) -> ResponseReturnValue:
    """Throw a draft away."""
    commands.discard_instrument(g.actor, instrument_id)
    flash(str(_("The draft is discarded.")))
    return redirect(url_for("delegations.index"), 303)


@bp.route("/<uuid:instrument_id>/issue", methods=["GET", "POST"])
def issue(instrument_id: UUID) -> ResponseReturnValue:
    """Put a draft in force: first what follows from it, then the act."""
    require(g.actor, "delegations.issue")
    if request.method == "POST":
        issued = commands.issue_instrument(g.actor, instrument_id, seen=_seen())
        return _back(instrument_id, _("The instrument is issued as %(number)s.", number=issued.instrument_no))
    return _desk("delegations/issue.html", instrument_id)


@bp.route("/<uuid:instrument_id>/declare", methods=["GET", "POST"])
def declare(instrument_id: UUID) -> ResponseReturnValue:
    """The event has come: an instrument on standby takes effect."""
    require(g.actor, "delegations.issue")
    form = WhyForm(request.form or None)
    if request.method == "POST" and (saved := form.run(commands.declare_event, g.actor, instrument_id, seen=_seen())):
        return _back(saved.id, _("The event is declared, and the instrument takes effect."))
    return _desk("delegations/declare.html", instrument_id, form=form)


@bp.route("/<uuid:instrument_id>/review", methods=["GET", "POST"])
def review(instrument_id: UUID) -> ResponseReturnValue:
    """Let an instrument go on until its next review."""
    require(g.actor, "delegations.issue")
    form = ReviewForm(request.form or None)
    if request.method == "POST" and (
        saved := form.run(commands.review_instrument, g.actor, instrument_id, seen=_seen())
    ):
        return _back(saved.id, _("The review is recorded; the instrument goes on."))
    return _desk("delegations/review.html", instrument_id, form=form)


@bp.route("/<uuid:instrument_id>/revoke", methods=["GET", "POST"])
def revoke(instrument_id: UUID) -> ResponseReturnValue:
    """Take an instrument back, with the reason."""
    require(g.actor, "delegations.issue")
    form = WhyForm(request.form or None)
    if request.method == "POST" and (
        saved := form.run(commands.revoke_instrument, g.actor, instrument_id, seen=_seen())
    ):
        return _back(saved.id, _("The instrument is revoked: nothing new is done under it."))
    return _desk("delegations/revoke.html", instrument_id, form=form)
