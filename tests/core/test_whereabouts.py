"""An address is placed by the installation's own table, a browser is named in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.config import BadSetting
from portal.core.whereabouts import Place, device_in_words, read_places

TABLE = """network,place,lat,lon
10.0.0.0/8,Head office,17.4065,78.4772
10.20.0.0/16,Division III,17.2403,78.4294
10.20.30.40/32,The lift,,
2001:db8::/32,Site office,17.5,78.5
"""


@pytest.fixture
def table(tmp_path):
    """The table with these lines, read."""

    def read(text=TABLE):
        (tmp_path / "places.csv").write_text(text)
        return read_places(tmp_path / "places.csv")

    return read


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("10.9.9.9", "Head office"),
        ("10.20.1.1", "Division III"),
        ("10.20.30.40", "The lift"),
        ("::ffff:10.20.1.1", "Division III"),
        ("2001:db8:5::1", "Site office"),
        ("192.0.2.1", None),
        ("2001:db9::1", None),
        ("", None),
        ("no address", None),
    ],
)
def test_the_narrowest_network_names_the_place(table, address, place):
    found = table().find(address)
    assert (found and found.name) == place


def test_coordinates_are_read_where_they_are_given(table):
    assert table().find("10.20.1.1") == Place("Division III", 17.2403, 78.4294)
    assert table().find("10.20.30.40") == Place("The lift")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("net,place\n", "must begin with the line network,place,lat,lon"),
        ("", "must begin"),
        (TABLE + "10.0.0.1/8,Host bits,,\n", "line 6"),
        (TABLE + "not a network,X,,\n", "line 6"),
        (TABLE + "10.1.0.0/16,,1,1\n", "needs a name"),
        (TABLE + "10.1.0.0/16,Half,17,\n", "both coordinates or none"),
        (TABLE + "10.1.0.0/16,Far,91,0\n", "no coordinate"),
        (TABLE + "10.1.0.0/16,Odd,nan,0\n", "no coordinate"),
        (TABLE + "10.1.0.0/16\n", "line 6"),
    ],
)
def test_a_table_that_cannot_be_used_stops_the_start_with_its_line(table, text, said):
    with pytest.raises(BadSetting, match=said):
        table(text)


def test_a_table_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(BadSetting, match="cannot be read"):
        read_places(tmp_path / "none.csv")


@given(st.text(max_size=300))
def test_any_program_has_a_name(text):
    assert device_in_words(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128 on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 "
            "Safari/537.36 Edg/141.0.0.0",
            "Edge 141 on Windows 10",
        ),
        ("curl/8.1", "curl 8"),
        ("", "unknown program"),
    ],
)
def test_a_browser_is_named_in_words(text, words):
    assert device_in_words(text) == words
