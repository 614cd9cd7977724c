"""A file is there whole under the name of its content, or not at all: in a folder and in an S3-compatible store."""

import hashlib
import io

import boto3
import pytest
from moto import mock_aws

from portal.core import storage
from portal.core.errors import Invalid, NotFound, TooLarge

CONTENT = b"a drawing " * 1000
NAME = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=["folder", "bucket"])
def store(request, app, tmp_path, monkeypatch):
    """The app with an empty store of either kind."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    before = app.extensions["storage"]
    with app.app_context(), mock_aws():
        if request.param == "bucket":
            client = boto3.client("s3")
            client.create_bucket(Bucket="dpr")
            app.extensions["storage"] = storage.Bucket(tmp_path, client, "dpr")
        else:
            app.extensions["storage"] = storage.Folder(tmp_path)
        yield app.extensions["storage"]
    app.extensions["storage"] = before


def test_what_goes_in_comes_out_under_the_hash_of_its_bytes(store):
    assert storage.intake(io.BytesIO(CONTENT), limit=1 << 20) == (NAME, len(CONTENT))
    assert storage.path(NAME).read_bytes() == CONTENT
    assert storage.put(CONTENT) == NAME
    assert storage.put(storage.path(NAME)) == NAME
    assert not list((store.root / "incoming").iterdir())


def test_an_emptied_cache_is_filled_from_the_bucket(store):
    storage.put(CONTENT)
    if isinstance(store, storage.Bucket):
        storage.path(NAME).unlink()
    assert storage.exists(NAME)
    assert storage.path(NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(("content", "limit", "error"), [(b"", 10, Invalid), (CONTENT, 100, TooLarge)])
def test_nothing_and_too_much_are_refused_and_leave_nothing(store, content, limit, error):
    with pytest.raises(error):
        storage.intake(io.BytesIO(content), limit=limit)
    assert not list((store.root / "incoming").iterdir())
    assert not storage.exists(hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "A" * 64, ""])
def test_a_name_that_is_no_hash_or_unknown_is_not_found(store, name):
    with pytest.raises(NotFound):
        storage.path(name)
