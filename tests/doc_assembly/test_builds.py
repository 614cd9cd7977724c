"""A build from the request to the version, with a real database, store and typesetter."""

import datetime as dt
import uuid

import pikepdf
import pytest

from portal.core import storage
from portal.core.access import SYSTEM
from portal.core.db import now, transaction
from portal.core.errors import NotFound, NotPermitted, RuleBroken, Stale, TooMany
from portal.doc_assembly import commands, queries
from portal.doc_assembly.commands import workbench
from portal.doc_assembly.commands.assembling import Assembler
from portal.doc_assembly.models import Build, BuildUnit, DprVersion, Status


@pytest.fixture
def every_step_is_written(monkeypatch):
    """Beat at every step, in the test's own transaction."""
    monkeypatch.setattr(workbench, "BEAT_S", -1.0)


def run(build):
    Assembler(build.id).run()
    return queries.get_build(SYSTEM, build.id)


def test_a_build_ends_with_a_version_that_holds_everything(session, project, actor, recorded):
    build = run(commands.request_build(actor("ee"), project.id))
    assert (build.status, build.percent) == (Status.COMPLETED, 100), build.error_text
    version = queries.get_version(actor("qr"), build.version_id)
    with storage.reader(version.sha256) as stored, pikepdf.open(stored) as pdf:
        assert len(pdf.pages) == version.pages
    assert (version.label, version.number) == ("D1", f"{project.code}/DPR/D1")
    assert {source.module for source in version.sources} == {"projects", "doc_assembly", "attachments"}
    assert [part.mimetype for part in version.parts] == ["application/pdf", "application/json"]
    assert recorded()[-4:] == [
        "hmda.assembly.build.requested",
        "hmda.assembly.build.started",
        "hmda.assembly.build.completed",
        "hmda.assembly.document.generated",
    ]
    assert queries.list_moved(actor("ee"), version.id) == []


def test_the_same_inputs_give_the_running_build_and_then_the_version_there_is(session, project, actor):
    build = commands.request_build(actor("ee"), project.id)
    assert commands.request_build(actor("ae"), project.id).id == build.id
    run(build)
    assert commands.request_build(actor("ae"), project.id).id == build.id
    fresh = commands.request_fresh_build(actor("ee"), project.id)
    assert (fresh.id != build.id, fresh.label) == (True, "D2")
    with pytest.raises(NotPermitted):
        commands.request_fresh_build(actor("ae"), project.id)


def test_other_inputs_wait_until_the_running_build_is_over(session, project, actor):
    commands.take_up_build(SYSTEM, commands.request_build(actor("ee"), project.id).id)
    commands.write_section(actor("ae"), project.id, "I.7", {"text": "Works.", "text_te": ""})
    with pytest.raises(RuleBroken, match="being assembled"):
        commands.request_build(actor("ee"), project.id)


def test_a_later_edit_moves_on_and_renders_one_section_anew(session, project, actor):
    first = run(commands.request_build(actor("ee"), project.id))
    before = session.query(BuildUnit).count()
    seen = queries.get_section(actor("ae"), project.id, "I.4").version
    commands.write_section(actor("ae"), project.id, "I.4", {"text": "Otherwise.", "text_te": ""}, seen=seen)
    assert [(one.module, one.what) for one in queries.list_moved(SYSTEM, first.version_id)] == [
        ("doc_assembly", "changed")
    ]
    second = run(commands.request_build(actor("ee"), project.id))
    assert (second.status, second.label) == (Status.COMPLETED, "D2")
    assert session.query(BuildUnit).count() == before + 1


def test_progress_never_goes_down_and_reaches_the_end(session, project, actor, monkeypatch, every_step_is_written):
    seen = []
    real = workbench.report_progress

    def watch(*args):
        answer = real(*args)
        seen.append(queries.get_build(SYSTEM, args[1]).percent)
        return answer

    monkeypatch.setattr(workbench, "report_progress", watch)
    run(commands.request_build(actor("ee"), project.id))
    assert seen == sorted(seen)
    assert len(set(seen)) > 10
    assert seen[-1] >= 99


def test_a_cancelled_build_stops_and_publishes_nothing(
    session, project, actor, monkeypatch, every_step_is_written, recorded
):
    officer = actor("ae")
    build = commands.request_build(officer, project.id)
    real = workbench.report_progress

    def stop_half_way(*args):
        if args[3].percent > 40 and queries.get_build(SYSTEM, build.id).status == Status.RUNNING:
            commands.cancel_build(officer, build.id)
        return real(*args)

    monkeypatch.setattr(workbench, "report_progress", stop_half_way)
    assert run(build).status == Status.CANCELLED
    assert not session.query(DprVersion).count()
    assert recorded()[-1] == "hmda.assembly.build.cancelled"
    with pytest.raises(NotPermitted):
        commands.cancel_build(actor("to"), commands.request_build(actor("ee"), project.id).id)


def test_a_waiting_build_is_cancelled_at_once_and_never_taken_up(session, project, actor):
    build = commands.request_build(actor("ee"), project.id)
    commands.cancel_build(actor("ee"), build.id)
    assert run(build).status == Status.CANCELLED


def test_a_lost_build_is_given_back_and_ends_in_the_same_bytes(
    session, project, actor, monkeypatch, every_step_is_written
):
    class Killed(BaseException):
        """The worker is gone, without a word."""

    build = commands.request_build(actor("ee"), project.id)
    real = workbench.report_progress

    def die(*args):
        if args[3].percent > 50:
            raise Killed
        return real(*args)

    monkeypatch.setattr(workbench, "report_progress", die)
    with pytest.raises(Killed):
        Assembler(build.id).run()
    monkeypatch.setattr(workbench, "report_progress", real)
    reached, frozen = build.percent, build.frozen_sha256
    commands.release_lost_build(SYSTEM, build.id, 1)
    assert build.status == Status.RUNNING  # the lease is still good
    with transaction():
        build.lease_until = now() - dt.timedelta(seconds=1)
    assert (build.id, Status.RUNNING, 1) in queries.list_lost_builds(SYSTEM)
    commands.release_lost_build(SYSTEM, build.id, 1)
    assert (build.status, build.not_before > now()) == (Status.QUEUED, True)
    done = run(build)
    assert (done.status, done.attempt, done.frozen_sha256) == (Status.COMPLETED, 2, frozen)
    assert done.percent >= reached
    again = run(commands.request_fresh_build(actor("ee"), project.id))
    first, second = (queries.get_version(SYSTEM, one.version_id) for one in (done, again))
    assert first.content_hash == second.content_hash


def test_after_three_lost_workers_the_build_fails_and_can_be_tried_again(session, project, actor, recorded):
    build = commands.request_build(actor("ee"), project.id)
    for attempt in (1, 2, 3):
        assert commands.take_up_build(SYSTEM, build.id).attempt == attempt
        with transaction():
            build.lease_until = now() - dt.timedelta(seconds=1)
        commands.release_lost_build(SYSTEM, build.id, attempt)
    assert (build.status, build.error_code) == (Status.FAILED, "WORKER")
    assert recorded()[-1] == "hmda.assembly.build.failed"
    commands.retry_build(actor("ee"), build.id)
    assert run(build).status == Status.COMPLETED


def test_a_worker_that_lost_the_build_cannot_publish(session, project, actor):
    build = commands.request_build(actor("ee"), project.id)
    commands.take_up_build(SYSTEM, build.id)
    with pytest.raises(RuleBroken):
        commands.publish_build(SYSTEM, build.id, 0, None)


def test_an_eleventh_waiting_build_is_refused(session, redis, make_project, actor):
    for _number in range(10):
        commands.request_build(actor("ee"), make_project().id)
    with pytest.raises(TooMany):
        commands.request_build(actor("ee"), make_project().id)


def test_a_consultant_elsewhere_finds_nothing(session, project, actor):
    build = run(commands.request_build(actor("ee"), project.id))
    stranger = actor("ec")
    for ask in (
        lambda: queries.get_build(stranger, build.id),
        lambda: queries.get_version(stranger, build.version_id),
        lambda: queries.get_part(stranger, build.version_id, 1),
        lambda: queries.get_section(stranger, project.id, "I.4"),
        lambda: queries.list_builds(stranger, project.id),
        lambda: queries.list_moved(stranger, build.version_id),
    ):
        with pytest.raises(NotFound):
            ask()
    assert queries.recent_builds(stranger)[0] == []
    assert queries.get_build(actor("ec", [project.id]), build.id)


def test_no_save_overwrites_another_and_every_text_is_kept(session, project, actor):
    officer = actor("to")
    current = queries.get_section(officer, project.id, "I.4")
    first = current.version
    commands.write_section(officer, project.id, "I.4", {"text": "One.", "text_te": ""}, seen=first)
    with pytest.raises(Stale):
        commands.write_section(actor("ae"), project.id, "I.4", {"text": "Two.", "text_te": ""}, seen=first)
    assert queries.list_revisions(officer, project.id, "I.4")[0].text == "One."
    with pytest.raises(NotFound):
        queries.get_section(officer, project.id, "IX.9")
    for role in ("fa", "qr"):
        with pytest.raises(NotPermitted):
            commands.write_section(actor(role), project.id, "I.4", {"text": "Three.", "text_te": ""})


def test_two_first_texts_at_once_are_a_conflict(session, project, actor):
    commands.write_section(actor("ae"), project.id, "I.7", {"text": "Mine.", "text_te": ""}, seen=0)
    with pytest.raises(Stale):
        commands.write_section(actor("to"), project.id, "I.7", {"text": "Yours.", "text_te": ""}, seen=0)


def test_an_unknown_build_is_not_taken(session, redis):
    with pytest.raises(NotFound):
        commands.take_up_build(SYSTEM, uuid.uuid4())
    assert not session.query(Build).count()


def test_a_silent_worker_is_told_on_the_page(session, redis, project, actor, signed_in):
    build = commands.request_build(actor("ee"), project.id)
    commands.take_up_build(SYSTEM, build.id)
    browser = signed_in("ee")
    assert "has not been heard of" not in browser.get(f"/doc-assembly/builds/{build.id}").text
    with transaction():
        build.lease_until = now() + dt.timedelta(seconds=30)
    assert "has not been heard of" in browser.get(f"/doc-assembly/builds/{build.id}").text
