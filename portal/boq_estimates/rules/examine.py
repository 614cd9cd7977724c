"""Opening a bill that a stranger may have made: run in a sandbox, told and answering in plain JSON.

The folder handed over holds what is asked (ask.json); the officer's rows with a column Issues are left there
(issues.xlsx).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from portal.boq_estimates.rules.bill import ERROR, WARNING, Bill, column_letter, read_bill
from portal.boq_estimates.rules.issues import help_text
from portal.boq_estimates.rules.layout import Layout, guess_columns, guess_layout, layout_of
from portal.boq_estimates.rules.stored import bill_as_json
from portal.core.cells import Sheet, Workbook
from portal.core.errors import Invalid
from portal.core.sheets import read_workbook, shown, write_xlsx

ASK, ISSUES = "ask.json", "issues.xlsx"
SAMPLE_ROWS, SAMPLE_COLUMNS, SAMPLE_TEXT = 20, 30, 80
GAP = 1000


def examine(folder: Path) -> dict[str, Any]:
    """Sheets, layout, sample, bill, issues and counts of the workbook asked for; or {"refused": why} for the officer.

    Asked are path and filename, and as far as an officer has named them sheet, header_row and columns.
    """
    ask = json.loads((folder / ASK).read_text())
    try:
        return _found(read_workbook(Path(ask["path"]), ask["filename"]), ask, folder / ISSUES)
    except Invalid as invalid:
        return {"refused": str(invalid)}


def _found(book: Workbook, ask: Mapping[str, Any], issues: Path) -> dict[str, Any]:
    layout = _layout(ask, book.sheets)
    sheet = next((s for s in book.sheets if layout and s.name == layout.sheet), _first(book.sheets))
    header_row = layout.header_row if layout else sheet.rows[0].number
    readable = layout is not None and not layout.problems()
    bill = read_bill(sheet, layout) if layout and readable else Bill()
    if bill.issues:
        rows = _with_issues(sheet, bill, header_row)
        write_xlsx(issues, [(sheet.name, [18] * sheet.width + [80], header_row, rows)])
    return {
        "sheets": [{"name": s.name, "rows": len(s.rows), "hidden": s.hidden} for s in book.sheets if s.rows],
        "sheet": sheet.name,
        "header_row": header_row,
        "mapping": layout.columns if layout else {},
        "sample": _sample(sheet, header_row),
        "bill": bill_as_json(bill) if readable else None,
        "issues": [_issue(layout, issue) for issue in bill.issues] if layout else [],
        "counts": _counts(bill),
    }


def _layout(ask: Mapping[str, Any], sheets: Sequence[Sheet]) -> Layout | None:
    """As mapped by the officer; columns guessed in the row they pointed at; or everything guessed."""
    at = ask["header_row"]
    chosen = next((sheet for sheet in sheets if at and sheet.name == ask["sheet"] and sheet.rows), None)
    if chosen is None:
        return guess_layout(sheets)
    if ask["columns"]:
        return layout_of(chosen, at, ask["columns"])
    row = next((row for row in chosen.rows if row.number == at), None)
    return layout_of(chosen, at, guess_columns(row)) if row else None


def _first(sheets: Sequence[Sheet]) -> Sheet:
    filled = [sheet for sheet in sheets if sheet.rows]
    return next((sheet for sheet in filled if not sheet.hidden), filled[0])


def _sample(sheet: Sheet, header_row: int) -> list[list[str]]:
    """The header row and the 20 rows below it, each with its number, as texts of bearable length."""
    rows = [row for row in sheet.rows if row.number >= header_row][: SAMPLE_ROWS + 1]
    width = min(max((len(row.cells) for row in rows), default=0), SAMPLE_COLUMNS)
    return [[str(row.number), *(shown(row.at(place))[:SAMPLE_TEXT] for place in range(width))] for row in rows]


def _issue(layout: Layout, issue: Any) -> dict[str, Any]:
    return {
        "row_no": issue.row,
        "column": column_letter(layout, issue.field),
        "field": issue.field,
        "severity": issue.severity,
        "code": issue.code,
        "value": issue.value,
        "details": dict(issue.details),
    }


def _counts(bill: Bill) -> dict[str, Any]:
    return {
        "rows_total": bill.rows,
        "rows_hidden": bill.hidden,
        "rows_error": bill.rows_with(ERROR),
        "rows_warning": bill.rows_with(WARNING),
        "rows_ok": bill.rows - len({issue.row for issue in bill.issues}),
        "sections_count": len(bill.sections),
        "items_count": len(bill.items),
        "works_total": str(bill.works),
    }


def _with_issues(sheet: Sheet, bill: Bill, header_row: int) -> Iterator[list[Any]]:
    """The officer's own cells with what was found behind them."""
    said: dict[int, list[str]] = {}
    for issue in bill.issues:
        said.setdefault(issue.row, []).append(
            f"{issue.severity}: {issue.field}: {help_text(issue.code, issue.details)}"
        )
    width, at = sheet.width, 1
    for row in sheet.rows:
        for _blank in range(min(row.number - at, GAP)):
            yield []
        words = "Issues" if row.number == header_row else "\n".join(said.get(row.number, ()))
        yield [*row.cells, *[None] * (width - len(row.cells)), words or None]
        at = row.number + 1
