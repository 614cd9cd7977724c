"""A file at rest gives back its bytes from any place, or says that it was touched."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.keys import Unsealable
from portal.core.storage.container import HEADER, TAG, Reader, Writer, is_container

KEY, OTHER = b"k" * 32, b"o" * 32
POWER, CHUNK = 4, 16


def sealed(plain, key=KEY, pieces=7):
    out = io.BytesIO()
    writer = Writer(out, key, POWER)
    for start in range(0, len(plain), pieces):
        writer.write(plain[start : start + pieces])
    writer.finish()
    return out.getvalue()


def opened(content, key=KEY):
    with io.BufferedReader(Reader(io.BytesIO(content), key)) as reader:
        return reader.read()


def chunks(content):
    body = content[HEADER:]
    return [body[at : at + CHUNK + TAG] for at in range(0, len(body), CHUNK + TAG)]


@given(st.binary(max_size=100), st.integers(1, 50))
def test_what_is_written_in_any_pieces_is_read_whole(plain, pieces):
    content = sealed(plain, pieces=pieces)
    assert opened(content) == plain
    assert is_container(content)
    assert len(plain) < 8 or plain not in content[HEADER:]


@given(st.binary(min_size=1, max_size=100), st.data())
def test_any_range_is_read_as_from_a_plain_file(plain, data):
    model, reader = io.BytesIO(plain), io.BufferedReader(Reader(io.BytesIO(sealed(plain)), KEY), 8)
    for _turn in range(5):
        whence = data.draw(st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END]))
        start = {io.SEEK_SET: 0, io.SEEK_CUR: model.tell(), io.SEEK_END: len(plain)}[whence]
        place, many = data.draw(st.integers(0, len(plain) + 5)), data.draw(st.integers(0, 60))
        assert model.seek(place - start, whence) == reader.seek(place - start, whence)
        assert model.read(many) == reader.read(many)
        assert model.tell() == reader.tell()


@given(st.binary(max_size=80), st.data())
def test_no_bit_can_be_changed(plain, data):
    content = bytearray(sealed(plain))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unsealable):
        opened(bytes(content))


@given(st.binary(min_size=1, max_size=80), st.data())
def test_nothing_can_be_cut_off_or_hung_on(plain, data):
    content = sealed(plain)
    with pytest.raises(Unsealable):
        opened(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(Unsealable):
        opened(content + data.draw(st.binary(min_size=1, max_size=60)))


def test_a_file_that_was_cut_off_is_refused_before_its_first_byte_is_read():
    with pytest.raises(Unsealable):
        Reader(io.BytesIO(sealed(b"x" * 64)[: HEADER + 2 * (CHUNK + TAG)]), KEY)


@pytest.mark.parametrize("order", [(1, 0, 2, 3), (0, 1, 1, 3), (0, 2, 3), (0, 1, 3), (3, 1, 2, 0)])
def test_chunks_cannot_be_moved_repeated_or_left_out(order):
    content = sealed(bytes(range(60)))
    parts = chunks(content)
    with pytest.raises(Unsealable):
        opened(content[:HEADER] + b"".join(parts[number] for number in order))


def test_chunks_of_another_file_under_the_same_key_do_not_fit():
    one, two = sealed(b"a" * 40), sealed(b"b" * 40)
    mixed = one[:HEADER] + chunks(two)[0] + b"".join(chunks(one)[1:])
    with pytest.raises(Unsealable):
        opened(mixed)


def test_another_key_opens_nothing():
    with pytest.raises(Unsealable):
        opened(sealed(b"a drawing"), OTHER)


def test_only_the_chunks_that_are_asked_for_are_read():
    class Counting(io.BytesIO):
        taken = 0

        def read(self, size=-1):
            found = super().read(size)
            self.taken += len(found)
            return found

    source = Counting(sealed(b"x" * 16000))
    with Reader(source, KEY) as reader:
        reader.seek(8000)
        reader.read(10)
    assert source.taken <= HEADER + 3 * (CHUNK + TAG)


def test_a_reader_gives_no_file_number_that_would_lead_to_the_sealed_bytes():
    with Reader(io.BytesIO(sealed(b"x")), KEY) as reader, pytest.raises(OSError, match="fileno"):
        reader.fileno()


def test_there_is_no_place_before_the_beginning():
    with Reader(io.BytesIO(sealed(b"x")), KEY) as reader, pytest.raises(ValueError, match="beginning"):
        reader.seek(-1)
