"""Two Chief Engineers, or two tabs, at the same moment: one number each, never the same power twice, no lost text."""

import threading

import pytest
from sqlalchemy import select, text

from portal.accounts.models import Officer
from portal.accounts.queries.officers import _as_actor
from portal.core.db import db, transaction
from portal.core.errors import RuleBroken, Stale
from portal.delegations import commands
from portal.delegations.models import DelegationInstrument
from tests.delegations.conftest import CRORE, terms

LEFT = ("event", "outbox", "audit_record", "audit_day", "delegation_instrument", "officer")


@pytest.fixture
def office(app, redis):
    """A Chief Engineer and four deputies in rows every connection sees; all is taken away afterwards."""
    with app.app_context():
        chief = Officer(username="chief", name="V. Reddy", role="ce", password_hash="x")
        deputies = [Officer(username=f"deputy-{n}", name=f"Deputy {n}", role="dce") for n in range(4)]
        with transaction():
            db.session.add_all([chief, *deputies])
        yield _as_actor(chief), deputies
        db.session.rollback()
        with db.engine.begin() as line:
            line.execute(text("SET LOCAL session_replication_role = replica"))
            for table in LEFT:
                line.execute(text(f"DELETE FROM {table}"))
        db.session.remove()


def at_once(app, *acts):
    """Do all of them at one moment, each on its own connection; what each answered or was refused with."""
    start, said = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place, act):
        with app.app_context():
            start.wait()
            try:
                said[place] = act()
            except (RuleBroken, Stale) as refused:
                said[place] = refused
            db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def number_of(chief, draft_id):
    return lambda: commands.issue_instrument(chief, draft_id).instrument_no


def test_of_drafts_that_lend_the_same_power_exactly_one_is_issued(app, office):
    chief, deputies = office
    ids = [commands.prepare_instrument(chief, terms(one)).id for one in deputies]
    said = at_once(app, *(number_of(chief, one) for one in ids))
    assert sum(isinstance(one, str) for one in said) == 1
    assert sum(isinstance(one, RuleBroken) for one in said) == 3
    states = db.session.scalars(select(DelegationInstrument.state)).all()
    assert sorted(states) == ["active", "draft", "draft", "draft"]


def test_of_many_issued_at_once_each_gets_a_number_of_its_own_without_a_gap(app, office):
    chief, deputies = office
    ids = [commands.prepare_instrument(chief, terms(one, circles=[one.username])).id for one in deputies]
    said = at_once(app, *(number_of(chief, one) for one in ids))
    assert sorted(one[-3:] for one in said) == ["001", "002", "003", "004"]


def test_two_tabs_issue_one_draft_once(app, office):
    chief, deputies = office
    draft = commands.prepare_instrument(chief, terms(deputies[0]))
    said = at_once(app, number_of(chief, draft.id), number_of(chief, draft.id))
    assert sorted(type(one) for one in said if not isinstance(one, str)) == [RuleBroken]
    assert sum(isinstance(one, str) for one in said) == 1


def test_who_changes_a_draft_while_it_is_issued_is_told_or_comes_first(app, office):
    chief, deputies = office
    draft = commands.prepare_instrument(chief, terms(deputies[0]))
    key, seen = draft.id, draft.version
    said = at_once(
        app,
        lambda: commands.issue_instrument(chief, key, seen=seen).ceiling_rs,
        lambda: commands.edit_instrument(chief, key, terms(deputies[0], ceiling_rs=9 * CRORE), seen=seen).ceiling_rs,
    )
    issued, edited = said
    assert isinstance(issued, Stale) != isinstance(edited, Stale), "one of them has read what no longer stands"
    db.session.expire_all()
    kept = db.session.scalars(select(DelegationInstrument)).one()
    assert (kept.state, kept.ceiling_rs) in (("active", 2 * CRORE), ("draft", 9 * CRORE))


def test_two_edits_of_one_version_keep_the_first(app, office):
    chief, deputies = office
    draft = commands.prepare_instrument(chief, terms(deputies[0]))
    key, seen = draft.id, draft.version

    def change(ceiling):
        values = terms(deputies[0], ceiling_rs=ceiling)
        return lambda: commands.edit_instrument(chief, key, values, seen=seen).ceiling_rs

    said = at_once(app, change(3 * CRORE), change(4 * CRORE))
    (won,) = [one for one in said if not isinstance(one, Stale)]
    db.session.expire_all()
    assert db.session.scalars(select(DelegationInstrument.ceiling_rs)).one() == won
