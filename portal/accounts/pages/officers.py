"""The administrator's list of officers: found, filtered, in any order, and as a file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import queries
from portal.accounts.pages.blueprint import bp
from portal.accounts.queries.desk import SORTS, STATES, TITLES, _ask_of
from portal.accounts.rules import FIELDS
from portal.core.html import page
from portal.core.i18n import _
from portal.core.mask import personal
from portal.core.sheets import csv_lines

TONES = {"active": "ok", "invited": "wait", "waiting": "wait", "locked": "bad", "disabled": "bad"}
HEADS = dict(zip(SORTS, (_("Name"), _("User name"), _("Role"), _("State"), _("Last sign-in")), strict=True))
CHANGES = [f"hmda.accounts.officer.{what}" for what in ("added", "changed", "role_changed", "disabled", "enabled")]
LEGENDS = {"state": _("State"), "role": _("Role")}
LABELS: Mapping[str, Mapping[str, Any]] = {"state": STATES, "role": TITLES}


@bp.get("/officers")
def officers() -> ResponseReturnValue:
    """Who can sign in, as what, and since when they did not."""
    found = queries.find_officers(g.actor, _ask_of(request.args.to_dict(flat=False)))
    return page(
        "accounts/officers.html",
        found=found,
        ask=found.ask,
        link=_link,
        facets=[_facet(found, "state", found.states), _facet(found, "role", found.roles)],
        heads=HEADS,
        **WORDS,
        topics=CHANGES,
    )


WORDS: dict[str, Any] = {"states": STATES, "titles": TITLES, "tones": TONES, "personal": personal}


def _link(args: Mapping[str, Any]) -> str:
    """The list with these parameters."""
    return url_for("accounts.officers", **args)


def _facet(found: queries.Found, name: str, counts: Mapping[str, int]) -> tuple[str, Any, list[Any]]:
    """One row of filters: only what would find somebody, or was chosen."""
    chosen = getattr(found.ask, name)
    options = [
        (_link(found.ask.pick(name, value)), label, counts.get(value, 0), value in chosen)
        for value, label in LABELS[name].items()
        if counts.get(value) or value in chosen
    ]
    return name, LEGENDS[name], options


@bp.get("/officers/export.csv")
def export_officers() -> Response:
    """Everybody the filters find, under the headings that the bulk upload reads."""
    rows = queries.export_officers(g.actor, _ask_of(request.args.to_dict(flat=False)))
    return _csv(_exported(rows), "officers.csv")


def _exported(rows: Iterator[Any]) -> Iterator[Sequence[Any]]:
    yield [str(label) for label in FIELDS.values()]
    for row in rows:
        yield [_cell(row, name) for name in FIELDS]


def _cell(row: Any, name: str) -> str:
    """As the list is read back: roles by code, several places with commas between them."""
    value = getattr(row, name)
    if name == "active":
        return "yes" if value else "no"
    if name == "role":
        return value.upper() if value in TITLES and value != "none" else ""
    return ", ".join(value) if isinstance(value, list) else personal(value, name, g.actor)


def _csv(rows: Iterator[Sequence[Any]], name: str) -> Response:
    answer = Response("".join(csv_lines(rows)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
