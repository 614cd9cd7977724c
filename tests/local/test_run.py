"""`make run` starts, ends and starts again as one; where it cannot start it says why in one line."""

import fcntl
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from portal.local.servers import Postgres
from portal.local.trial import trial


@pytest.fixture
def run(tmp_path):
    def run(**given):
        env = os.environ | {"PORTAL_VAR": str(tmp_path / "var")} | given
        return subprocess.run(
            [sys.executable, "-m", "portal.local.run"], env=env, capture_output=True, text=True, check=False, timeout=60
        )

    return run


def test_a_taken_port_is_named_with_a_way_out(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(PORT=str(port))
    assert ended.stderr == f"Port {port} is taken. Choose another one: make run PORT={port + 1}\n"
    assert ended.returncode == 1


def test_a_second_portal_in_the_same_folder_is_refused(run, tmp_path):
    (tmp_path / "var").mkdir()
    with (tmp_path / "var" / "lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = run()
    assert ended.stderr == f"The portal already runs in {tmp_path / 'var'} (process 4711).\n"
    assert ended.returncode == 1


def test_a_bad_setting_is_one_line(run):
    ended = run(PORT="http")
    assert ended.stderr == "The portal cannot start: PORT must be a whole number from 1 to 65535, not 'http'.\n"
    assert ended.returncode == 1


def test_a_data_folder_that_cannot_be_made_is_one_line(run, tmp_path):
    (tmp_path / "file").write_text("")
    ended = run(PORTAL_VAR=str(tmp_path / "file" / "var"))
    assert ended.stderr.startswith("The portal cannot start: ")
    assert ended.stderr.count("\n") == 1
    assert ended.returncode == 1


def test_everything_ends_with_the_launcher_and_the_next_start_finds_the_data(tmp_path):
    with trial(tmp_path / "var", JOB_WORKERS="1", WEB_WORKERS="1") as running:
        started = children_of(running)
        note_down(running)
        running.launcher.kill()
        assert (len(started) >= 9, still_there(started)) == (True, [])

    with trial(tmp_path / "var", JOB_WORKERS="1", WEB_WORKERS="1") as running:
        started = children_of(running)
        assert noted(running) == [("kept",)]
        assert "Projects" in running.browser("ee").open(running.address).read().decode()
    assert running.launcher.returncode == 0
    assert not still_there(started)


def children_of(running):
    """All processes below the launcher, once the last of them is there."""
    launcher = psutil.Process(running.launcher.pid)
    until = time.monotonic() + 20
    while not running.supervisor.pid("portal:schedule"):
        assert time.monotonic() < until
        time.sleep(0.05)
    return launcher.children(recursive=True)


def still_there(processes, seconds=20):
    """Those that still run after a while; a zombie has ended, whether or not anybody has asked how."""
    until = time.monotonic() + seconds
    while (left := [process for process in processes if runs(process)]) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def runs(process):
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def note_down(running):
    with Postgres(running.own.var).connect("portal") as session:
        session.execute("CREATE TABLE note AS SELECT 'kept' AS text")


def noted(running):
    with Postgres(running.own.var).connect("portal") as session:
        return session.execute("SELECT text FROM note").fetchall()
