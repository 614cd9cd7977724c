"""What is done under an instrument says so everywhere: in the trail, in the timeline, in the count of the register."""

import datetime as dt

import pytest
from sqlalchemy import select

from portal.core.access import About, Actor
from portal.core.audit import AuditRecord
from portal.core.cards import card_of
from portal.core.db import now
from portal.core.errors import NotPermitted
from portal.core.events import StoredEvent, record
from portal.core.usecases import ABOUT, DOORS, command
from portal.delegations import commands, queries
from tests.core.facts import Renamed
from tests.delegations.conftest import CRORE

NAME = "portal.tech_sanction.commands.sanction"


@pytest.fixture
def sanction(session):
    """A decision on a case of some crores in a circle, behind the door of technical sanction."""

    def act(actor: Actor, project, amount):
        project.name = "Sanctioned"
        record(Renamed(name=project.name), project, actor)

    def about(_actor, project, amount):
        return About(project=project.id, circle=project.circle, amount=amount)

    act.__module__, act.__qualname__ = NAME.rpartition(".")[::2]
    yield command("decide", about=about)(act)
    DOORS.pop(NAME)
    ABOUT.pop(NAME)


@pytest.fixture
def acting(deputy):
    """The deputy as a request would find them now."""
    return lambda: card_of(deputy.id).actor(proven_at=now())


def last_record(session):
    newest = select(AuditRecord).where(AuditRecord.act == "tech_sanction.decide").order_by(AuditRecord.position.desc())
    return session.scalars(newest.limit(1)).one()


def test_the_trail_and_the_timeline_say_for_whom_and_by_which_number(
    sanction, acting, issued, deputy, make_project, session, signed_in
):
    instrument, project = issued(deputy), make_project(circle="II")
    sanction(acting(), project, CRORE)
    kept = last_record(session)
    assert (kept.instrument, kept.actor_id, kept.role) == (instrument.instrument_no, deputy.id, "dce")
    said = session.scalars(select(StoredEvent).where(StoredEvent.topic == Renamed.topic)).one()
    words = f"for Chief Engineer, instrument {instrument.instrument_no}"
    assert said.actor_name == f"M. Fatima, {words}"
    chief = signed_in("ce")
    assert words in chief.get(f"/audit-trail/?instrument={instrument.instrument_no}").text
    assert words in chief.get(f"/audit-trail/{kept.id}").text
    of_the_instrument = chief.get(f"/audit-trail/?record={instrument.instrument_no.lower()}").text
    assert "delegations.issue" in of_the_instrument
    assert "tech_sanction.decide</td>" not in of_the_instrument
    page = chief.get(f"/delegations/{instrument.id}").text
    assert "1 act" in page
    assert f'href="/audit-trail/?instrument={instrument.instrument_no}"' in page
    assert "audit-trail/?instrument" not in signed_in("qr").get(f"/delegations/{instrument.id}").text


def test_the_right_one_of_two_instruments_is_named(sanction, acting, issued, deputy, make_project, session):
    issued(deputy)
    higher = issued(deputy, floor_rs=2 * CRORE, ceiling_rs=9 * CRORE)
    sanction(acting(), make_project(circle="II"), 8 * CRORE)
    assert last_record(session).instrument == higher.instrument_no


@pytest.mark.parametrize(("circle", "amount"), [("III", CRORE), ("II", 2 * CRORE + 1)])
def test_outside_its_bounds_nothing_is_decided(sanction, acting, issued, deputy, make_project, circle, amount):
    issued(deputy)
    with pytest.raises(NotPermitted):
        sanction(acting(), make_project(circle=circle), amount)


def test_the_chief_engineer_decides_as_before_and_under_no_instrument(
    sanction, chief, issued, deputy, make_project, session
):
    issued(deputy)
    sanction(chief, make_project(circle="II"), CRORE)
    assert last_record(session).instrument == ""


def test_a_revoked_one_stops_the_next_act_and_what_was_done_stands(
    sanction, acting, issued, deputy, make_project, session, chief
):
    instrument, project = issued(deputy), make_project(circle="II")
    sanction(acting(), project, CRORE)
    commands.revoke_instrument(chief, instrument.id, {"why": "Back from leave"})
    with pytest.raises(NotPermitted):
        sanction(acting(), project, CRORE)
    session.refresh(instrument)
    assert queries.get_instrument(chief, instrument.id).used_count == 1
    assert last_record(session).instrument == instrument.instrument_no


def test_to_look_after_is_not_to_decide(sanction, acting, issued, deputy, make_project):
    issued(deputy, charge="look_after")
    with pytest.raises(NotPermitted):
        sanction(acting(), make_project(circle="II"), CRORE)


def test_an_instrument_on_the_card_is_dropped_with_it_at_midnight(issued, deputy, redis):
    issued(deputy)
    assert [one.number for one in card_of(deputy.id).instruments]
    left = redis.ttl(f"card:{deputy.id}")
    ist = dt.datetime.now(dt.timezone(dt.timedelta(hours=5, minutes=30)))
    midnight = dt.datetime.combine(ist.date() + dt.timedelta(days=1), dt.time(), ist.tzinfo)
    assert 0 < left <= min(3600, (midnight - ist).total_seconds() + 1)
