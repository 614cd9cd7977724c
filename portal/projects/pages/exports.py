"""The filtered portfolio as a file: CSV and XLSX, every row, numbers as numbers, texts that cannot act."""

import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from flask import Response, g, request, send_file

from portal.core.calendar import IST
from portal.core.i18n import _
from portal.core.sheets import XLSX, csv_lines, write_xlsx
from portal.projects import queries
from portal.projects.pages.blueprint import bp
from portal.projects.pages.portfolio import LEGENDS, label_of
from portal.projects.rules import AUTHORITIES, REACHED, WORK_TYPES, View, read_view

FIELDS: dict[str, Any] = {
    "code": _("Project number"),
    "name": _("Name of the project"),
    "work": _("Name of the work"),
    "division": _("Division"),
    "circle": _("Circle"),
    "district": _("District"),
    "mandal": _("Mandal"),
    "village": _("Village"),
    "work_type": _("Type of work"),
    "financial_year": _("AS year"),
    "as_authority": _("AS given by"),
    "as_details": _("AS order"),
    "as_date": _("AS date"),
    "as_amount": _("AS amount, ₹"),
    "as_revised_amount": _("Revised AS, ₹"),
    "ts_amount": _("TS amount, ₹"),
    "estimate_amount": _("Estimate, ₹"),
    "ecv": _("ECV, ₹"),
    "contract_value": _("Contract value, ₹"),
    "tender_percent": _("Tender, %"),
    "agency": _("Agency"),
    "agreement_no": _("Agreement number"),
    "agreement_date": _("Agreement date"),
    "grounded_on": _("Grounded on"),
    "period": _("Period of completion"),
    "reached": _("Stage"),
    "status": _("Status"),
    "percent_done": _("Done, %"),
    "spent_gross": _("Spent with taxes, ₹"),
    "spent_net": _("Spent without taxes, ₹"),
    "open_flags": _("Open doubts"),
}
WORDS: dict[str, Any] = {"work_type": WORK_TYPES, "as_authority": AUTHORITIES, "reached": REACHED}
WIDTHS = [22, 32, 60, 9, 9, 18, 16, 16, 18, 10, 22, 30, 12, *[18] * 6, 10, 30, 26, 14, 14, 14, 14, 30, 9, 18, 18, 10]


@bp.get("/export.csv")
def export_csv() -> Response:
    """All filtered rows as CSV."""
    view = read_view(request.args.to_dict(flat=False))
    lines = csv_lines(_lines(view, queries.export_projects(g.actor, view)))
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False, newline="", encoding="utf-8") as out:
        out.writelines(lines)
    return _sent(Path(out.name), "text/csv", "projects.csv")


@bp.get("/export.xlsx")
def export_xlsx() -> Response:
    """All filtered rows as a workbook."""
    view = read_view(request.args.to_dict(flat=False))
    lines = _lines(view, queries.export_projects(g.actor, view))
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as out:
        write_xlsx(Path(out.name), [("Projects", WIDTHS, len(_heading(view)) + 1, lines)])
    return _sent(Path(out.name), XLSX, "projects.xlsx")


def _sent(path: Path, mimetype: str, name: str) -> Response:
    """Send a file that is gone from the disk once it is open."""
    kept = path.open("rb")
    path.unlink()
    answer = send_file(kept, mimetype=mimetype, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _heading(view: View) -> list[list[Any]]:
    chosen = [f"{LEGENDS[name]}: {', '.join(str(label_of(name, v)) for v in vs)}" for name, vs in view.chosen.items()]
    if view.q:
        chosen.insert(0, f"{_('Search')}: {view.q}")
    return [
        [str(_("Projects")), "; ".join(chosen) or str(_("all"))],
        [str(_("As of")), f"{dt.datetime.now(IST):%d-%m-%Y %H:%M} IST"],
        [str(_("For")), g.actor.name],
        [],
    ]


def _lines(view: View, rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    yield from _heading(view)
    yield [str(label) for label in FIELDS.values()]
    for row in rows:
        yield [_cell(name, getattr(row, name)) for name in FIELDS]


def _cell(name: str, value: Any) -> Any:
    return str(WORDS[name][value]) if name in WORDS else value
