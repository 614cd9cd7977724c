"""What a build is made from, and what becomes of it when something is amiss."""

import errno
from pathlib import Path

import pikepdf
import pytest
from sqlalchemy.exc import InterfaceError, OperationalError

from portal.attachments import commands as attachments
from portal.core.access import SYSTEM
from portal.core.audit import AuditRecord
from portal.core.errors import NotFound, NotPermitted
from portal.doc_assembly import commands, queries
from portal.doc_assembly.commands import assembling
from portal.doc_assembly.commands.assembling import Assembler
from portal.doc_assembly.models import Status
from tests.doc_assembly.desk import sheet
from tests.doc_assembly.test_builds import run


def test_a_file_that_came_after_the_request_and_was_withdrawn_is_not_in_the_version_of_the_same_inputs(
    project, actor, attach
):
    """The version is known by what was frozen, not by what stood when it was asked for."""
    build = commands.request_build(actor("ee"), project.id)
    late = attach(project, "Late plan", sheet(1, words="Late"))
    made = run(build)
    assert "Late plan" in {one.title for one in queries.get_version(SYSTEM, made.version_id).sources}
    attachments.withdraw_attachment(actor("ee"), late.id)
    again = commands.request_build(actor("ee"), project.id)
    assert again.id != build.id
    assert "Late plan" not in {one.title for one in queries.get_version(SYSTEM, run(again).version_id).sources}


def test_a_waiting_build_takes_what_stands_when_a_worker_begins(project, actor):
    build = commands.request_build(actor("ee"), project.id)
    commands.write_section(actor("ae"), project.id, "I.7", {"text": "Works.", "text_te": ""})
    assert commands.request_build(actor("ee"), project.id).id == build.id
    version = run(build).version_id
    assert queries.list_moved(SYSTEM, version) == []
    assert commands.request_build(actor("ee"), project.id).version_id == version


def fail(build):
    commands.take_up_build(SYSTEM, build.id)
    commands.fail_build(SYSTEM, build.id, build.attempt, "LAYOUT", "contents of 2 pages became 3")


def test_a_failed_build_tried_again_after_another_was_published_gets_the_next_label(project, actor):
    failed = commands.request_build(actor("ee"), project.id)
    fail(failed)
    assert run(commands.request_build(actor("ee"), project.id)).label == "D1"
    commands.retry_build(actor("ee"), failed.id)
    done = run(failed)
    assert (done.status, done.label) == (Status.COMPLETED, "D2")
    assert queries.get_version(SYSTEM, done.version_id).label == "D2"


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "DISK", "disk"),
        (PermissionError(errno.EACCES, "Permission denied"), "FAULT", "PermissionError"),
        (pikepdf.PdfError("xref"), "FAULT", "PdfError: xref"),
        (NotFound("gone"), "FAULT", "NotFound"),
        (MemoryError(), "MEMORY", "memory"),
        (RuntimeError("odd"), "FAULT", "RuntimeError: odd"),
        (KeyError("anchor"), "RENDER", "KeyError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_goes_wrong_ends_the_build_at_once_and_is_named(project, actor, monkeypatch, fault, code, said):
    def broken(_order):
        raise fault

    monkeypatch.setattr(assembling, "assemble", broken)
    build = run(commands.request_build(actor("ee"), project.id))
    assert (build.status, build.attempt, build.error_code) == (Status.FAILED, 1, code)
    assert said in build.error_text


@pytest.mark.parametrize("away", [OperationalError, InterfaceError])
def test_a_database_that_is_away_leaves_the_build_to_its_lease(project, actor, monkeypatch, away):
    def broken(_order):
        raise away("SELECT 1", {}, Exception("the connection is closed"))

    monkeypatch.setattr(assembling, "assemble", broken)
    build = commands.request_build(actor("ee"), project.id)
    with pytest.raises(away):
        Assembler(build.id).run()
    assert build.status == Status.RUNNING


def test_the_worker_part_is_for_the_portal_itself(project, actor):
    build = commands.request_build(actor("ee"), project.id)
    officer = actor("ce")
    for act in (
        lambda: commands.take_up_build(officer, build.id),
        lambda: commands.note_frozen(officer, build.id, 0, "0" * 64, None, []),
        lambda: commands.report_progress(officer, build.id, 0, None),
        lambda: commands.publish_build(officer, build.id, 0, None),
        lambda: commands.fail_build(officer, build.id, 0, "X", "x"),
        lambda: commands.stop_build(officer, build.id, 0),
        lambda: commands.release_lost_build(officer, build.id, 0),
        lambda: queries.list_lost_builds(officer),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_waiting_for_a_version_asks_as_the_officer_and_holds_no_transaction(session, project, actor):
    with pytest.raises(NotPermitted):
        commands.assemble(actor("qr"), project.id, print)
    seen = []

    def watch(percent):
        seen.append(percent)
        assert not session.info.get("writing")
        if len(seen) == 1:
            Assembler(queries.find_active_build(SYSTEM, project.id).id).run()

    assert commands.assemble(actor("ee"), project.id, watch).label == "D1"


def test_a_heartbeat_is_no_act(session, project, actor, monkeypatch):
    monkeypatch.setattr("portal.doc_assembly.commands.workbench.BEAT_S", -1.0)
    run(commands.request_build(actor("ee"), project.id))
    acts = {row.use_case.rpartition(".")[2] for row in session.query(AuditRecord)}
    assert "report_progress" not in acts
    assert {"take_up_build", "publish_build"} <= acts


def test_loose_files_lie_in_the_data_folder_and_are_gone_at_the_end(app, project, actor, monkeypatch):
    work, seen, real = Path(app.config["VAR"]) / "work", [], assembling.assemble
    build = commands.request_build(actor("ee"), project.id)
    left = work / str(build.id) / "1" / "report.pdf"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"what a killed worker left behind")

    def look(order):
        seen.append(order.folder)
        assert not left.exists()
        return real(order)

    monkeypatch.setattr(assembling, "assemble", look)
    assert run(build).status == Status.COMPLETED
    assert seen[0].is_relative_to(work / str(build.id))
    assert not (work / str(build.id)).exists()
