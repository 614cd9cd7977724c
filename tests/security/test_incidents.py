"""Incidents: owned, noted in, acted on, closed with a reason; never by whom they are about."""

import datetime as dt
import uuid
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.accounts.models import Factor
from portal.accounts.queries.officers import _as_actor
from portal.core import audit, events
from portal.core.access import Actor
from portal.core.calendar import today
from portal.core.cards import card_of
from portal.core.db import now, transaction
from portal.core.errors import Invalid, NotPermitted, NotProven, RuleBroken, Stale
from portal.security.commands import (
    assign_incident,
    carry_out,
    close_incident,
    end_officer_sessions,
    note_incident,
    reopen_incident,
    set_figure,
    take_incident,
)
from portal.security.models import Incident
from portal.security.queries import get_incident, get_incident_dossier

CLOSING = {"reason": "harmless", "words": "A new telephone."}


@pytest.fixture
def incident_of(trail, watch, incidents):
    """The open incident about an officer: incident_of(officer)."""

    def open_one(officer):
        trail(officer, [now()], "accounts.token", "tampering", why="refresh token used twice")
        watch()
        return next(one for one in incidents() if one.officer_id == officer.id and one.state != "closed")

    return open_one


@pytest.fixture
def suspect(make_officer):
    return make_officer("ee", name="S. Rao")


def test_from_open_to_closed_and_back_with_owner_notes_and_history(incident_of, suspect, chief, clerk, make_officer):
    incident = incident_of(suspect)
    take_incident(chief, incident.id, seen=incident.version)
    assert (incident.state, incident.owner_name) == ("progress", "V. Reddy")
    other = make_officer("admin", username="k.iyer", name="K. Iyer")
    assign_incident(chief, incident.id, {"owner": "k.iyer"})
    note_incident(clerk, incident.id, {"text": "Called: the telephone was lost in the bus."})
    close_incident(clerk, incident.id, {"reason": "confirmed", "words": "A lost telephone."})
    assert (incident.state, incident.closed_by_name, incident.owner_id) == ("closed", "K. Devi", other.id)
    with pytest.raises(RuleBroken, match="closed"):
        close_incident(clerk, incident.id, CLOSING)
    reopen_incident(chief, incident.id, {"why": "It was used again."})
    assert (incident.state, incident.reason) == ("progress", "")
    dossier = get_incident_dossier(chief, incident.id)
    assert [one.says for one in dossier.timeline] == [
        "Opened again: It was used again.",
        "Closed as confirmed: A lost telephone.",
        "A note was added.",
        "K. Iyer handles it.",
        "V. Reddy handles it.",
        "Alert: Forged or reused token.",
        f"{incident.number} was opened: Forged or reused token.",
    ]
    assert [one.act for one in dossier.records] == ["accounts.token"]


def test_whom_it_is_about_does_nothing_with_it(incident_of, make_officer, chief, clerk):
    account = make_officer("admin", username="k.devi2")
    incident, own = incident_of(account), _as_actor(account)
    for act in (
        lambda: take_incident(own, incident.id),
        lambda: assign_incident(own, incident.id, {"owner": "ce"}),
        lambda: note_incident(own, incident.id, {"text": "It was me."}),
        lambda: carry_out(own, incident.id, {"action": "end_sessions"}),
        lambda: close_incident(own, incident.id, CLOSING),
        lambda: reopen_incident(own, incident.id, {"why": "-"}),
    ):
        with pytest.raises(NotPermitted, match="about you"):
            act()
    with pytest.raises(RuleBroken) as refused:
        assign_incident(chief, incident.id, {"owner": "k.devi2"})
    assert refused.value.field == "owner"
    assert get_incident(own, incident.id).state == "open"


def test_who_may_not_handle_incidents_is_given_none_and_reads_none(incident_of, suspect, chief, actor):
    incident = incident_of(suspect)
    for role in ("dce", "ee", "ae", "to", "qr", "fa", "ec"):
        with pytest.raises(NotPermitted):
            take_incident(actor(role), incident.id)
        with pytest.raises(NotPermitted):
            get_incident(actor(role), incident.id)
        with pytest.raises(NotPermitted):
            set_figure(actor(role), "speed.kmh", {})
    with pytest.raises(Invalid) as refused:
        assign_incident(chief, incident.id, {"owner": suspect.username})
    assert refused.value.field == "owner"


def test_the_suggested_act_ends_every_session_and_takes_the_incident(incident_of, suspect, chief, begin):
    incident, session = incident_of(suspect), begin(suspect, "web")
    carry_out(chief, incident.id, {"action": "end_sessions"})
    assert (incident.owner_id, incident.state) == (chief.id, "progress")
    assert session.ended_why == "ended over a security incident"
    assert card_of(suspect.id).sessions == frozenset()
    noted = events.timeline(stream_id=incident.id)[0]
    assert noted.says == "Done: End all sessions."


def test_a_lock_keeps_the_officer_out_until_it_is_lifted(incident_of, suspect, chief, clerk, begin):
    begin(suspect, "web")
    incident = incident_of(suspect)
    carry_out(chief, incident.id, {"action": "lock_account"})
    assert card_of(suspect.id) is None
    assert suspect.locked_why == f"{incident.number}: unusual sign-ins or acts are looked into"
    with pytest.raises(RuleBroken, match="locked already"):
        carry_out(chief, incident.id, {"action": "lock_account"})
    assert get_incident_dossier(chief, incident.id).acts == ["end_sessions"]


def test_the_last_administrator_is_not_locked_out(incident_of, make_officer, chief):
    only = make_officer("admin", name="K. Devi")
    with pytest.raises(RuleBroken, match="only administrator"):
        carry_out(chief, incident_of(only).id, {"action": "lock_account"})
    assert only.locked_at is None


def test_a_second_factor_is_reset_by_who_manages_accounts_only_and_after_a_fresh_proof(
    incident_of, suspect, chief, clerk, session
):
    incident, reset = incident_of(suspect), {"action": "reset_second_factor"}
    with pytest.raises(RuleBroken, match="no second factor"):
        carry_out(clerk, incident.id, reset)
    assert get_incident_dossier(clerk, incident.id).acts == ["end_sessions", "lock_account"]
    with transaction():
        session.add(Factor(officer_id=suspect.id, kind="totp", name="Telephone", confirmed_at=now()))
    assert get_incident_dossier(clerk, incident.id).acts[-1] == "reset_second_factor"
    with pytest.raises(NotPermitted):
        carry_out(chief, incident.id, reset)
    with pytest.raises(NotProven):
        carry_out(replace(clerk, proven_at=None), incident.id, reset)
    assert get_incident(chief, incident.id).owner_id is None, "what was refused left nothing behind"
    carry_out(clerk, incident.id, reset)
    assert session.query(Factor).filter_by(officer_id=suspect.id).count() == 0


def test_about_a_name_nobody_has_there_is_nothing_to_lock(trail, watch, incidents, chief):
    trail("nobody", [now()] * 9, "accounts.sign_in", "failed")
    watch()
    (incident,) = incidents()
    with pytest.raises(RuleBroken, match="nothing to end"):
        carry_out(chief, incident.id, {"action": "lock_account"})
    assert (incident.called, incident.suggests) == ("nobody", "ask")


def test_a_closed_one_is_not_opened_beside_a_newer_one(incident_of, suspect, chief):
    first = incident_of(suspect)
    close_incident(chief, first.id, CLOSING)
    newer = incident_of(suspect)
    with pytest.raises(RuleBroken, match=newer.number):
        reopen_incident(chief, first.id, {"why": "It was more."})
    with pytest.raises(Stale):
        close_incident(chief, newer.id, CLOSING, seen=newer.version + 1)
    with pytest.raises(Invalid) as refused:
        close_incident(chief, newer.id, {"reason": "bored", "words": "."})
    assert refused.value.field == "reason"


def test_ending_ones_own_sessions_spares_the_one_at_hand(make_officer, begin, redis):
    own = make_officer("ce")
    here, there = begin(own, "web"), begin(own, "api")
    assert end_officer_sessions(card_of(own.id).actor(here.id.hex), own.id) == 1
    assert (here.ended_at, bool(there.ended_at)) == (None, True)


def test_every_act_on_an_incident_is_in_the_trail(incident_of, suspect, chief, session):
    incident = incident_of(suspect)
    note_incident(chief, incident.id, {"text": "Looked at."})
    record = session.query(audit.AuditRecord).filter_by(act="security.handle").one()
    assert (record.actor_id, record.subjects) == (chief.id, [str(incident.id)])
    assert "Looked at." in str(record.changes)


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("speed.kmh", {"value": "fast", "days": 0}, "value"),
        ("speed.kmh", {"value": "900", "days": -1}, "starts"),
        ("hours.opens", {"value": "23", "days": 0}, "value"),
    ],
)
def test_a_figure_no_rule_can_use_is_refused_beside_its_field(name, values, field, chief):
    given = {"value": values["value"], "starts": today() + dt.timedelta(days=values["days"]), "why": "Tried"}
    with pytest.raises(Invalid) as refused:
        set_figure(chief, name, given)
    assert refused.value.field == field


STEPS = st.lists(st.sampled_from(["assign", "close", "reopen"]), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_is_done_an_incident_is_open_or_owned_or_closed_with_a_reason(steps):
    officer, incident = Actor(uuid.uuid4(), "ce", name="V. Reddy"), Incident(about="x", officer_id=None)
    for step in steps:
        acts = {
            "assign": lambda: incident.assign(officer.id, officer.name),
            "close": lambda: incident.close(officer, "harmless", "."),
            "reopen": incident.reopen,
        }
        closed = incident.state == "closed"
        if (step == "reopen") != closed:
            with pytest.raises(RuleBroken):
                acts[step]()
        else:
            acts[step]()
        assert (incident.state == "closed") == bool(incident.closed_at) == bool(incident.reason)
        assert (incident.state == "progress") <= bool(incident.owner_id)
