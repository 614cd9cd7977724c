"""A file is there whole under the name of its content, or not at all, and never plain: in a folder and in a bucket."""

import hashlib
import io
import os
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import boto3
import pytest
from moto import mock_aws

from portal.core import keys, storage
from portal.core.errors import Invalid, NotFound, TooLarge
from portal.core.keys import Ring, Unsealable
from portal.core.keys.local import LocalKeeper
from portal.core.storage import private

CONTENT = b"a drawing " * 20000
NAME = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=["folder", "bucket"])
def store(request, app, tmp_path, monkeypatch):
    """The app with an empty store of either kind, and master keys of its own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    before = app.extensions["storage"], app.extensions["keys"]
    app.extensions["keys"] = Ring([LocalKeeper(tmp_path / "master-keys")])
    root = tmp_path / "files"
    with app.app_context(), mock_aws():
        if request.param == "bucket":
            client = boto3.client("s3")
            client.create_bucket(Bucket="dpr")
            app.extensions["storage"] = storage.Bucket(root, client, "dpr")
        else:
            app.extensions["storage"] = storage.Folder(root)
        yield app.extensions["storage"]
    app.extensions["storage"], app.extensions["keys"] = before


def lay_plain(store):
    """A file as it was stored before there were containers."""
    place = store._place(NAME)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(CONTENT)
    if isinstance(store, storage.Bucket):
        store.client.upload_file(str(place), "dpr", NAME)
    return place


def empty_cache(store):
    """What an operator may do at any time where the store is a bucket."""
    if isinstance(store, storage.Bucket):
        for place in store.root.glob("??/*"):
            place.unlink()


def at_rest(store):
    """All bytes that lie in the store, its cache and its folder for what comes in."""
    found = [place.read_bytes() for place in store.root.rglob("*") if place.is_file()]
    if isinstance(store, storage.Bucket):
        for name in store.client.list_objects_v2(Bucket="dpr").get("Contents", ()):
            found.append(store.client.get_object(Bucket="dpr", Key=name["Key"])["Body"].read())
    return found


def test_what_goes_in_comes_out_under_the_hash_of_its_bytes(store):
    assert storage.intake(io.BytesIO(CONTENT), limit=1 << 20) == (NAME, len(CONTENT))
    assert storage.read(NAME) == CONTENT
    assert storage.size(NAME) == len(CONTENT)
    assert storage.put(CONTENT) == NAME
    with storage.opened(NAME) as path:
        assert storage.put(path) == NAME
    assert not list((store.root / "incoming").iterdir())
    assert list(store.names()) == [NAME]


def test_plain_bytes_never_rest_in_the_store(store):
    storage.intake(io.BytesIO(CONTENT), limit=1 << 20, inspect=lambda path: path.read_bytes())
    assert len(at_rest(store)) >= 2
    assert not any(b"a drawing" in content for content in at_rest(store))


def test_the_same_file_kept_twice_has_different_bytes_at_rest_in_two_stores(store):
    storage.put(CONTENT)
    first = store.fetch(NAME).read_bytes()
    store.fetch(NAME).unlink()
    store._key_place(NAME).unlink()
    if isinstance(store, storage.Bucket):
        store.client.delete_object(Bucket="dpr", Key=NAME)
        store.client.delete_object(Bucket="dpr", Key=NAME + ".key")
    storage.put(CONTENT)
    assert store.fetch(NAME).read_bytes()[16:] != first[16:]


def test_an_emptied_cache_is_filled_from_the_bucket(store):
    storage.put(CONTENT)
    empty_cache(store)
    assert storage.exists(NAME)
    assert storage.read(NAME) == CONTENT


@pytest.mark.parametrize("room", [0, 100_000, 64 << 20])
def test_what_inspects_sees_plain_bytes_at_a_path_that_other_processes_can_open_and_nothing_is_left(
    store, monkeypatch, room
):
    monkeypatch.setattr(private, "_room", lambda: room)
    seen = {}

    def inspect(path):
        look = "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())"
        call = [sys.executable, "-c", look, path]
        seen["hash"] = subprocess.run(call, capture_output=True, text=True, check=True).stdout
        seen["path"] = path

    storage.intake(io.BytesIO(CONTENT), limit=1 << 20, inspect=inspect)
    assert seen["hash"].strip() == NAME
    assert not seen["path"].exists()
    with storage.opened(NAME) as path:
        assert path.read_bytes() == CONTENT
        assert path.stat().st_mode & 0o077 == 0
    assert not path.exists()
    assert not list((store.root / "incoming").iterdir())


def test_a_copy_that_outgrows_the_memory_is_moved_to_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "_room", lambda: 10)
    with private.Private(tmp_path) as copy:
        for piece in (b"12345", b"67890", b"abc"):
            copy.write(piece)
        assert copy.path.read_bytes() == b"1234567890abc"
        assert copy.path.stat().st_dev == tmp_path.stat().st_dev


def test_a_system_without_a_file_system_in_memory_uses_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "MEMORY", tmp_path / "none")
    assert private._room() == 0


@pytest.mark.parametrize(("content", "limit", "error"), [(b"", 10, Invalid), (CONTENT, 100, TooLarge)])
def test_nothing_and_too_much_are_refused_and_leave_nothing(store, content, limit, error):
    with pytest.raises(error):
        storage.intake(io.BytesIO(content), limit=limit)
    assert not list((store.root / "incoming").iterdir())
    assert not storage.exists(hashlib.sha256(content).hexdigest())


def test_a_file_that_is_refused_by_who_looks_at_it_leaves_nothing(store):
    def refuse(_seen):
        raise Invalid("no")

    for stage in ({"inspect": refuse}, {"accept": refuse}):
        with pytest.raises(Invalid):
            storage.intake(io.BytesIO(CONTENT), limit=1 << 20, **stage)
    assert not at_rest(store)


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "A" * 64, ""])
def test_a_name_that_is_no_hash_or_unknown_is_not_found(store, name):
    for look in (storage.read, storage.size, storage.reader):
        with pytest.raises(NotFound):
            look(name)


def test_an_altered_file_or_key_is_noticed_and_healed_when_the_same_bytes_come_again(store):
    storage.put(CONTENT)
    for place in (store.fetch(NAME), store._key_place(NAME)):
        good = place.read_bytes()
        place.write_bytes(good[:-9])
        if isinstance(store, storage.Bucket):
            store.client.upload_file(str(place), "dpr", place.name)
        with pytest.raises(Unsealable):
            storage.read(NAME)
        storage.put(CONTENT)
        assert storage.read(NAME) == CONTENT


def test_two_files_cannot_be_exchanged(store):
    storage.put(CONTENT)
    other = storage.put(b"another drawing")
    for take in (store.fetch, store._key_place):
        take(NAME).write_bytes(take(other).read_bytes())
    store.key = lambda sha256, anew=False: store._key_place(sha256).read_text()
    with pytest.raises(Unsealable):
        storage.read(NAME)


def test_a_plain_file_in_the_place_of_a_sealed_one_is_taken_only_if_it_has_the_same_bytes(store):
    storage.put(CONTENT)
    store.fetch(NAME).write_bytes(b"something else")
    with pytest.raises(Unsealable):
        storage.read(NAME)


def test_many_who_keep_the_same_file_at_once_leave_one_that_opens(app, tmp_path):
    before = app.extensions["storage"]
    app.extensions["storage"] = storage.Folder(tmp_path)

    def keep(_number):
        with app.app_context():
            return storage.put(CONTENT)

    try:
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(keep, range(32))) == {NAME}
        with app.app_context():
            assert storage.read(NAME) == CONTENT
    finally:
        app.extensions["storage"] = before


def test_a_key_left_by_who_never_finished_is_used_by_who_comes_next(store):
    held = storage._Incoming()
    with held:
        held.write(CONTENT)
        held._agree_on_key(NAME)
    storage.put(CONTENT)
    empty_cache(store)
    assert storage.read(NAME) == CONTENT


def test_a_file_from_before_is_read_and_sealed_when_it_is_kept_again(store):
    lay_plain(store)
    assert storage.read(NAME) == CONTENT
    assert storage.size(NAME) == len(CONTENT)
    storage.put(CONTENT)
    assert storage.read(NAME) == CONTENT
    assert not any(b"a drawing" in content for content in at_rest(store))


def test_a_rotation_seals_what_is_plain_and_wraps_keys_anew_without_touching_files(store):
    lay_plain(store)
    assert storage.renew(NAME) == "sealed"
    assert not any(b"a drawing" in content for content in at_rest(store))
    assert storage.renew(NAME) == "well"
    file, key = store.fetch(NAME).read_bytes(), store.key(NAME)
    version = keys.ring().rotate()
    assert storage.renew(NAME) == "wrapped"
    assert storage.version(NAME) == version
    assert store.fetch(NAME).read_bytes() == file
    assert store.key(NAME) != key
    assert version in store.key(NAME)
    empty_cache(store)
    assert storage.read(NAME) == CONTENT


def test_sealing_a_plain_file_that_broke_off_after_the_key_is_done_by_the_next_rotation(store, monkeypatch):
    lay_plain(store)
    with monkeypatch.context() as cut:
        cut.setattr(type(store), "keep", Mock(side_effect=OSError("power cut")))
        with pytest.raises(OSError, match="power"):
            storage.renew(NAME)
    assert store.key(NAME)
    assert (storage.read(NAME), storage.version(NAME)) == (CONTENT, "")
    version = keys.ring().rotate()
    assert storage.renew(NAME) == "sealed"
    assert not any(b"a drawing" in content for content in at_rest(store))
    assert (storage.version(NAME), storage.renew(NAME)) == (version, "well")
    empty_cache(store)
    assert storage.read(NAME) == CONTENT


def test_a_file_that_is_gone_has_no_key_to_renew(store):
    for ask in (storage.renew, storage.version):
        with pytest.raises(NotFound):
            ask(NAME)


def test_a_cached_key_under_a_master_key_that_is_no_more_is_fetched_anew(store, tmp_path):
    storage.put(CONTENT)
    old = store.key(NAME)
    keys.ring().rotate()
    storage.renew(NAME)
    place = tmp_path / "master-keys"
    place.write_text(place.read_text().split()[-1])  # the older key is taken away
    if isinstance(store, storage.Bucket):
        store._key_place(NAME).write_text(old)  # as another machine still has it
    assert storage.read(NAME) == CONTENT


@pytest.mark.parametrize("store", ["folder"], indirect=True)
def test_a_large_file_needs_little_memory(store):
    class Zeros:
        left = 200 << 20

        def read(self, size=-1):
            piece = min(size, self.left)
            self.left -= piece
            return bytes(piece)

    tracemalloc.start()
    name = storage.intake(Zeros(), limit=200 << 20, inspect=lambda path: path.stat()).sha256
    with storage.opened(name) as path:
        assert path.stat().st_size == 200 << 20
    with storage.reader(name) as reader:
        reader.seek(-5, os.SEEK_END)
        assert reader.read() == bytes(5)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20
