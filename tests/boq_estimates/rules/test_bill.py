"""Bills of quantities as divisions send them: what is understood, what is flagged, and in which words."""

import datetime as dt
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.boq_estimates.rules.bill import column_letter, read_bill
from portal.boq_estimates.rules.issues import HELP, help_text
from portal.boq_estimates.rules.layout import guess_layout, layout_of
from portal.core.cells import CellError, Row, Sheet
from portal.core.errors import Invalid

HEAD = ["Sl. No.", "Description of item", "Unit", "Qty", "Rate (Rs.)", "Amount (Rs.)"]


def sheet_of(*rows, head=HEAD, above=()):
    cells = [*above, head, *rows]
    kept = [
        Row(number, [Decimal(str(v)) if type(v) in (int, float) else v for v in row])
        for number, row in enumerate(cells, 1)
    ]
    return Sheet("BOQ", [row for row in kept if any(value is not None for value in row.cells)])


def read(*rows, **kwargs):
    sheet = sheet_of(*rows, **kwargs)
    layout = guess_layout([sheet])
    assert layout is not None
    return read_bill(sheet, layout)


def found(bill):
    return [(issue.row, issue.field, issue.code) for issue in bill.issues]


def item(number, description="Excavation", *, unit="cum", quantity=10, rate=100, amount=None):
    return [number, description, unit, quantity, rate, amount]


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        ["S.No", "Particulars", "UOM", "Quantity", "Unit rate", "Total"],
        ["Item No.", "Name of Work", "Per", "Est. Qty", "Rate Rs", "Cost"],
        ["Amount", "Rate", "Quantity", "Unit", "DESCRIPTION", "Sl No"],
        ["Item Code", "Description of work", "Units", "Total Qty", "Rate in Rs.", "Amount in Rs"],
    ],
)
def test_the_usual_headings_are_recognised_in_any_order(head):
    layout = guess_layout([sheet_of(item("1"), head=head, above=[["Name of work: A road"], [None], ["Unit of HMDA"]])])
    assert layout is not None
    assert (layout.header_row, layout.problems()) == (4, [])
    assert set(layout.columns) == {"item_no", "description", "unit", "quantity", "rate", "amount"}


def test_item_numbers_serial_numbers_and_book_codes_are_told_apart():
    layout = guess_layout([sheet_of(head=["Sl No", "Item No", "SSR Code", "Description", "Unit", "Drawing No"])])
    assert layout.columns == {"item_no": 1, "book_item_code": 2, "description": 3, "unit": 4, "drawing_ref": 5}
    layout = guess_layout([sheet_of(head=["Sl No", "Item Code", "Description", "Unit"])])
    assert layout.columns == {"item_no": 0, "book_item_code": 1, "description": 2, "unit": 3}


def test_a_sheet_without_a_table_gives_no_layout():
    assert guess_layout([sheet_of(head=["Description", "Remarks"])]) is None
    assert guess_layout([Sheet("Old", sheet_of().rows, hidden=True)]) is None
    assert guess_layout([sheet_of(above=[["x"]] * 30)]) is None


def test_the_seven_rows_with_a_negative_one_are_refused():
    quantities = ["125.40", "45.80", "1247.50", "658.20", "-89.40", "1456.30", "2314.60"]
    rates = [2350, 3450, 1850, 1450, 185, 485, 425]
    rows = [
        item(str(n), quantity=Decimal(q), rate=r) for n, (q, r) in enumerate(zip(quantities, rates, strict=True), 1)
    ]
    bill = read(*rows, [None, "Total", None, None, None, "52,87,437"])
    assert found(bill) == [(6, "quantity", "negative_value"), (9, "amount", "printed_total_mismatch")]
    assert bill.works == Decimal("5388436.50")
    assert "deduct" in help_text("negative_value", {})
    total = bill.issues[1]
    assert total.details == {"printed": "52,87,437.00", "expected": "53,88,436.50"}
    assert "53,88,436.50" in help_text(total.code, total.details)
    assert (bill.count("error"), bill.count("warning")) == (1, 1)


def test_a_printed_amount_in_lakh_is_compared_in_rupees():
    bill = read(item("1", unit="rm", quantity=2500, rate=12000, amount="3,000.00 lakh"))
    assert found(bill) == [(2, "amount", "amount_mismatch")]
    assert bill.issues[0].details == {"expected": "3,00,00,000.00"}
    head = [*HEAD[:5], "Amount (Rs. in lakhs)"]
    assert not read(item("1", unit="rm", quantity=2500, rate=12000, amount=300), head=head).issues
    assert not read(item("1", unit="rm", quantity=2500, rate=12001, amount="300.03"), head=head).issues


def test_headings_make_sections_and_totals_are_compared_then_skipped():
    bill = read(
        ["A", "CIVIL WORKS", None, None, None, None],
        [1, "Earthwork", None, None, None, None],
        item("1.1", quantity=10, rate=100, amount=1000),
        item("1.2", quantity=5, rate=100, amount=500),
        [None, "Sub total", None, None, None, 1500],
        [2, "Concrete", None, None, None, None],
        item("2.1", unit="cum", quantity=2, rate=5000, amount=10000),
        [None, "Total of A", None, None, None, 11500],
        ["B", "ELECTRICAL WORKS", None, None, None, None],
        ["1", "Poles", "Nos", 4, 1000, 4000],
        [None, "Grand Total", None, None, None, 15500],
        [None, "Say", None, None, None, 16000],
    )
    assert [(s.code, s.title, s.parent) for s in bill.sections] == [
        ("A", "CIVIL WORKS", None),
        ("1", "Earthwork", "A"),
        ("2", "Concrete", "A"),
        ("B", "ELECTRICAL WORKS", None),
    ]
    assert [(i.item_no, i.section, str(i.amount)) for i in bill.items] == [
        ("1.1", "1", "1000.00"),
        ("1.2", "1", "500.00"),
        ("2.1", "2", "10000.00"),
        ("1", "B", "4000.00"),
    ]
    assert (bill.issues, bill.rows) == ([], 12)


def test_letters_below_an_item_belong_to_it():
    bill = read(
        ["1.1", "Excavation in all soils", None, None, None, None],
        item("a)", "0 to 1.5 m"),
        item("(b)", "1.5 to 3 m"),
        ["1.2", "Filling", None, None, None, None],
        item("a)"),
    )
    assert [i.item_no for i in bill.items] == ["1.1(a)", "1.1(b)", "1.2(a)"]
    assert not bill.issues


def test_a_long_heading_keeps_its_words():
    words = "Providing and laying cement concrete " * 20
    section = read(["1", words, None, None, None, None], item("1.1")).sections[0]
    assert (len(section.title) <= 200, section.preamble) == (True, words.strip())


def test_sections_may_stand_in_a_column_of_their_own():
    head = ["Section", *HEAD]
    bill = read(["R1", *item("1")], ["R2", *item("2")], ["R1", *item("3")], head=head)
    assert [i.section for i in bill.items] == ["R1", "R2", "R1"]
    headed = read(["R1", None, "Road", None, None, None, None], ["R1", *item("1")], ["R9", *item("2")], head=head)
    assert found(headed) == [(4, "section_code", "unknown_section")]


def test_a_bill_without_headings_is_one_section():
    bill = read(item("1"), item("2"))
    assert [(s.code, s.title) for s in bill.sections] == [("1", "Items of work")]
    assert {i.section for i in bill.items} == {"1"}


@pytest.mark.parametrize(
    ("row", "issues"),
    [
        (item(None), [("item_no", "missing_required")]),
        (item("1", description="x"), [("description", "too_short")]),
        (item("1", description="x" * 4001), [("description", "too_long")]),
        (item("1" * 25), [("item_no", "too_long")]),
        (item("1", unit=None), [("unit", "missing_unit")]),
        (item("1", unit="furlong"), [("unit", "unknown_unit")]),
        (item("1", unit="m3"), [("unit", "unit_alias_used")]),
        (item("1", quantity="ten"), [("quantity", "not_a_number")]),
        (item("1", quantity=dt.date(2026, 1, 1)), [("quantity", "not_a_number")]),
        (item("1", quantity="1e308"), [("quantity", "not_a_number")]),
        (item("1", quantity=10**14), [("quantity", "too_large")]),
        (item("1", quantity=10**9, rate=10**9), [("quantity", "too_large")]),
        (item("1", quantity=True), [("quantity", "not_a_number")]),
        (item("1", quantity=CellError("#REF!")), [("quantity", "cell_error")]),
        (item("1", amount=CellError("#N/A")), [("amount", "cell_error")]),
        (item("1", quantity="10.555"), [("quantity", "too_many_decimals")]),
        (item("1", unit="nos", quantity=1.5), [("quantity", "too_many_decimals")]),
        (item("1", rate=10.555), [("rate", "too_many_decimals")]),
        (item("1", rate=-1), [("rate", "negative_value")]),
        (item("1", quantity=None), [("quantity", "figure_missing")]),
        (item("1", quantity=0), [("quantity", "zero_quantity")]),
        (item("1", quantity="10 cum"), [("quantity", "trailing_text")]),
        (item("1", quantity="10 m3"), [("quantity", "trailing_text")]),
        (item("1", quantity="125,40"), [("quantity", "not_a_number")]),
        (item("1", unit="LS", quantity=2), [("quantity", "ls_quantity")]),
        (item("1", unit="LS", quantity=None), []),
        (item("1", amount=1001), []),
        (item("1", amount=1001.01), [("amount", "amount_mismatch")]),
        (item("1", quantity=131.34000000000003, rate="Rs. 1,000/-"), []),
        (item("1", unit="per 100 sqm", quantity=250, rate=330.10, amount=825.25), []),
    ],
)
def test_each_fault_has_its_code(row, issues):
    bill = read(row)
    assert found(bill) == [(2, *issue) for issue in issues]
    assert all(help_text(issue.code, issue.details) for issue in bill.issues)
    assert all(issue.code in HELP for issue in bill.issues)


def test_the_same_number_twice_names_the_first_row():
    bill = read(item(1.1), item("1.2"), item(1.10))
    assert found(bill) == [(4, "item_no", "duplicate_code")]
    assert "row 2" in help_text("duplicate_code", bill.issues[0].details)


def test_alias_units_are_told_once_with_their_number_of_rows():
    bill = read(*(item(str(number), unit="Mt") for number in range(1, 6)))
    assert [(issue.code, issue.details) for issue in bill.issues] == [("unit_alias_used", {"unit": "t", "rows": "5"})]


def test_repeated_heads_and_column_numbers_are_no_rows():
    bill = read([1, 2, 3, 4, 5, 6], item("1"), HEAD, ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"], item("2"))
    assert ([i.item_no for i in bill.items], bill.issues, bill.rows) == (["1", "2"], [], 2)


def test_columns_can_be_mapped_by_hand():
    sheet = sheet_of(["x", 10, "Excavation", 100, "cum"], head=["A", "B", "C", "D", "E"])
    layout = layout_of(sheet, 1, {"item_no": 0, "quantity": 1, "description": 2, "rate": 3, "unit": 4})
    bill = read_bill(sheet, layout)
    assert (bill.works, bill.issues, column_letter(layout, "unit"), column_letter(layout, "amount")) == (
        1000,
        [],
        "E",
        "",
    )


def test_a_table_without_quantities_says_so_once():
    bill = read(
        ["1", "Excavation", "cum", 100], ["2", "Filling", "cum", 50], head=["No", "Description", "Unit", "Rate"]
    )
    assert (found(bill), bill.works) == ([(1, "quantity", "column_missing")], 0)


def test_more_rows_than_an_estimate_may_have_are_refused():
    with pytest.raises(Invalid, match="20000"):
        read(*([item("1")] * 20_001))


def test_ten_thousand_rows_are_read_in_seconds():
    rows = [item(f"{n // 50}.{n % 50}", unit="Cum", quantity=n + 0.25, rate=99.95) for n in range(10_000)]
    sheet = sheet_of(*rows)
    began = time.process_time()
    bill = read_bill(sheet, guess_layout([sheet]))
    assert (len(bill.items), time.process_time() - began < 6) == (10_000, True)


CELLS = st.one_of(st.none(), st.text(max_size=12), st.decimals(allow_nan=False, allow_infinity=False), st.booleans())


@given(st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=8))
def test_whatever_stands_in_the_cells_is_read_or_flagged(rows):
    bill = read(*rows)
    assert all(item.row in {issue.row for issue in bill.issues} or item.quantity >= 0 for item in bill.items)
    assert {item.section for item in bill.items} <= {section.code for section in bill.sections}
    assert all(section.depth <= 4 for section in bill.sections)
