"""Secrets and master keys from a Vault: against what a real one has said, and a real one where it is at hand."""

import base64
import hashlib
import io
import socket

import pytest

from portal import vault as connection
from portal.config import BadSetting, read_settings
from portal.core import keys, sealing, storage
from portal.core.keys import KeysAway, Ring, Unsealable
from portal.core.keys.local import LocalKeeper
from portal.core.keys.transit import TransitKeeper
from portal.vault import Access, Vault, VaultAway, VaultRefused
from tests.core import vault as double

KINDS = ["recorded", "real"] if double.program() else ["recorded"]
KEY = bytes(range(32))
POLICY = """
path "secret/data/portal" { capabilities = ["read"] }
path "transit/encrypt/portal" { capabilities = ["update"] }
path "transit/decrypt/portal" { capabilities = ["update"] }
path "transit/rewrap/portal" { capabilities = ["update"] }
path "transit/keys/portal" { capabilities = ["read"] }
path "transit/keys/portal/rotate" { capabilities = ["update"] }
"""


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """Nobody waits between two tries."""
    monkeypatch.setattr(connection, "PAUSES_S", (0.01, 0.01))


@pytest.fixture(params=KINDS)
def line(request, tmp_path):
    """A fresh server with a transit key `portal`, a secret `secret/portal` and a role that may use both."""
    name = request.node.name.replace(request.param, "vault")
    if request.param == "recorded":
        with double.line(name) as opened:
            yield _set_up(opened)
        return
    with double.server(tmp_path) as (address, unseal_key), double.line(name, address, unseal_key) as opened:
        yield _set_up(opened)


def _set_up(line):
    line.ask("POST", "sys/mounts/transit", {"type": "transit"})
    line.ask("POST", "transit/keys/portal", {})
    line.ask("POST", "secret/data/portal", {"data": {"SECRET_KEY": "from the vault", "REDIS_URL": "redis://r", "N": 3}})
    line.ask("POST", "sys/auth/approle", {"type": "approle"})
    line.ask("POST", "sys/policies/acl/portal", {"policy": POLICY})
    line.ask("POST", "auth/approle/role/portal", {"token_policies": "portal", "token_ttl": "1h"})
    line.ask("POST", "auth/approle/role/portal/role-id", {"role_id": double.ROLE_ID})
    line.ask("POST", "auth/approle/role/portal/custom-secret-id", {"secret_id": double.SECRET_ID})
    return line


def access(line, **changed):
    return Access(**{"address": line.address, "role_id": double.ROLE_ID, "secret_id": double.SECRET_ID} | changed)


def env(line, **more):
    signing_in = {"VAULT_ROLE_ID": double.ROLE_ID, "VAULT_SECRET_ID": double.SECRET_ID}
    return {"VAULT_ADDR": line.address, "VAULT_KV": "secret/portal"} | signing_in | more


def keeper(line, place="portal", **changed):
    return TransitKeeper(Vault(access(line, **changed)), place)


def test_settings_come_from_one_secret_and_the_environment_goes_first(line):
    own = read_settings(env(line, REDIS_URL="redis://nearer"))
    assert (own.secret_key, own.redis_url, own.master_key) == ("from the vault", "redis://nearer", "")


def test_a_token_does_as_well_as_a_role(line, tmp_path):
    (tmp_path / "token").write_text(double.ROOT_TOKEN + "\n")
    own = read_settings(
        {"VAULT_ADDR": line.address, "VAULT_KV": "secret/portal", "VAULT_TOKEN_FILE": str(tmp_path / "token")}
    )
    assert own.redis_url == "redis://r"


def test_a_secret_that_is_not_there_stops_the_start_with_its_path(line):
    with pytest.raises(BadSetting, match="secret/another"):
        read_settings(env(line, VAULT_KV="secret/another"))


def test_a_secret_without_the_key_that_is_needed_says_which(line):
    line.ask("POST", "secret/data/portal", {"data": {"REDIS_URL": "redis://r"}})
    with pytest.raises(BadSetting, match="secret/portal in Vault has no SECRET_KEY"):
        read_settings(env(line))


@pytest.mark.parametrize("wrong", [{"VAULT_SECRET_ID": "wrong"}, {"VAULT_ROLE_ID": "wrong"}])
def test_a_wrong_sign_in_stops_the_start_and_is_not_shown(line, wrong):
    with pytest.raises(BadSetting, match="invalid role or secret ID") as stopped:
        read_settings(env(line, **wrong))
    assert double.SECRET_ID not in str(stopped.value)


def test_a_wrong_token_is_refused_in_words(line):
    with pytest.raises(VaultRefused, match="permission denied"):
        Vault(access(line, role_id="", token="wrong")).call(lambda client: client.secrets.transit.read_key("portal"))


def test_a_sealed_vault_stops_the_start_and_says_so(line):
    line.ask("PUT", "sys/seal")
    with pytest.raises(BadSetting, match="sealed"):
        read_settings(env(line))


def test_a_data_key_is_wrapped_and_unwrapped_and_never_looks_the_same(line):
    kept = keeper(line)
    version, wrapped = kept.wrap(KEY)
    assert version == kept.current == "vault:portal:v1"
    assert kept.unwrap(version, wrapped) == KEY
    assert kept.wrap(KEY)[1] != wrapped
    assert KEY not in wrapped


def test_after_a_rotation_the_old_version_opens_and_a_rewrap_brings_the_new_one(line):
    kept = keeper(line)
    version, wrapped = kept.wrap(KEY)
    assert kept.rotate() == kept.current == "vault:portal:v2"
    assert kept.unwrap(version, wrapped) == KEY
    fresh = kept.rewrap(version, wrapped)
    assert fresh[0] == "vault:portal:v2"
    assert kept.unwrap(*fresh) == KEY


def test_a_wrapped_key_that_was_altered_does_not_open(line):
    kept = keeper(line)
    version, wrapped = kept.wrap(KEY)
    for altered in (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"", wrapped[:5]):
        with pytest.raises(Unsealable):
            kept.unwrap(version, altered)
    for unknown in ("vault:portal:v9", "vault:portal", "vault:portal:v1:x"):
        with pytest.raises(Unsealable):
            kept.unwrap(unknown, wrapped)


def test_a_key_that_the_policy_does_not_name_is_for_the_operator_to_mend(line):
    with pytest.raises(KeysAway, match="log says why"):
        keeper(line, "another").wrap(KEY)
    with pytest.raises(KeysAway, match="log says why"):
        keeper(line, secret_id="wrong").unwrap("vault:portal:v1", b"x" * 40)


def test_a_token_that_was_ended_is_followed_by_another_sign_in(line):
    kept = keeper(line)
    version, wrapped = kept.wrap(KEY)
    line.ask("POST", "auth/token/revoke", {"token": kept.vault.client.token})
    assert kept.unwrap(version, wrapped) == KEY


def test_a_vault_that_is_sealed_for_a_moment_is_waited_for(line, monkeypatch):
    kept = keeper(line)
    version, wrapped = kept.wrap(KEY)
    line.ask("PUT", "sys/seal")
    with pytest.raises(KeysAway, match="Try again"):
        kept.unwrap(version, wrapped)
    monkeypatch.setattr(
        connection.time, "sleep", lambda _seconds: line.ask("PUT", "sys/unseal", {"key": line.unseal_key})
    )
    assert kept.unwrap(version, wrapped) == KEY


def test_a_vault_that_nobody_finds_stops_the_start_in_one_line():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {"VAULT_ADDR": f"http://127.0.0.1:{port}", "VAULT_TOKEN": "t", "VAULT_KV": "secret/portal"}
    with pytest.raises(BadSetting, match="does not answer") as stopped:
        read_settings(given)
    assert "\n" not in str(stopped.value)
    with pytest.raises(VaultAway, match="CA"):
        Vault(Access("https://127.0.0.1:1", token="t", cacert="/no/such/ca.pem")).call(lambda client: client.sys.seal())


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"VAULT_KV": "secret/portal"}, "VAULT_KV needs VAULT_ADDR"),
        ({"VAULT_TRANSIT_KEY": "portal"}, "VAULT_TRANSIT_KEY needs VAULT_ADDR"),
        ({"VAULT_ADDR": "http://v"}, "VAULT_TOKEN, or VAULT_ROLE_ID"),
        ({"VAULT_ADDR": "http://v", "VAULT_ROLE_ID": "r"}, "VAULT_SECRET_ID"),
        ({"VAULT_ADDR": "http://v", "VAULT_TOKEN": "t", "VAULT_KV": "portal"}, "mount/path"),
        ({"SECRET_KEY_FILE": "/no/such/file"}, "SECRET_KEY_FILE: /no/such/file cannot be read: No such file"),
        ({"DATABASE_URL_FILE": "/dev/null"}, "DATABASE_URL_FILE: /dev/null is empty"),
    ],
)
def test_a_setting_that_leads_nowhere_is_named(given, named):
    with pytest.raises(BadSetting, match=named):
        read_settings(given)


def test_a_file_of_bytes_that_are_no_text_is_named(tmp_path):
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSetting, match=r"MASTER_KEY_FILE.+no text"):
        read_settings({"MASTER_KEY_FILE": str(tmp_path / "key")})


def test_a_secret_in_a_file_loses_the_end_of_its_line(tmp_path):
    (tmp_path / "url").write_text("redis://cache:6379/0\n")
    assert read_settings({"REDIS_URL_FILE": str(tmp_path / "url")}).redis_url == "redis://cache:6379/0"


def test_settings_that_are_printed_show_no_secret():
    secret = base64.b64encode(KEY).decode()
    own = read_settings({"SECRET_KEY": secret, "MASTER_KEY": secret, "VAULT_ADDR": "http://v", "VAULT_TOKEN": secret})
    assert secret not in repr(own)


@pytest.mark.parametrize("place", ["", "a key", "transit/", "name.with.points", "../portal key"])
def test_a_key_no_engine_can_have_is_named(place):
    with pytest.raises(BadSetting, match="VAULT_TRANSIT_KEY"):
        TransitKeeper(Vault(Access("http://v", token="t")), place)


if double.program():

    def test_files_and_secrets_move_from_the_data_folder_into_a_vault(app, tmp_path):
        before = app.extensions["storage"], app.extensions["keys"]
        local = LocalKeeper(tmp_path / "master-keys")
        with double.server(tmp_path) as (address, _key), double.Line(address) as line, app.app_context():
            double.Thread(target=line.serve_forever, daemon=True).start()
            _set_up(line)
            app.extensions["keys"], app.extensions["storage"] = Ring([local]), storage.Folder(tmp_path / "files")
            try:
                name, sealed = storage.put(b"a drawing"), sealing.seal(b"secret", "totp")
                app.extensions["keys"] = Ring([keeper(line), local])
                assert storage.read(name) == b"a drawing"
                assert storage.renew(name) == "wrapped"
                assert sealing.renewed(sealed).split(".")[1] == "vault:portal:v1"
                keys.ring().rotate()
                assert storage.renew(name) == "wrapped"
                second = storage.intake(io.BytesIO(b"another"), limit=100).sha256
                app.extensions["keys"] = Ring([keeper(line)])  # the data folder's keys are no longer needed
                assert (storage.read(name), storage.read(second)) == (b"a drawing", b"another")
                assert hashlib.sha256(b"another").hexdigest() == second
            finally:
                app.extensions["storage"], app.extensions["keys"] = before
                line.shutdown()
