"""What is sealed opens for its purpose only, and goes on opening when master keys come and go."""

import base64
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.config import BadSetting
from portal.core import keys, sealing
from portal.core.keys import Ring, Unsealable
from portal.core.keys.local import LocalKeeper

ONE, TWO = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


@pytest.fixture
def with_keys(app, tmp_path):
    """The app with master keys of its own: with_keys(LocalKeeper, …)."""
    before = app.extensions["keys"]

    def use(*keepers):
        app.extensions["keys"] = Ring(keepers or [LocalKeeper(tmp_path / "master-keys")])
        return app.extensions["keys"]

    with app.app_context():
        use()
        yield use
    app.extensions["keys"] = before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.text(max_size=40))
def test_a_secret_comes_back_for_its_purpose(with_keys, plain, purpose):
    sealed = sealing.seal(plain, purpose)
    assert sealing.unseal(sealed, purpose) == plain
    with pytest.raises(Unsealable):
        sealing.unseal(sealed, purpose + "x")


def test_the_same_secret_looks_different_every_time(with_keys):
    assert sealing.seal(b"secret", "totp") != sealing.seal(b"secret", "totp")


@pytest.mark.parametrize("part", [1, 2, 3])
def test_a_changed_text_does_not_open(with_keys, part):
    pieces = sealing.seal(b"secret", "totp").split(".")
    pieces[part] = ("A" if pieces[part][0] != "A" else "B") + pieces[part][1:]
    with pytest.raises(Unsealable):
        sealing.unseal(".".join(pieces), "totp")


@pytest.mark.parametrize(
    "text", ["", "s1", "s1.a.b", "s2.local:0.AA.AA", "s1.local:0.*.AA", "s1.local:0.AAA.AA", "x" * 90]
)
def test_what_was_never_sealed_is_refused(with_keys, text):
    with pytest.raises(Unsealable):
        sealing.unseal(text, "totp")


def test_the_key_of_one_secret_does_not_open_another(with_keys):
    first, second = (sealing.seal(secret, "totp").split(".") for secret in (b"one", b"two"))
    with pytest.raises(Unsealable):
        sealing.unseal(".".join([*first[:3], second[3]]), "totp")


def test_after_a_rotation_old_secrets_open_and_can_be_renewed(with_keys):
    sealed = sealing.seal(b"secret", "totp")
    assert sealing.renewed(sealed) is None
    version = keys.ring().rotate()
    assert sealing.unseal(sealed, "totp") == b"secret"
    fresh = sealing.renewed(sealed)
    assert fresh.split(".")[1] == version
    assert sealing.unseal(fresh, "totp") == b"secret"
    assert fresh.split(".")[3] == sealed.split(".")[3]  # only the wrapped key has changed


def test_keys_of_the_data_folder_are_for_their_owner_only_and_shared_by_all_processes(with_keys, tmp_path):
    place = tmp_path / "master-keys"
    mine, other = LocalKeeper(place), LocalKeeper(place)
    assert mine.current == other.current
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert mine.rotate() == other.current  # seen without a new start
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert len(place.read_text().split()) == 2


def test_given_keys_stand_side_by_side_and_the_last_wraps(with_keys, tmp_path):
    with_keys(LocalKeeper(tmp_path / "none", ONE))
    sealed = sealing.seal(b"secret", "totp")
    with_keys(LocalKeeper(tmp_path / "none", f"{ONE}, {TWO}"))
    assert sealing.unseal(sealed, "totp") == b"secret"
    assert sealing.renewed(sealed)
    with_keys(LocalKeeper(tmp_path / "none", TWO))
    with pytest.raises(Unsealable, match="not at hand"):
        sealing.unseal(sealed, "totp")
    assert not (tmp_path / "none").exists()


def test_a_given_key_is_added_to_by_whoever_gave_it(tmp_path):
    with pytest.raises(BadSetting, match="MASTER_KEY"):
        LocalKeeper(tmp_path / "none", ONE).rotate()


@pytest.mark.parametrize("text", ["short", ONE[:-4], f"{ONE} nonsense", " , "])
def test_a_key_that_is_none_stops_the_start_and_is_not_shown(tmp_path, text):
    with pytest.raises(BadSetting) as refused:
        LocalKeeper(tmp_path / "none", text)
    assert "nonsense" not in str(refused.value)
    assert ONE[:20] not in str(refused.value)


def test_a_secret_of_an_unknown_keeper_says_which_key_is_missing(with_keys):
    sealed = sealing.seal(b"secret", "totp").replace("local:", "vault:")
    with pytest.raises(Unsealable, match="vault:"):
        sealing.unseal(sealed, "totp")
