"""Percentages, lump sums and particulars that officers set."""

from decimal import Decimal
from uuid import uuid4

import pytest

from portal.boq_estimates import commands, queries
from portal.boq_estimates.models import RecapHead
from portal.core.db import db, transaction
from portal.core.errors import Invalid, NotPermitted, RuleBroken, Stale
from tests.boq_estimates.conftest import read_in

REASON = "As decided in the review of March"


@pytest.fixture
def line(imported, actor):
    """A line of the current recapitulation by its head."""
    project, _batch = imported

    def find(code):
        recap = queries.get_current_estimate(actor("ee"), project.id).recap
        return next(line for line in recap if line.head_code == code)

    return find


@pytest.fixture
def version(imported, actor):
    return queries.get_current_estimate(actor("ee"), imported[0].id).version


def test_a_percentage_is_changed_with_a_reason_and_all_follows(line, version, actor, recorded):
    assert (line("contingencies").amount, version.say_amount) == (136843, 3510000)
    changed = commands.set_head(actor("fa"), line("contingencies").id, {"pct": Decimal(3), "reason": REASON})
    assert (changed.amount, changed.pct_used, version.say_amount) == (82106, 3, 3456000)
    assert sum(row.amount for row in queries.get_content(actor("fa"), version.id).recap) == version.say_amount
    assert recorded()[-2:] == ["hmda.boq.estimate.calculated", "hmda.boq.recapitulation.changed"]
    back = commands.set_head(actor("fa"), changed.id, {"pct": None, "reason": ""})
    assert (back.amount, back.reason, back.chosen_pct) == (136843, "", None)


def test_a_change_needs_a_reason_and_stays_within_the_range(line, actor):
    contingencies = line("contingencies").id
    for values, field in [
        ({"pct": Decimal(4), "reason": "no"}, "reason"),
        ({"pct": Decimal("10.01"), "reason": REASON}, "pct"),
        ({"pct": Decimal(-1), "reason": REASON}, "pct"),
    ]:
        with pytest.raises(Invalid) as caught:
            commands.set_head(actor("ee"), contingencies, values)
        assert caught.value.field == field
    assert commands.set_head(actor("ee"), contingencies, {"pct": Decimal(5), "reason": ""}).chosen_pct is None


def test_statutory_heads_are_nobodys_to_set(line, actor):
    with pytest.raises(NotPermitted):
        commands.set_head(actor("ce"), line("gst").id, {"pct": Decimal(12), "reason": REASON})
    with pytest.raises(NotPermitted):
        commands.set_head(actor("ae"), line("contingencies").id, {"pct": Decimal(4), "reason": REASON})


def test_a_large_lump_sum_rests_on_a_document_of_the_project(line, imported, actor, monkeypatch):
    from portal.attachments.models import Attachment

    shifting = line("utility_shifting").id
    small = commands.set_head(actor("ee"), shifting, {"amount": Decimal(100000), "reason": REASON})
    assert (small.amount, small.document_id) == (100000, None)
    for document in (None, uuid4()):
        values = {"amount": Decimal(205000), "reason": REASON, "document_id": document}
        with pytest.raises(Invalid) as caught:
            commands.set_head(actor("ee"), shifting, values)
        assert caught.value.field == "document_id"
    note = Attachment(
        project_id=imported[0].id,
        title="Demand note",
        kind="other",
        filename="note.pdf",
        mimetype="application/pdf",
        sha256="0" * 64,
        bytes=1,
        pages=1,
        page_sizes=[[210, 297]],
        status="attached",
    )
    with transaction():
        db.session.add(note)
    assert commands.set_head(actor("ee"), shifting, {**values, "document_id": note.id}).amount == 205000
    with pytest.raises(Invalid, match="never negative"):
        commands.set_head(actor("ee"), shifting, {"amount": Decimal(-1), "reason": REASON})


def test_seigniorage_carries_its_two_levies(line, actor, version):
    values = {"amount": Decimal("35282.40"), "reason": REASON}
    commands.set_head(actor("ee"), line("seigniorage").id, values)
    found = {row.head_code: row.amount for row in queries.get_content(actor("ee"), version.id).recap}
    assert (found["seigniorage"], found["dmft"], found["smet"], found["gst"]) == (35282, 10585, 706, 506436)


def test_the_duration_moves_the_escalation(imported, actor, version):
    estimate = queries.find_estimate(actor("ee"), imported[0].id).estimate
    values = {"title": "Road", "base_rate_year": "2026-27", "approved_budget": None, "duration_months": 36}
    commands.edit_estimate(actor("ae"), estimate.id, values, seen=estimate.version)
    found = {row.head_code: row.amount for row in queries.get_content(actor("ee"), version.id).recap}
    assert found["escalation"] == 124078
    with pytest.raises(Stale):
        commands.edit_estimate(actor("ae"), estimate.id, values, seen=1)


def test_a_later_order_is_a_row_and_not_a_change_of_the_program(line, imported, actor, workbook, session):
    old = session.query(RecapHead).filter_by(code="quality_control").one()
    with transaction():
        names = [column.key for column in RecapHead.__mapper__.column_attrs]
        values = {name: getattr(old, name) for name in names if name not in ("id", "pct")}
        values |= {"effective_from": old.effective_from.replace(year=2026), "order_ref": "New order"}
        session.add(RecapHead(**values, pct=Decimal(2)))
    commands.set_head(actor("ee"), line("pmc").id, {"pct": Decimal(1), "reason": REASON})
    assert (line("quality_control").amount, line("quality_control").order_ref) == (54737, "New order")


def test_an_older_version_is_not_changed(imported, actor, workbook, line):
    project, _batch = imported
    old = line("pmc").id
    batch = commands.request_import(actor("ee"), project.id, workbook(), {})
    read_in(batch.id)
    commands.commit_import(actor("ee"), batch.id, {"confirm": True})
    with pytest.raises(RuleBroken, match="current"):
        commands.set_head(actor("ee"), old, {"pct": Decimal(1), "reason": REASON})


def test_what_was_corrected_is_told_with_before_and_after(imported, actor, recorded, session):
    estimate = queries.find_estimate(actor("ee"), imported[0].id).estimate
    values = {"title": "Road", "base_rate_year": "2026-27", "approved_budget": Decimal(37), "duration_months": 36}
    values |= {"base_rate_year": estimate.base_rate_year}
    commands.edit_estimate(actor("ae"), estimate.id, values, seen=estimate.version)
    assert recorded()[-2:] == ["hmda.boq.estimate.edited", "hmda.boq.estimate.calculated"]
    fact = next(e for e in queries.timeline(actor("ee"), estimate.id) if e.topic == "hmda.boq.estimate.edited")
    assert fact.payload["after"] == {"title": "Road", "duration_months": 36, "approved_budget": "37"}
    assert fact.payload["before"]["duration_months"] is None
    assert fact.says == (
        "Particulars were corrected: title “Laying of a link road” → “Road”, duration – → 36, budget – → 37."
    )


def test_saving_nothing_changes_nothing_and_can_still_be_taken_back(imported, actor, recorded, line):
    estimate = queries.find_estimate(actor("ee"), imported[0].id).estimate
    names = ("title", "base_rate_year", "approved_budget", "duration_months")
    before, version = recorded(), estimate.version
    commands.edit_estimate(actor("ae"), estimate.id, {name: getattr(estimate, name) for name in names}, seen=version)
    commands.set_head(actor("ee"), line("pmc").id, {"pct": line("pmc").pct_used, "reason": ""})
    assert (recorded(), estimate.version) == (before, version)
    assert commands.undo_import(actor("ee"), imported[1].id).status == "undone"
