"""Settings: one folder finds everything, and what cannot be used is named."""

import os
import stat
from pathlib import Path

import pytest

from portal.config import BadSetting, private_folder, read_settings, socket_folder


def test_the_data_folder_alone_leads_to_the_running_servers(tmp_path):
    own = read_settings({"PORTAL_VAR": str(tmp_path)})
    assert own.database_url.startswith("postgresql+psycopg://portal_app@/portal?host=")
    assert own.migration_database_url.startswith("postgresql+psycopg://postgres@/portal?host=")
    assert own.redis_url == f"unix://{socket_folder(tmp_path)}/valkey.sock"
    assert own.embedded_postgres
    assert own.embedded_valkey


def test_given_addresses_replace_the_embedded_servers():
    own = read_settings({"DATABASE_URL": "postgres://u@db/portal", "REDIS_URL": "redis://cache:6379/0"})
    assert (own.database_url, own.redis_url) == ("postgresql+psycopg://u@db/portal", "redis://cache:6379/0")
    assert own.migration_database_url == own.database_url
    assert not own.embedded_postgres
    assert not own.embedded_valkey
    own = read_settings(
        {"DATABASE_URL": "postgres://app@db/portal", "MIGRATION_DATABASE_URL": "postgres://u@db/portal"}
    )
    assert own.database_url == "postgresql+psycopg://app@db/portal"
    assert own.migration_database_url == "postgresql+psycopg://u@db/portal"


def test_an_empty_variable_counts_as_one_that_is_not_set():
    assert read_settings({"PORT": "", "DATABASE_URL": "", "PORTAL_VAR": ""}) == read_settings({})


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("PORT", "0"), ("PORT", "65536"), ("PORT", "８"), ("COOKIE_SECURE", "maybe")],
)
def test_a_setting_that_cannot_be_used_is_named(name, value):
    with pytest.raises(BadSetting, match=name):
        read_settings({name: value})


@pytest.mark.parametrize("name", ["long" * 40, "a,b", "fünf"])
def test_a_folder_no_socket_fits_in_gets_one_below_the_temporary_folder(tmp_path, name):
    found = socket_folder(tmp_path / name)
    assert found != tmp_path / name / "run"
    assert len(os.fsencode(found / "postgres" / ".s.PGSQL.5432")) <= 107
    assert found == socket_folder(tmp_path / name)
    assert found != socket_folder(tmp_path / name / "other")


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path, monkeypatch):
    monkeypatch.delenv("SECRET_KEY")
    first = read_settings({"PORTAL_VAR": str(tmp_path / "var")}).secret_key
    assert len(first) >= 32
    assert read_settings({"PORTAL_VAR": str(tmp_path / "var")}).secret_key == first
    assert stat.S_IMODE((tmp_path / "var" / "secret-key").stat().st_mode) == 0o600


def test_a_private_folder_is_closed_to_others_even_when_it_was_open(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    assert stat.S_IMODE(private_folder(folder).stat().st_mode) == 0o700


def test_a_link_in_the_place_of_a_private_folder_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(Path("/tmp"))
    with pytest.raises(BadSetting, match="folder of your own"):
        private_folder(tmp_path / "link")
