"""The watch over a trail of the test's own: what is done through the portal, then looked at."""

import datetime as dt
import uuid

import pytest
from sqlalchemy import insert, select

from portal.accounts.queries.officers import _as_actor
from portal.core.access import SYSTEM
from portal.core.audit import AuditRecord
from portal.core.calendar import IST
from portal.core.db import now, transaction
from portal.security.commands import look
from portal.security.models import Incident, SecurityAlert

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)"
SAFARI = f"{IPHONE} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"


@pytest.fixture
def chief(make_officer, redis):
    """The Chief Engineer, freshly proven."""
    return _as_actor(make_officer("ce", name="V. Reddy"))


@pytest.fixture
def clerk(make_officer, redis):
    """The portal administrator, freshly proven."""
    return _as_actor(make_officer("admin", name="K. Devi"))


@pytest.fixture
def trail(session):
    """Records at moments of the past, as the trail would hold them: trail(officer, at, act, outcome, …)."""

    def write(officer, moments, act="boq_estimates.write", outcome="done", **facts):
        usual = {"use_case": "", "subjects": [], "door": "web", "address": "10.1.1.5", "device": FIREFOX}
        who = {"actor_id": getattr(officer, "id", SYSTEM.id), "actor_name": getattr(officer, "name", officer)}
        rows = [
            usual
            | who
            | {"id": uuid.uuid4(), "at": at, "act": act, "outcome": outcome, "role": getattr(officer, "role", "")}
            | {"request_id": "", "why": ""}
            | facts
            for at in moments
        ]
        with transaction():
            session.execute(insert(AuditRecord.__table__), rows)

    return write


@pytest.fixture
def watch(session, redis):
    """Look until nothing is new; returns all alerts, oldest first. The first look only counts what there was."""
    look(SYSTEM)

    def looked():
        while look(SYSTEM):
            pass
        found = select(SecurityAlert).order_by(SecurityAlert.at).execution_options(populate_existing=True)
        return session.scalars(found).all()

    return looked


@pytest.fixture
def incidents(session):
    """All incidents, oldest first."""
    found = select(Incident).order_by(Incident.opened_at).execution_options(populate_existing=True)
    return lambda: session.scalars(found).all()


def desk_day(days=0, hour=12):
    """A moment of a day of the desks, so many days ago."""
    day = now().astimezone(IST).date() - dt.timedelta(days=days)
    return dt.datetime.combine(day, dt.time(hour), IST)
