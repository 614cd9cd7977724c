"""The trail as pages: searched, opened record by record, and given out as a file after a fresh proof."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, request, send_file, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from portal.audit_trail import commands, queries
from portal.audit_trail.forms import SearchForm
from portal.audit_trail.queries import _exported
from portal.audit_trail.rules import KNOWN, Ask, read_ask
from portal.core.audit import RULES
from portal.core.audit.words import DOORS, OUTCOMES, TITLES, WHYS
from portal.core.calendar import IST
from portal.core.html import page
from portal.core.i18n import _
from portal.core.mask import needed, personal
from portal.core.sheets import XLSX, csv_lines, write_xlsx
from portal.core.usecases import DOORS as USE_CASES

bp = Blueprint("audit_trail", __name__, url_prefix="/audit-trail")
TONES = {"done": "", "refused": "warn", "failed": "warn", "tampering": "bad", "read": "wait", "renewed": ""}
HOW = {"added": _("added"), "changed": _("changed"), "removed": _("removed")}
LEGENDS = {"outcome": _("Outcome"), "role": _("Role"), "module": _("Module")}
HEADS = {
    "day": _("Day"),
    "number": _("No."),
    "at": _("At"),
    "actor_name": _("Officer"),
    "role": _("Role"),
    "instrument": _("Instrument"),
    "act": _("Act"),
    "use_case": _("Use case"),
    "outcome": _("Outcome"),
    "why": _("Why"),
    "changes": _("Before and after"),
    "touched": _("Records"),
    "door": _("Door"),
    "address": _("Address"),
    "device": _("Device"),
    "session": _("Session"),
    "request_id": _("Request"),
    "digest": _("Digest"),
}
WIDTHS = [11, 8, 19, 24, 8, 14, 26, 40, 12, 40, 60, 40, 8, 16, 40, 34, 34, 66]


@bp.get("/")
def index() -> ResponseReturnValue:
    """What was done, by whom, newest first, as the address asks."""
    given = request.args.to_dict(flat=False)
    form = SearchForm(request.args)
    faulty = () if form.validate() else form.errors
    ask = read_ask({name: values for name, values in given.items() if name not in faulty})
    found = queries.find_records(g.actor, ask)
    ends = queries.get_ends(g.actor)
    facets = [_facet(ask, name) for name in KNOWN]
    return page("audit_trail/index.html", found=found, ask=ask, form=form, ends=ends, facets=facets, **WORDS)


@bp.get("/<uuid:record_id>")
def show(record_id: UUID) -> ResponseReturnValue:
    """One record: what was before and after, from where, and whether its place in the chain stands."""
    opened = queries.get_record(g.actor, record_id)
    changes = needed(opened.record.changes, g.actor)
    return page("audit_trail/show.html", record=opened.record, broken=opened.broken, changes=changes, **WORDS)


@bp.post("/export")
def export() -> ResponseReturnValue:
    """Everything the address asks for, as a file of the asked shape."""
    ask = read_ask(request.args.to_dict(flat=False))
    shape = request.form.get("shape", "csv")
    lines = _lines(ask, commands.export_records(g.actor, ask, shape))
    return _workbook(lines) if shape == "xlsx" else _csv(lines)


def _csv(lines: Iterator[Sequence[Any]]) -> Response:
    """Streamed row by row: a trail of years is longer than memory."""
    answer = Response(stream_with_context(csv_lines(lines)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit-trail.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _workbook(lines: Iterator[Sequence[Any]]) -> Response:
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as out:
        write_xlsx(Path(out.name), [("Audit trail", WIDTHS, 1, lines)], frozen_rows=1)
    kept = Path(out.name).open("rb")  # noqa: SIM115 - closed by the server when all is sent
    Path(out.name).unlink()
    answer = send_file(kept, XLSX, as_attachment=True, download_name="audit-trail.xlsx")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _lines(ask: Ask, upto: int) -> Iterator[Sequence[Any]]:
    yield [str(label) for label in HEADS.values()]
    for row in _exported(ask, upto):
        yield [_cell(row, name) for name in HEADS]


def _cell(row: Any, name: str) -> Any:
    """As the page shows it; what was before and after as JSON, so that a machine reads it back."""
    value = getattr(row, name)
    if name == "at":
        return value.astimezone(IST).strftime("%d-%m-%Y %H:%M:%S")
    if name == "changes":
        return json.dumps(needed(value, g.actor), ensure_ascii=False) if value else ""
    if name == "touched":
        return " ".join(value)
    return personal(value, name, g.actor) if name == "address" else needed(value, g.actor)


def _link(args: Mapping[str, Any]) -> str:
    """The search with these parameters."""
    return url_for("audit_trail.index", **args)


def _facet(ask: Ask, name: str) -> tuple[Any, list[tuple[str, Any, None, bool]]]:
    """One row of filters. Without counts: they would read the whole trail at every look."""
    chosen = getattr(ask, name)
    there = {act.partition(".")[0] for act in USE_CASES.values()}
    return LEGENDS[name], [
        (_link(ask.pick(name, value)), label or value.replace("_", " "), None, value in chosen)
        for value, label in KNOWN[name].items()
        if name != "module" or value in there or value in chosen
    ]


WORDS: dict[str, Any] = {
    "link": _link,
    "titles": TITLES,
    "outcomes": OUTCOMES,
    "tones": TONES,
    "doors": DOORS,
    "whys": WHYS,
    "how": HOW,
    "rules": RULES,
    "personal": personal,
}
