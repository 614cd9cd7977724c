"""The register: who prepares, who issues, what is refused, and what a delegate may from that moment on."""

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select

from portal.accounts.queries.officers import _as_actor
from portal.core.access import ROLES, SYSTEM, About, decide
from portal.core.audit import AuditRecord
from portal.core.calendar import today
from portal.core.cards import card_of
from portal.core.db import now, transaction
from portal.core.errors import Invalid, NotFound, NotPermitted, NotProven, RuleBroken, Stale
from portal.core.events import StoredEvent
from portal.delegations import commands, queries
from portal.delegations.models import DelegationInstrument
from tests.delegations.conftest import CRORE, terms

DECIDE = "tech_sanction.decide"
WHY = {"why": "The Chief Engineer is back from leave"}
CASE = About(amount=CRORE, circle="II")
DAY = dt.timedelta(days=1)
STARTED, ENDED = (f"hmda.sanction.technical.delegation_{what}" for what in ("started", "ended"))


def may_decide(officer, case=CASE):
    return decide(card_of(officer.id).actor(), DECIDE, case).allowed


def test_a_draft_lends_nothing_and_an_issued_one_at_once(deputy, prepared, chief, recorded):
    draft = prepared(deputy)
    assert not may_decide(deputy)
    issued = commands.issue_instrument(chief, draft.id, seen=draft.version)
    assert (issued.instrument_no, issued.state) == (f"DI-{today().year}-001", "active")
    assert (issued.from_officer_name, issued.to_officer_name) == ("V. Reddy", "M. Fatima")
    assert may_decide(deputy), "the card was dropped with the commit"
    assert recorded()[-3:] == [
        "hmda.delegations.instrument.prepared",
        "hmda.delegations.instrument.issued",
        STARTED,
    ]


def test_the_register_has_no_gaps(deputy, issued, prepared, chief):
    assert issued(deputy).instrument_no.endswith("-001")
    prepared(deputy)
    with pytest.raises(RuleBroken):
        commands.issue_instrument(chief, issued(deputy).id)
    assert issued(deputy).instrument_no.endswith("-003")


def test_revoking_stops_new_acts_at_once_and_only_those(deputy, issued, chief, recorded):
    instrument = issued(deputy)
    assert may_decide(deputy)
    commands.revoke_instrument(chief, instrument.id, WHY, seen=instrument.version)
    assert not may_decide(deputy)
    assert (instrument.state, instrument.revoked_why) == ("revoked", WHY["why"])
    assert recorded()[-2:] == ["hmda.delegations.instrument.revoked", ENDED]
    with pytest.raises(RuleBroken, match="ended already"):
        commands.revoke_instrument(chief, instrument.id, WHY)


def test_what_begins_later_lends_nothing_yet_and_was_never_in_force_when_revoked(deputy, issued, chief, recorded):
    instrument = issued(deputy, starts_on=today() + DAY, ends_on=today() + 3 * DAY)
    assert instrument.state == "active"
    assert not may_decide(deputy)
    commands.revoke_instrument(chief, instrument.id, WHY)
    assert {STARTED, ENDED} & set(recorded()) == set()


# the calendar


@pytest.fixture
def on_day(monkeypatch):
    """Let it be another day in every place that asks."""

    def turn(day):
        for module in ("delegations.queries", "delegations.commands", "delegations.forms", "core.access"):
            monkeypatch.setattr(f"portal.{module}.today", lambda: day)

    return turn


def test_the_clock_tells_the_first_day_and_marks_the_end(deputy, issued, recorded, on_day, session):
    instrument = issued(deputy, starts_on=today() + DAY, ends_on=today() + 2 * DAY)
    assert queries.count_due(SYSTEM) == 0
    first, last = instrument.starts_on, instrument.ends_on
    on_day(first)
    assert queries.count_due(SYSTEM) == 1
    assert commands.turn_over(SYSTEM, first) == 1
    assert (recorded()[-1], instrument.state, instrument.began_on) == (STARTED, "active", first)
    assert commands.turn_over(SYSTEM, last) == 0, "the last day counts"
    assert [one.number for one in queries._in_force(deputy.id)] == [instrument.instrument_no]
    on_day(last + DAY)
    assert queries._in_force(deputy.id) == [], "rights do not wait for the clock"
    assert commands.turn_over(SYSTEM, last + DAY) == 1
    assert (recorded()[-1], instrument.state) == (ENDED, "expired")
    assert commands.turn_over(SYSTEM, last + DAY) == 0
    said = session.scalars(select(StoredEvent).where(StoredEvent.topic == ENDED)).one()
    assert said.payload["ended_on"] == f"{last:%d-%m-%Y}"
    assert said.payload["state"] == "expired"


def test_what_ran_out_while_the_clock_stood_is_told_in_full(deputy, issued, recorded, on_day):
    instrument = issued(deputy, starts_on=today() + DAY, ends_on=today() + 2 * DAY)
    on_day(today() + 9 * DAY)
    assert commands.turn_over(SYSTEM, instrument.ends_on + 7 * DAY) == 1
    assert recorded()[-2:] == [STARTED, ENDED]


def test_only_the_portal_turns_the_clock(chief):
    with pytest.raises(NotPermitted):
        commands.turn_over(chief, today())


def test_the_tick_looks_once_a_minute(deputy, issued, monkeypatch):
    from jobs import delegations as job

    instrument = issued(deputy)
    with transaction():
        instrument.began_on = None
    monkeypatch.setattr(job, "_looked", float("-inf"))
    job.turn_over_instruments()
    assert instrument.began_on == today()
    with transaction():
        instrument.began_on = None
    job.turn_over_instruments()
    assert instrument.began_on is None


# conditional and standing ones


def test_a_conditional_one_waits_until_the_event_is_declared(deputy, issued, chief, recorded):
    event = {"condition": "The Chief Engineer is called to election duty"}
    instrument = issued(deputy, type="conditional", **event)
    assert instrument.state == "standby"
    assert not may_decide(deputy)
    commands.declare_event(chief, instrument.id, {"why": "Order of 26-11-2026"}, seen=instrument.version)
    assert may_decide(deputy)
    assert (instrument.state, instrument.begins) == ("active", today())
    assert recorded()[-2:] == ["hmda.delegations.instrument.declared", STARTED]
    with pytest.raises(RuleBroken, match="standby"):
        commands.declare_event(chief, instrument.id, {"why": "Once more"})


def test_what_runs_out_on_standby_never_took_effect(deputy, issued, chief, recorded, on_day):
    instrument = issued(deputy, type="conditional", condition="Election duty of the Chief Engineer")
    on_day(instrument.ends_on + DAY)
    with pytest.raises(RuleBroken, match="last day is over"):
        commands.declare_event(chief, instrument.id, {"why": "Too late"})
    assert commands.turn_over(SYSTEM, instrument.ends_on + DAY) == 1
    assert (instrument.state, recorded()[-1]) == ("expired", "hmda.delegations.instrument.lapsed")
    assert STARTED not in recorded()


def test_a_standing_one_is_reviewed_within_a_year_of_the_last_time(deputy, issued, chief, on_day):
    instrument = issued(deputy, type="standing", ends_on=None, review_on=today() + 30 * DAY)
    later = today() + 31 * DAY
    on_day(later)
    assert instrument.review_due(later)
    assert queries.find_instruments(chief, queries.Ask()).to_review == 1
    for wrong in (later, later + 400 * DAY):
        with pytest.raises(Invalid, match="day of review"):
            commands.review_instrument(chief, instrument.id, {"review_on": wrong})
    commands.review_instrument(chief, instrument.id, {"review_on": later + 300 * DAY})
    assert (instrument.reviewed_on, instrument.review_due(later)) == (later, False)


# who


@pytest.mark.parametrize("role", ROLES)
def test_the_chief_engineer_or_the_administrator_prepares_and_only_the_chief_engineer_issues(
    role, make_officer, deputy, prepared, issued
):
    who, draft = _as_actor(make_officer(role)), prepared(deputy, circles=["IX"])
    live = issued(deputy)

    def refused(act, *args):
        try:
            act(who, *args)
        except NotPermitted:
            return True
        return False

    assert refused(commands.prepare_instrument, terms(deputy)) is (role not in ("ce", "admin"))
    assert refused(commands.edit_instrument, draft.id, terms(deputy, circles=["IX"])) is (role not in ("ce", "admin"))
    assert refused(commands.issue_instrument, draft.id) is (role != "ce")
    assert refused(commands.review_instrument, live.id, {"review_on": today() + DAY}) is (role != "ce")
    assert refused(commands.revoke_instrument, live.id, WHY) is (role != "ce")
    assert refused(commands.discard_instrument, prepared(deputy).id) is (role not in ("ce", "admin"))


@pytest.mark.parametrize("charge", ["scoped", "full_additional_charge"])
def test_what_is_lent_is_not_lent_on(charge, deputy, issued, prepared, make_officer):
    issued(deputy, charge=charge, outside_approval_ref="G.O.Rt.No. 12 of 01-11-2026")
    acting = card_of(deputy.id).actor(proven_at=now())
    draft = prepared(make_officer("ee"), circles=["V"])
    with pytest.raises(NotPermitted):
        commands.issue_instrument(acting, draft.id)
    with pytest.raises(NotPermitted):
        commands.prepare_instrument(acting, terms(make_officer("ee")))


def test_issuing_and_revoking_ask_for_a_fresh_proof_and_preparing_does_not(deputy, chief, prepared, issued):
    stale = replace(chief, proven_at=now() - dt.timedelta(minutes=6))
    draft = commands.prepare_instrument(stale, terms(deputy))
    live = issued(deputy)
    for act in (
        lambda: commands.issue_instrument(stale, draft.id),
        lambda: commands.revoke_instrument(stale, live.id, WHY),
        lambda: commands.declare_event(stale, live.id, WHY),
        lambda: commands.review_instrument(stale, live.id, {"review_on": today() + DAY}),
    ):
        with pytest.raises(NotProven):
            act()
    assert (draft.state, live.state) == ("draft", "active")


@pytest.mark.parametrize("role", ["ce", "ae", "to", "qr", "fa", "ec", "admin"])
def test_nobody_but_a_deputy_or_an_executive_engineer_receives_one(role, make_officer, chief):
    with pytest.raises(Invalid, match="no officer of this user name"):
        commands.prepare_instrument(chief, terms(make_officer(role)))


def test_an_account_that_was_closed_or_changed_meanwhile_is_given_nothing(deputy, prepared, chief):
    draft = prepared(deputy)
    with transaction():
        deputy.active = False
    with pytest.raises(RuleBroken, match="cannot be lent anything now"):
        commands.issue_instrument(chief, draft.id)
    with transaction():
        deputy.active, deputy.role = True, "ae"
    with pytest.raises(RuleBroken, match="cannot be lent anything now"):
        commands.issue_instrument(chief, draft.id)
    with transaction():
        deputy.role = "ee"
    assert commands.issue_instrument(chief, draft.id).state == "active"


def test_drafts_are_seen_by_those_who_prepare_them(deputy, prepared, issued, make_officer):
    draft, live = prepared(deputy), issued(deputy)
    for role in ("dce", "ee", "qr", "fa"):
        reader = _as_actor(make_officer(role))
        with pytest.raises(NotFound):
            queries.get_instrument(reader, draft.id)
        assert queries.get_instrument(reader, live.id) is live
        assert [row.id for row in queries.list_instruments(reader)[0]] == [live.id]
    assert len(queries.list_instruments(_as_actor(make_officer("admin")))[0]) == 2


# drafts


def test_only_a_draft_is_changed_or_thrown_away(deputy, prepared, issued, chief, session, recorded):
    draft, live = prepared(deputy), issued(deputy)
    commands.edit_instrument(chief, draft.id, terms(deputy, ceiling_rs=3 * CRORE), seen=draft.version)
    assert (draft.ceiling_rs, recorded()[-1]) == (3 * CRORE, "hmda.delegations.instrument.changed")
    for act in (
        lambda: commands.edit_instrument(chief, live.id, terms(deputy)),
        lambda: commands.discard_instrument(chief, live.id),
    ):
        with pytest.raises(RuleBroken, match="issued and is changed no more"):
            act()
    commands.discard_instrument(chief, draft.id)
    assert session.scalars(select(DelegationInstrument)).all() == [live]
    last = session.scalars(select(AuditRecord).order_by(AuditRecord.position.desc()).limit(1)).one()
    (row,) = last.changes["rows"]
    assert (row["how"], row["columns"]["to_officer_name"]) == ("removed", ["M. Fatima", None])


def test_a_draft_goes_to_another_officer_whose_ceiling_then_counts(deputy, prepared, chief, make_officer):
    draft, engineer = prepared(deputy, ceiling_rs=5 * CRORE), make_officer("ee", name="S. Rao")
    with pytest.raises(Invalid, match=r"at most ₹2\.00 Cr"):
        commands.edit_instrument(chief, draft.id, terms(engineer, ceiling_rs=5 * CRORE))
    commands.edit_instrument(chief, draft.id, terms(engineer))
    assert (draft.to_officer, draft.to_officer_name) == (engineer.username, "S. Rao")


def test_a_draft_that_lay_too_long_is_looked_at_again(deputy, prepared, chief, on_day):
    draft = prepared(deputy)
    on_day(today() + DAY)
    with pytest.raises(Invalid, match="works backwards"):
        commands.issue_instrument(chief, draft.id)


def test_who_issues_has_read_what_is_issued(deputy, prepared, chief):
    draft = prepared(deputy)
    seen = draft.version
    commands.edit_instrument(chief, draft.id, terms(deputy, ceiling_rs=9 * CRORE), seen=seen)
    with pytest.raises(Stale):
        commands.issue_instrument(chief, draft.id, seen=seen)
    assert draft.state == "draft"


# overlap


def test_two_officers_are_never_lent_the_same_power(deputy, issued, make_officer, chief, prepared):
    first, other = issued(deputy), make_officer("dce", name="K. Nair")
    with pytest.raises(RuleBroken, match=f"{first.instrument_no} lends .* in circle II to M. Fatima"):
        issued(other, circles=["I", "II"], floor_rs=2 * CRORE, ceiling_rs=4 * CRORE)
    assert issued(other, floor_rs=2 * CRORE + 1, ceiling_rs=4 * CRORE).state == "active", "one band above the other"
    assert issued(other, circles=["III"]).state == "active"
    late = first.ends_on + DAY
    assert issued(other, starts_on=late, ends_on=late + DAY).state == "active"
    assert issued(deputy).state == "active", "the same officer may have several"
    third = prepared(make_officer("ee"))
    assert [one.instrument_no for one, _circles in queries.get_dossier(chief, third.id).clashes] == [
        first.instrument_no,
        f"DI-{today().year}-005",
    ]


def test_one_on_standby_is_in_nobodys_way_until_it_is_declared(deputy, issued, make_officer, chief):
    waiting = issued(deputy, type="conditional", condition="Election duty of the Chief Engineer")
    standing = issued(make_officer("dce"))
    with pytest.raises(RuleBroken, match=standing.instrument_no):
        commands.declare_event(chief, waiting.id, WHY)
    assert waiting.state == "standby"
    commands.revoke_instrument(chief, standing.id, WHY)
    assert commands.declare_event(chief, waiting.id, WHY).state == "active"
