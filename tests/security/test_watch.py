"""From the trail to an alert: what each rule is fed, told once, joined to the open incident of the same."""

import datetime as dt

import pytest
from sqlalchemy import NullPool, create_engine, func, text

from jobs.security import watch as tick
from portal.core import audit
from portal.core.access import SYSTEM
from portal.core.db import now
from portal.core.errors import NotPermitted
from portal.core.origin import ORIGIN, Origin
from portal.core.whereabouts import read_places
from portal.security.commands import close_incident, look, set_figure
from portal.security.commands.watching import WATCH_LOCK
from portal.security.models import EVERYBODY, SecurityAlert, WatchCount, WatchMark
from portal.security.rules.catalogue import sentence
from tests.security.conftest import SAFARI, desk_day

SECOND, MINUTE, DAY = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(days=1)


def says(alert):
    return sentence(alert.rule, alert.facts)


def every(gap, count, first=None):
    first = first or now() - gap * count
    return [first + number * gap for number in range(count)]


def test_thirty_failures_of_an_officers_name_are_one_alert_about_the_officer(
    make_officer, trail, watch, incidents, recorded
):
    officer = make_officer("ee", username="s.rao", name="S. Rao")
    trail(" S.Rao ", every(SECOND, 30), "accounts.sign_in", "failed")
    (alert,) = watch()
    assert says(alert).startswith("30 failed sign-ins of “s.rao” in 10 minutes; usual 0.5 an hour; chance < 0.00001")
    (incident,) = incidents()
    assert (incident.officer_id, incident.called, incident.state) == (officer.id, "S. Rao", "open")
    assert incident.number == f"SI-{now().year}-001"
    assert len(alert.records) == 30
    assert recorded() == ["hmda.security.incident.opened", "hmda.security.alert.raised"]


def test_what_was_told_is_told_again_only_when_it_doubled_and_after_the_quiet_minutes(make_officer, trail, watch):
    officer = make_officer("ee")
    trail(officer, every(SECOND, 6, now() - 9 * MINUTE), "tech_sanction.decide", "refused")
    (alert,) = watch()
    assert alert.facts["count"] == 6
    trail(officer, every(SECOND, 3, now() - 8 * MINUTE), "tech_sanction.decide", "refused")
    assert [one.facts["count"] for one in watch()] == [6]
    trail(officer, every(SECOND, 5, now() - 7 * MINUTE), "tech_sanction.decide", "refused")
    (grown,) = watch()
    assert (grown.facts["count"], len(grown.records)) == (14, 14)
    assert grown.last_at > grown.at


def test_another_alert_joins_the_open_incident_and_a_closed_one_stays_closed(
    make_officer, trail, watch, incidents, chief
):
    officer = make_officer("ee")
    trail(officer, every(SECOND, 6), "tech_sanction.decide", "refused")
    watch()
    trail(officer, [now()], "accounts.token", "tampering", why="refresh token used twice")
    assert len(watch()) == 2
    (incident,) = incidents()
    assert (incident.severity, incident.suggests) == ("high", "end_sessions")  # the gravest of the two
    close_incident(chief, incident.id, {"reason": "confirmed", "words": "A lost phone."})
    trail(officer, [now()], "accounts.token", "tampering", why="header")
    assert len(watch()) == 3
    assert [one.state for one in incidents()] == ["closed", "open"]


def test_many_names_from_one_network_are_an_alert_about_the_network(trail, watch, incidents):
    for number in range(6):
        trail(f"officer{number}", [now() - number * SECOND], "accounts.sign_in", "failed", address="203.0.113.9")
    (alert,) = watch()
    assert alert.rule == "spraying"
    (incident,) = incidents()
    assert (incident.officer_id, incident.called) == (None, "network 203.0.113.0/24")
    assert incident.suggests == "ask"


def test_a_sign_in_from_a_new_network_with_a_new_device_is_told_and_an_update_is_none(make_officer, trail, watch):
    officer = make_officer("ae", name="P. Das")
    trail(officer, every(DAY, 6, now() - 7 * DAY), "accounts.sign_in")
    watch()
    newer = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"
    trail(officer, [now()], "accounts.sign_in", address="203.0.113.4", device=newer)
    assert watch() == []
    trail(officer, [now()], "accounts.sign_in", address="198.51.100.4", device=SAFARI)
    (alert,) = watch()
    assert says(alert) == (
        "Signed in from network 198.51.100.0/24 with Mobile Safari, iOS, neither seen in 7 sign-ins of 90 days."
    )


def test_two_sign_ins_too_far_apart_are_told_where_places_are_configured(app, make_officer, trail, watch, tmp_path):
    (tmp_path / "places.csv").write_text(
        "network,place,lat,lon\n10.1.0.0/16,Hyderabad,17.385,78.4867\n10.9.0.0/16,Delhi,28.6139,77.2090\n"
    )
    before, app.extensions["places"] = app.extensions["places"], read_places(tmp_path / "places.csv")
    officer = make_officer("dce")
    trail(officer, [now() - 30 * MINUTE], "accounts.sign_in")
    trail(officer, [now()], "accounts.sign_in", address="10.9.1.1")
    (alert,) = watch()
    app.extensions["places"] = before
    assert says(alert).startswith("Delhi is 1255 km from Hyderabad, where the officer signed in 30 minutes before")


def test_a_night_of_downloads_is_told(make_officer, trail, watch):
    officer, night = make_officer("ec"), desk_day(1, 23)
    trail(officer, every(DAY, 20, night - 40 * DAY), "doc_assembly.read", "read")
    trail(officer, every(10 * SECOND, 14, night), "doc_assembly.read", "read")
    (alert,) = watch()
    assert alert.rule == "downloads"
    assert "14 files in the night of" in says(alert)


def test_one_file_asked_for_page_by_page_is_one_download(make_officer, trail, watch):
    officer = make_officer("ec")
    trail(officer, every(SECOND, 40, desk_day(1, 23)), "attachments.read", "read", subjects=["a drawing"])
    assert watch() == []


def test_far_more_acts_than_usual_are_told_from_the_hourly_counts(make_officer, trail, watch):
    officer = make_officer("to")
    for days in range(1, 41):
        trail(officer, every(MINUTE, 20, desk_day(days, 11)))
    watch()
    trail(officer, every(SECOND, 400, desk_day(0, 3)))
    alerts = {one.rule: one for one in watch()}
    assert set(alerts) == {"unusual_hour", "unusual_day"}
    assert says(alerts["unusual_day"]).startswith("400 acts today; usual 20 (median of 40 days)")
    assert len(alerts["unusual_day"].records) == 200


def test_one_clock_looks_at_a_time_and_takes_all_there_is(app, make_officer, trail, session, redis):
    trail(make_officer("ee"), every(SECOND, 1200, now() - 30 * MINUTE))
    with create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool).connect() as other:
        other.execute(text(f"SELECT pg_advisory_lock({WATCH_LOCK})"))
        assert look(SYSTEM) == 0
    tick()
    assert session.query(WatchMark).one().position == session.query(func.max(audit.AuditRecord.position)).scalar()


def test_programs_whose_token_ran_out_are_no_burst_of_refusals(make_officer, trail, watch):
    trail(make_officer("ee"), every(SECOND, 20), "accounts.token", "refused", why="expired")
    assert watch() == []


def test_the_first_look_counts_what_was_and_judges_the_last_hour(make_officer, trail, session, redis):
    officer = make_officer("ee")
    trail(officer, every(SECOND, 30, desk_day(1)), "tech_sanction.decide", "refused")
    assert look(SYSTEM) == 0
    kinds = session.query(WatchCount.officer_id, WatchCount.kind, WatchCount.count).all()
    assert sorted(kinds, key=str) == sorted(
        [(who, kind, 30) for who in (officer.id, EVERYBODY) for kind in ("acts", "refused")], key=str
    )
    assert look(SYSTEM) == 0
    session.query(WatchMark).delete()
    session.query(WatchCount).delete()
    trail(officer, every(SECOND, 7), "tech_sanction.decide", "refused")
    assert look(SYSTEM) == 7
    assert session.query(SecurityAlert).one().facts["count"] == 7
    counted = session.query(WatchCount.count).filter_by(officer_id=EVERYBODY, kind="refused")
    assert sorted(counted.all()) == [(7,), (30,)]


def test_looking_leaves_no_record_unless_an_alert_is_raised(make_officer, trail, watch, session):
    trail(make_officer("ee"), every(SECOND, 3))
    before = session.query(audit.AuditRecord).count()
    watch()
    assert session.query(audit.AuditRecord).count() == before
    trail(SYSTEM, [now()], "accounts.token", "tampering", why="signature", address="203.0.113.9")
    (alert,) = watch()
    assert alert.called == "The portal"
    noted = session.query(audit.AuditRecord).filter_by(act="security.watch").one()
    assert noted.use_case.endswith("raise_alerts")


def test_a_figure_holds_from_its_day_for_the_rules_and_only_the_clock_may_watch(make_officer, trail, watch, chief):
    set_figure(chief, "refusals.least", {"value": "20", "starts": desk_day().date(), "why": "Too many by far"})
    trail(make_officer("ee"), every(SECOND, 15), "tech_sanction.decide", "refused")
    assert watch() == []
    with pytest.raises(NotPermitted):
        look(chief)


def test_a_forged_token_at_the_door_is_an_alert(app, session, watch, incidents):
    ORIGIN.set(Origin())
    app.test_client().get("/api/v1/projects", headers={"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."})
    (alert,) = watch()
    assert (alert.rule, incidents()[0].called) == ("tampering", "network 127.0.0.0/24")
    assert says(alert).startswith("A token was forged or used again, from 127.0.0.1:")
