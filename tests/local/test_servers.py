"""The embedded servers: private, and as they were after a restart."""

import stat

import psutil
import pytest
from redis import Redis

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
