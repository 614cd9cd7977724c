"""`portal keys`, as the person at the server meets it: on real files and rows, interrupted and gone on with."""

import pyotp
import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select

from portal.accounts.models import Factor, OfficerSession, SigningKey
from portal.cli import main
from portal.core import sealing, storage, tokens
from portal.core.audit import AuditRecord
from portal.core.db import now, transaction
from portal.core.keys import KeysAway, Ring
from portal.core.keys.local import LocalKeeper

FILES = [f"drawing {number}".encode() for number in range(4)]


@pytest.fixture
def run(app, session, redis, tmp_path, monkeypatch):
    """A command of `portal keys` in a portal with files and master keys of its own: exit status, said, complained."""
    monkeypatch.setitem(app.extensions, "keys", Ring([LocalKeeper(tmp_path / "master-keys")]))
    monkeypatch.setitem(app.extensions, "storage", storage.Folder(tmp_path / "files"))
    monkeypatch.setattr("portal.cli_acting.create_app", lambda: app)
    with transaction():
        session.execute(delete(SigningKey))  # those of all tests are sealed by another master key

    def command(*words):
        done = CliRunner().invoke(main, ["keys", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return command


@pytest.fixture
def kept(run):
    """The names of some stored files."""
    return [storage.put(content) for content in FILES]


def readable():
    return [storage.read(name) for name in sorted(storage.store().names())]


def test_it_is_said_which_master_key_the_files_are_under(run, kept):
    code, said, _complaint = run("status")
    version = storage.version(kept[0])
    assert (code, said.split("\n")[:2]) == (0, [f"wrapping now: {version}", f"{4:>9} files under {version}"])


def test_a_new_master_key_wraps_everything_and_reads_no_file(run, kept, tmp_path):
    before = {name: (storage.store().fetch(name).read_bytes(), storage.version(name)) for name in kept}
    code, said, _complaint = run("rotate-files")
    assert (code, "4 files have a key wrapped anew" in said) == (0, True)
    for name, (content, version) in before.items():
        assert storage.store().fetch(name).read_bytes() == content
        assert storage.version(name) != version
    place = tmp_path / "master-keys"
    place.write_text(place.read_text().split()[-1])  # the older one is taken away
    assert sorted(readable()) == sorted(FILES)


def test_one_that_was_stopped_is_gone_on_with_and_reads_both_meanwhile(run, kept, monkeypatch):
    renew, done = storage.renew, []

    def stopped(name):
        if len(done) == 2:
            raise KeysAway("The service that keeps the keys does not answer. Try again in a moment.")
        done.append(name)
        return renew(name)

    monkeypatch.setattr(storage, "renew", stopped)
    code, _said, complaint = run("rotate-files")
    assert (code, "--go-on" in complaint) == (1, True)
    assert sorted(readable()) == sorted(FILES)
    assert run("status")[1].count("2 files under") == 2
    monkeypatch.setattr(storage, "renew", renew)
    code, said, _complaint = run("rotate-files", "--go-on")
    assert (code, "2 files have a key wrapped anew" in said, "2 files were well already" in said) == (0, True, True)
    assert run("status")[1].count("files under") == 1


def test_a_file_that_cannot_be_opened_is_named_and_the_others_go_on(run, kept):
    storage.store().change_key(kept[1], "nothing that was sealed")
    code, said, complaint = run("rotate-files")
    assert (code, "3 files have a key wrapped anew" in said) == (1, True)
    assert kept[1] in complaint
    assert "What cannot be opened: 1" in complaint
    code, said, _complaint = run("status")
    assert (code, "1 files with a key that cannot be opened" in said) == (0, True)


def test_a_file_that_is_taken_away_meanwhile_is_no_fault(run, kept, monkeypatch):
    names = storage.Folder.names
    monkeypatch.setattr(storage.Folder, "names", lambda store: iter([*names(store), "ab" * 32]))
    code, said, _complaint = run("rotate-files")
    assert (code, "4 files have a key wrapped anew" in said) == (0, True)
    code, said, _complaint = run("status")
    assert (code, said.count(" files ")) == (0, 1)


def test_secrets_in_the_database_are_wrapped_anew_and_open_as_before(run, session, make_officer, begin):
    officer, secret = make_officer("ee"), pyotp.random_base32()
    factor = Factor(officer_id=officer.id, kind="totp", name="Phone", secret=sealing.seal(secret.encode(), "totp x"))
    opened = begin(officer, "web")
    with transaction():
        session.add(factor)
        session.add(signing := SigningKey(kid="k1", purpose="audit", public_pem="", starts_at=now()))
        signing.private_sealed, opened.id_token = sealing.seal(b"private", "key k1"), sealing.seal(b"told", "id")
    before = factor.secret
    code, said, _complaint = run("rotate-files")
    assert (code, "3 secrets in the database" in said) == (0, True)
    session.expire_all()
    current = run("status")[1].split()[2]
    assert {sealing.version_of(one) for one in (factor.secret, signing.private_sealed, opened.id_token)} == {current}
    assert sealing.version_of(before) != current
    assert sealing.unseal(factor.secret, "totp x") == secret.encode()
    assert sealing.unseal(session.get(OfficerSession, opened.id).id_token, "id") == b"told"
    acts = session.scalars(select(AuditRecord.use_case).order_by(AuditRecord.number)).all()
    assert [act.rpartition(".")[2] for act in acts][-2:] == ["change_master_key", "renew_secrets"]
    trail = session.scalars(select(AuditRecord)).all()
    assert before not in repr([vars(one) for one in trail])


def test_given_master_keys_are_for_their_owner_to_change(app, run, kept, tmp_path):
    given = LocalKeeper(tmp_path / "none", (tmp_path / "master-keys").read_text())
    app.extensions["keys"].keepers = [given]
    code, _said, complaint = run("rotate-files")
    assert (code, "MASTER_KEY" in complaint) == (1, True)
    assert run("rotate-files", "--go-on")[0] == 0


def test_token_keys_are_changed_with_an_overlap_or_at_once(app, run, session):
    app.extensions["token_keys"] = tokens.KeyRing()
    first = session.scalars(select(SigningKey).where(SigningKey.purpose == "token")).all()
    code, said, _complaint = run("rotate-tokens")
    assert (code, "signs from" in said) == (0, True)
    code, said, _complaint = run("rotate-tokens", "--leaked")
    session.expire_all()
    good = select(SigningKey).where(SigningKey.purpose == "token", SigningKey.retires_at.is_(None))
    assert [key.kid for key in session.scalars(good)] == [said.split()[0]]
    assert all(key.retires_at <= now() for key in first)
    app.extensions["token_keys"] = tokens.KeyRing()


def test_only_who_keeps_the_installation_changes_its_keys(run, make_officer):
    make_officer("ee", username="s.rao")
    done = CliRunner().invoke(main, ["--as", "s.rao", "keys", "rotate-files"])
    assert (done.exit_code, "does not include" in done.stderr) == (1, True)
