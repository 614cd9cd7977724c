"""The works report is understood as the officers mean it, or said to be doubtful."""

import datetime as dt
import io
import os
import random
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.calendar import financial_year
from portal.core.errors import Invalid
from portal.core.sheets import read_workbook
from portal.projects.models import Project
from portal.projects.rules import WorkType
from portal.projects.works_report import parse
from portal.projects.works_report.examine import examine
from portal.projects.works_report.parse import key_of, read_report
from portal.projects.works_report.totals import sum_up
from portal.projects.works_report.types import fold_type
from portal.projects.works_report.values import read_amount, read_dates, read_quoted
from tests.projects.reports import HEADINGS, WORKS, book, content

CR = 10_000_000


@pytest.fixture
def read(tmp_path):
    def make(**kwargs):
        book(**kwargs).save(tmp_path / "works.xlsx")
        return read_report(read_workbook(tmp_path / "works.xlsx", "works.xlsx"))

    return make


@pytest.fixture
def row(read):
    """One row of the made-up report by its number."""
    return {work.source_row: work for work in read().works}.__getitem__


def codes(work):
    return sorted(flag.code for flag in work.flags)


def test_a_merged_amount_belongs_to_the_group_and_stands_once(row):
    first, second = row(4), row(5)
    assert (first.fields["ts_amount"], second.fields["ts_amount"]) == (102 * CR, None)
    assert second.fields["shared_fields"] == ["ts_amount", "ecv", "contract_value"]
    assert first.fields["shared_group"] == second.fields["shared_group"] == first.key
    assert second.fields["as_date"] == dt.date(2022, 7, 13)


def test_a_blank_division_is_the_one_above(row):
    assert [row(number).fields["division"] for number in (4, 5, 6, 9, 12, 15, 18)] == [
        *["VI", "VI", "II", "II", "III", "III", "IV"]
    ]


def test_amounts_are_read_however_they_are_written(row):
    said = [row(6).fields["estimate_amount"], row(6).fields["ecv"], row(7).fields["ts_amount"]]
    assert said == [28 * CR, Decimal("140220832.00"), Decimal("39500000.00")]
    assert row(9).fields["estimate_amount"] == 4_350_000
    assert row(16).fields["ecv"] == Decimal("175200000.00")
    assert row(14).fields["as_amount"] == Decimal("187500000.00")
    assert row(7).fields["as_revised_amount"] == Decimal("84200000.00")
    assert (row(7).fields["estimate_amount"], row(6).fields["spent_net"]) == (None, None)


def test_an_amount_under_the_agreement_is_the_contract_value_and_a_remark_is_none(row):
    assert (row(17).fields["contract_value"], row(17).fields["agreement_no"]) == (3_195_703, "")
    assert (row(18).fields["loa"], row(18).fields["agreement_no"]) == ("LOA issued Agreement to be concluded", "")


def test_a_figure_between_crore_and_rupees_is_held_with_lakh_suggested(row):
    held = [flag for flag in row(16).flags if flag.code == "held_amount"]
    assert [(f.field, f.suggested) for f in held] == [
        ("contract_value", "3689000000.00"),
        ("spent_gross", "1218200000.00"),
    ]
    assert row(16).fields["contract_value"] is None


def test_text_in_an_amount_cell_is_flagged_and_nothing_is_guessed(row):
    assert (codes(row(15)), row(15).fields["estimate_amount"]) == (["unreadable_amount"], None)


def test_the_tender_percent_is_worked_out_and_a_difference_is_flagged(row):
    assert (codes(row(4)), row(4).fields["tender_percent"]) == ([], Decimal("-0.09"))
    assert (codes(row(8)), row(8).fields["tender_percent"]) == (["tender_percent"], Decimal("-36.10"))
    assert row(6).fields["tender_percent"] == Decimal("-1.08")


def test_dates_out_of_order_keep_a_work_out_and_odd_years_are_only_said(row):
    assert codes(row(12)) == ["grounded_before_as"]
    assert codes(row(13)) == ["agreement_before_as"]
    assert codes(row(14)) == ["agreement_year", "as_order_date"]
    assert codes(row(7)) == ["as_several_dates"]
    assert codes(row(9)) == ["as_year"]
    assert codes(row(19)) == ["authority"]
    assert row(7).fields["as_revisions"] == ["2024-03-13"]


def test_a_word_about_grounding_counts_as_grounding(row):
    assert row(9).fields["grounding_note"] == "LOA dt:05.06.2025"
    assert row(12).fields["grounding_note"] == ""


def test_types_are_folded_and_the_written_one_is_kept(row):
    kinds = [row(n).fields["work_type"] for n in (4, 6, 7, 8, 9, 12, 13, 14, 15, 17)]
    assert " ".join(kinds) == "layout road flyover water fencing park maintenance building sewerage building"
    assert row(7).fields["type_as_written"] == "Development"


def test_status_may_be_words_percent_or_fraction(row):
    assert row(7).fields["percent_done"] == 83
    assert (row(8).fields["status"], row(8).fields["percent_done"]) == ("75% completed", 75)


def test_places_are_taken_from_the_name_where_it_says_them(row):
    assert (row(4).fields["village"], row(4).fields["mandal"]) == ("Lakshmipur", "Kandipet")
    assert row(6).fields["district"] == "Ranga Reddy"
    assert row(9).fields["survey_numbers"] == "20 & 28"


def test_rows_without_a_work_or_with_one_twice_stay_out(read):
    report = read()
    assert {work.source_row: work.refused for work in report.works if work.refused} == {20: "no_work", 21: "duplicate"}
    assert 23 not in [work.source_row for work in report.works]


def test_the_sums_are_those_of_the_rows(read):
    totals = sum_up(read())
    assert (totals["works"], totals["left_out"]) == (14, 2)
    assert totals["divisions"] == {"VI": 2, "II": 4, "III": 4, "IV": 4}
    assert (totals["held"], totals["kept_out"], totals["tender_percent"]) == (2, [12, 13, 14], [8])
    assert totals["warned"] == [7, 9, 14, 19]
    assert totals["before_tender"] == 3
    assert totals["before_tender_estimates"] == 0


def test_size_and_stage_of_merged_cells_are_those_of_the_portfolio(read):
    def merge(sheet, place):
        for name in ("estimate", "quoted"):
            sheet.merge_cells(start_row=2, end_row=3, start_column=place[name], end_column=place[name])

    first = {"division": "I", "work": "North road", "estimate": 30, "quoted": "29 Cr"}
    report = read(works={2: first, 3: {"work": "South road", "as": "20 crore"}}, change=merge)
    totals, south = sum_up(report), report.works[1].fields
    assert (totals["size"], totals["sized"], totals["unsized"], totals["before_tender"]) == ("300000000.00", 1, 1, 0)
    assert south["shared_fields"] == ["estimate_amount", "contract_value"]
    assert south["shared_group"] == report.works[0].fields["shared_group"] == report.works[0].key
    works = [Project(code=work.key, **work.fields) for work in report.works]
    for work in works:
        work.derive()
    assert [(work.amount, work.reached) for work in works] == [(30 * CR, "contracted"), (None, "contracted")]


@pytest.mark.parametrize("seed", range(3))
def test_columns_are_found_by_their_words_wherever_they_stand(read, seed):
    order = list(HEADINGS)
    random.Random(seed).shuffle(order)
    assert sum_up(read(order=tuple(order))) == sum_up(read())


def test_a_report_without_its_headings_says_which_are_missing(read):
    with pytest.raises(Invalid, match="Name of the work"):
        read(change=lambda sheet, place: sheet.cell(1, place["work"], "Remarks"))
    with pytest.raises(Invalid, match="no row below"):
        read(works={})


def test_a_report_too_long_for_one_load_is_to_be_split(read, monkeypatch):
    monkeypatch.setattr(parse, "MAX_WORKS", 15)
    with pytest.raises(Invalid, match="Split it"):
        read()


def refusal(tmp_path, data, name="works.xlsx"):
    (tmp_path / name).write_bytes(data)
    return examine(tmp_path / name).get("refused")


def test_hostile_files_are_refused_in_words(tmp_path):
    with_macro = io.BytesIO(content())
    with zipfile.ZipFile(with_macro, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    assert "macro" in refusal(tmp_path, with_macro.getvalue())
    assert "macro" in refusal(tmp_path, content(), "works.xlsm")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        with zipfile.ZipFile(io.BytesIO(content())) as good:
            for entry in good.namelist():
                archive.writestr(entry, good.read(entry))
        with archive.open("xl/worksheets/sheet9.xml", "w", force_zip64=True) as part:
            for _piece in range(300):
                part.write(b" " * (1 << 20))
    assert "unpacks" in refusal(tmp_path, bomb.getvalue())
    assert refusal(tmp_path, b"%PDF-1.7", "works.xlsx")
    assert refusal(tmp_path, b"", "works.xlsx")


def test_megabytes_of_blank_rows_end_quickly(tmp_path):
    source = io.BytesIO(content())
    blank = b"".join(
        b'<row r="%d"><c r="A%d" t="inlineStr"><is><t> </t></is></c></row>' % (n, n) for n in range(30, 500_000)
    )
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(tmp_path / "works.xlsx", "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            body = old.read(entry)
            if entry.endswith("sheet1.xml"):
                body = body.replace(b"</sheetData>", blank + b"</sheetData>")
            new.writestr(entry, body)
    assert examine(tmp_path / "works.xlsx").get("refused")


def test_a_csv_of_the_same_report_reads_alike(tmp_path):
    lines = [",".join(f'"{HEADINGS[name]}"' for name in HEADINGS)]
    lines += [",".join(f'"{cells.get(name, "")}"' for name in HEADINGS) for cells in WORKS.values()]
    (tmp_path / "works.csv").write_text("\n".join(lines), encoding="utf-8")
    assert examine(tmp_path / "works.csv")["totals"]["works"] == 14


def test_what_no_column_holds_stays_out_of_the_work_and_is_flagged(read):
    cells = {"estimate": "99999999999 crore", "as": "GO 5 dt:01.02.2024\n2.50 + 1.75 crore", "quoted": "5 Cr 99999999%"}
    (work,) = read(works={2: {"division": "I", "work": "Road"} | cells}).works
    said = [work.fields[name] for name in ("estimate_amount", "as_amount", "contract_value", "tender_percent")]
    assert said == [None, None, 5 * CR, None]
    assert {(flag.field, flag.code, flag.suggested) for flag in work.flags} == {
        ("estimate_amount", "too_large", ""),
        ("as_amount", "several_amounts", "42500000.00"),
        ("tender_percent", "too_large", ""),
    }


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text):
    read_amount(text)
    read_quoted(text)
    read_dates(text)
    key_of(text, text)
    assert fold_type(text, text) in set(WorkType)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2098, 12, 31)), st.sampled_from([".", "/", "-"]))
def test_dates_survive_the_officers_way_of_writing(day, sign):
    text = f"Dt:{day.day:02d}{sign}{day.month:02d}{sign}{day.year}"
    assert read_dates(text) == [day]
    assert financial_year(day) == f"{day.year - (day.month < 4)}-{(day.year + (day.month >= 4)) % 100:02d}"


@pytest.mark.skipif("PORTAL_WORKS_REPORT" not in os.environ, reason="no report at hand")
def test_the_report_at_hand_gives_the_officers_totals():
    path = Path(os.environ["PORTAL_WORKS_REPORT"])
    totals = sum_up(read_report(read_workbook(path, path.name)))
    assert (totals["works"], totals["divisions"]) == (54, {"VI": 13, "I": 4, "II": 16, "VII": 2, "III": 13, "IV": 6})
    assert (totals["estimates"], round(Decimal(totals["estimated"]) / CR, 2)) == (43, Decimal("1310.23"))
    assert (totals["sized"], round(Decimal(totals["size"]) / CR, 2), totals["unsized"]) == (49, Decimal("2074.05"), 5)
    assert totals["slices"] == {"2": 5, "10": 25, "50": 12, "200": 4, "more": 3}
    assert sorted(totals["types"].values()) == [1, 2, 2, 3, 4, 4, 6, 8, 9, 15]
    assert (totals["status_blank"], totals["authorities"]) == (25, {"govt": 16, "mc": 28, "": 10})
    assert (totals["before_tender"], totals["before_tender_estimates"]) == (16, 12)
    assert Decimal(totals["before_tender_estimated"]) == Decimal("231.43") * CR
    assert (totals["held"], totals["tender_percent"], totals["kept_out"]) == (7, [18, 49], [6, 7, 12, 64])
    assert totals["warned"] == [24, 25, 26, 27, 28, 52, 56, 57, 69]
