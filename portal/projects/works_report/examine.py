"""Opening a works report that a stranger may have made: run in a sandbox, answers in plain JSON."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

from portal.core.errors import Invalid
from portal.core.sheets import read_workbook
from portal.projects.works_report.parse import Work, read_report
from portal.projects.works_report.totals import sum_up


def examine(path: Path) -> dict[str, Any]:
    """{"sheet", "columns", "unknown", "totals", "rows"}, or {"refused": why} in words for the officer."""
    try:
        report = read_report(read_workbook(path, path.name))
    except Invalid as invalid:
        return {"refused": str(invalid)}
    return {
        "sheet": report.sheet,
        "columns": report.columns.titles,
        "unknown": report.columns.unknown,
        "totals": sum_up(report),
        "rows": [_row(work) for work in report.works],
    }


def _row(work: Work) -> dict[str, Any]:
    return {
        "source_row": work.source_row,
        "key": work.key,
        "cells": work.cells,
        "parsed": {name: plain(value) for name, value in work.fields.items()},
        "flags": [flag._asdict() for flag in work.flags],
        "refused": work.refused,
    }


def plain(value: Any) -> Any:
    """Amounts and dates as text, without loss."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, dt.date) else value
