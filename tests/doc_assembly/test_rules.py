"""Numbers, hashes, markup and steps: the examples of the specification, and what must hold for any input."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.doc_assembly.forms import LONGEST
from portal.doc_assembly.rules import steps
from portal.doc_assembly.rules.frozen import Bill, Estimate, Frozen, Item, freeze, thaw
from portal.doc_assembly.rules.generated import bill_parts
from portal.doc_assembly.rules.hashing import content_hash, dpr_number, leaf_of, sha256
from portal.doc_assembly.rules.layout import Layout, Length, Volume, roman, size_name
from portal.doc_assembly.rules.markup import blocks_of, html_of
from portal.doc_assembly.rules.steps import Rates, Standing
from portal.doc_assembly.rules.template import SECTIONS, VOLUMES, WRITTEN, need_of, written_for
from portal.doc_assembly.rules.units import Unit, annexure, leaves_of, units_of
from tests.doc_assembly.desk import AT, FolderDesk, file_of, inputs


def test_the_content_hash_is_the_published_vector():
    leaves = {"I.1": sha256(b"abc"), "IX.D001": sha256(b"")}
    assert content_hash(leaves) == "e9f65dfdabf8de8c9a39f9fcdd3d76d32ec568359cc147e4f5c02d59103ff3ee"


def test_a_leaf_is_of_canonical_json():
    assert leaf_of({"b": 1, "a": "e\u0301"}) == sha256('{"a":"é","b":1}'.encode())


def test_the_number_names_project_and_version():
    assert dpr_number("INFRA-RT-2025-042-C1", "S2") == "INFRA-RT-2025-042-C1/DPR/S2"


def part(code, volume, pages):
    return Unit(code, volume, code), Length(pages, {})


def test_the_worked_example_of_page_labels():
    """Volume I: 6 front, 42 body, annexures of 12 and 3; volume IX: 4 front, a 2-page index, 5 sheets."""
    first = Volume("I", 6, [part("I.1", "I", 42), part("I.A001", "I", 12), part("I.A002", "I", 3)])
    ninth = Volume("IX", 4, [part("IX.1", "IX", 2), *(part(f"IX.D00{n}", "IX", 1) for n in range(1, 6))])
    laid = Layout([first, ninth], {})
    assert len(laid.labels) == 74
    assert laid.labels[:6] == ["I-i", "I-ii", "I-iii", "I-iv", "I-v", "I-vi"]
    assert (laid.places["I.A002"].label, laid.labels[62]) == ("I-55", "I-57 of 57")
    assert laid.places["volume.IX"].page + 1 == 64
    assert (laid.places["IX.D001"].label, laid.places["IX.D001"].page + 1) == ("IX-3", 70)
    first.front += 1
    longer = Layout([first, ninth], {})
    assert (longer.places["IX.D001"].label, longer.places["IX.D001"].page + 1) == ("IX-3", 71)


@pytest.mark.parametrize(("number", "label"), [(1, "I-A"), (2, "I-B"), (26, "I-Z"), (27, "I-AA"), (53, "I-BA")])
def test_annexures_are_lettered(number, label):
    assert annexure(number) == label


@pytest.mark.parametrize(
    ("number", "text"), [(1, "i"), (4, "iv"), (9, "ix"), (14, "xiv"), (48, "xlviii"), (99, "xcix")]
)
def test_front_pages_are_roman(number, text):
    assert roman(number) == text


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ([210, 297], "A4"),
        ([420.2, 297.0], "A3"),
        ([596, 420], "A2"),
        ([841, 1189], "A0"),
        ([300, 300], "300 × 300 mm"),
    ],
    ids=str,
)
def test_sheet_sizes_are_named_within_three_millimetres(tmp_path, size, name):
    assert size_name(file_of(FolderDesk(tmp_path), b"x", page_sizes=[size])) == name


def test_the_worked_example_of_progress():
    """A submission: steps 1 to 5 done, 120 of 300 sections rendered."""
    standing = {number: Standing(1, 1, True) for number in range(1, 6)} | {6: Standing(120, 300, False)}
    assert steps.percent("submission", standing) == Decimal("48.0")
    assert steps.percent("draft", standing) == Decimal("50.5")  # 48 / 95, rounded down


@given(st.integers(0, 500), st.integers(1, 500))
def test_progress_never_passes_a_hundred(done, total):
    standing = {number: Standing(min(done, total), total, done >= total) for number in steps.steps_of("draft")}
    assert 0 <= steps.percent("draft", standing) <= 100


def test_time_left_is_a_range_of_past_seconds_or_says_that_history_is_short():
    past = [Decimal(n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)]
    assert steps.time_left({steps.RENDER: 10}, {steps.RENDER: past}) == (50, 80)
    assert steps.time_left({steps.RENDER: 10}, {steps.RENDER: past[:4]}) is None
    standing = {number: Standing(1, 1, True) for number in steps.steps_of("draft")}
    assert steps.expected("draft", standing, Rates({}, {})) == (0, 0)


def test_markup_becomes_blocks_and_headings_are_numbered():
    blocks = blocks_of("# One\n\nA **b** *c*.\n\n## Two\n\n- x\n  - y\n\n# Three", "I.4")
    assert [block["anchor"] for block in blocks if "anchor" in block] == ["I.4.1", "I.4.1.1", "I.4.2"]
    assert {"t": "b", "b": True, "i": False} in blocks[1]["runs"]
    assert blocks[3]["items"][0][1]["k"] == "ul"


@given(st.text(max_size=200))
def test_any_text_is_taken_and_no_html_of_it_survives(text):
    blocks_of(text, "I.4")
    made = html_of(f"<b {text}").lower()
    assert "<b " not in made
    assert "<script" not in html_of(text).lower()
    assert "style=" not in made or "style=" in text.lower()


def test_empty_cells_and_wide_tables_are_taken():
    table = "|" + "a|" * 12 + "\n|" + "--:|" * 12 + "\n|" + "|" * 12
    (block,) = blocks_of(table, "I.4")
    assert (block["turned"], block["size"], block["rows"][0]["c"][0]) == (True, 7.5, "")


def test_every_section_has_a_volume_and_a_need_for_each_kind_of_work():
    for section in SECTIONS.values():
        assert section.volume in VOLUMES
        assert len(section.needs) == 8
    assert need_of("II.1", "road") == "M"
    assert need_of("II.1", "water") == "."
    assert need_of("0.3", "no such type") == "C"
    assert {section.code for section in written_for("road")} <= WRITTEN.keys()


@given(st.integers(0, 1200), st.integers(1, 5))
def test_every_item_is_in_one_part_and_no_part_is_long(count, bills):
    items = [Item(str(number), "x" * (number % 7), "cum", "1", "1.00", "1.00") for number in range(count)]
    made = [Bill(chr(65 + n), "Bill", 1, "0", items=items[n::bills]) for n in range(bills)]
    parts = list(bill_parts(Estimate("E", "E", "0.1", "2026", "0", "0", "0", "0", made)))
    rows = [row for part in parts for row in part[0]["rows"]]
    assert sorted(int(row["c"][0]) for row in rows if "kind" not in row) == list(range(count))
    assert all(len(part[0]["rows"]) <= 260 for part in parts)


def test_codes_of_files_follow_the_index(tmp_path):
    desk = FolderDesk(tmp_path)
    kinds = ("drawing", "drawing", "clearance_letter", "certificate", "other")
    files = [file_of(desk, bytes([n]), kind, title=f"F{n}") for n, kind in enumerate(kinds)]
    given_inputs = inputs(files=files)
    leaves = leaves_of(given_inputs, units_of(given_inputs, {}))
    codes = ["IX.D001", "IX.D002", "XI.2.A001", "XII.2.A001", "I.A001"]
    assert [leaves[code] for code in codes] == [file.sha256 for file in files]


def test_frozen_inputs_thaw_as_they_were():
    frozen = Frozen(inputs(), [], AT)
    assert thaw(freeze(frozen)) == frozen


@pytest.mark.parametrize(
    "piece", ["[", "_", "![", "[a](", "*_", "**a *b ", "`", "<", "> a\n", "a|b\n", "[x]: y\n", "- "]
)
def test_a_hostile_text_as_long_as_may_be_is_read_quickly(piece):
    text = (piece * LONGEST)[:LONGEST]
    begun = time.process_time()
    html_of(text)
    assert time.process_time() - begun < 2  # a fifth of it on a quiet machine


def test_a_link_is_printed_as_it_was_typed_and_leads_nowhere():
    assert blocks_of("See [the order](https://a.example).", "I.4")[0]["runs"] == ["See [the order](https://a.example)."]
    assert "<a" not in html_of("[the order](https://a.example) <https://b.example>")


@pytest.mark.parametrize("count", range(245, 252))
def test_a_part_of_the_bill_never_ends_with_the_head_of_what_follows(count):
    items = [Item(str(number), "x", "cum", "1", "1.00", "1.00") for number in range(count)]
    made = [
        Bill("A", "Bill", 1, "0", items=items),
        Bill("B", "Bill", 1, "0", preamble="All rates are for finished work."),
        Bill("B.1", "Part", 2, "0", items=items[:5]),
    ]
    parts = list(bill_parts(Estimate("E", "E", "0.1", "2026", "0", "0", "0", "0", made)))
    assert len(parts) == 2
    assert not [part for part in parts if part[0]["rows"][-1].get("kind") in ("band", "words")]
    assert sum(len(part[0]["rows"]) for part in parts) == count + 5 + 3 + 1 + 3 + 1
