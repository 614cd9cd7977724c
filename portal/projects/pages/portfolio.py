"""The portfolio: the page officers land on."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from cachelib import SimpleCache
from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from markupsafe import Markup

from portal.core.html import page
from portal.core.i18n import _
from portal.core.money import CRORE, plain_number
from portal.projects import queries
from portal.projects.pages.blueprint import bp
from portal.projects.rules import (
    AUTHORITIES,
    COLUMNS,
    DEFAULT_COLUMNS,
    FACETS,
    PAGE_SIZES,
    REACHED,
    WORK_TYPES,
    View,
    read_view,
)

KEPT = SimpleCache(threshold=300, default_timeout=2 * 3600)
CHANGES = ["hmda.stage2.project.created", "hmda.stage2.project.updated", "hmda.stage2.project.removed"]
LEGENDS = {
    "division": _("Division"),
    "circle": _("Circle"),
    "district": _("District"),
    "type": _("Type"),
    "year": _("AS year"),
    "authority": _("AS given by"),
    "value": _("Size"),
    "reached": _("Stage"),
    "report": _("Doubts"),
}
FIRST = ("reached", "division")
NAMES: dict[str, Any] = {
    "type": WORK_TYPES,
    "authority": AUTHORITIES,
    "reached": REACHED,
    "value": {
        "u5": _("up to 5 cr"),
        "5_50": _("5 to 50 cr"),
        "50_500": _("50 to 500 cr"),
        "o500": _("over 500 cr"),
    },
    "report": {"flagged": _("To be looked at"), "kept_out": _("Kept out of averages"), "clean": _("None")},
}
HEADS = {
    "name": (_("Project"), False),
    "division": (_("Division"), False),
    "type": (_("Type"), False),
    "year": (_("AS year"), False),
    "authority": (_("AS by"), False),
    "status": (_("Status"), False),
    "agency": (_("Agency"), False),
    "as_date": (_("AS date"), True),
    "as": (_("AS, ₹ cr"), True),
    "amount": (_("Size, ₹ cr"), True),
    "estimate": (_("Estimate, ₹ cr"), True),
    "ecv": (_("ECV, ₹ cr"), True),
    "contract": (_("Contract, ₹ cr"), True),
    "percent": (_("Tender, %"), True),
    "reached": (_("Stage"), False),
    "done": (_("Done, %"), True),
    "spent": (_("Spent, ₹ cr"), True),
    "flags": (_("Doubts"), True),
}


@bp.get("/")
def index() -> ResponseReturnValue:
    """All projects the officer may see, as the address asks."""
    view = read_view(request.args.to_dict(flat=False))
    return page("projects/index.html", portfolio=_portfolio(view), here=link(view.args()), topics=CHANGES)


def _portfolio(view: View) -> Markup:
    """The region of figures, filters and rows: kept as long as nothing it shows has changed."""
    seen = (g.actor.role, sorted(g.actor.projects), str(get_locale()), queries.get_mark(g.actor))
    key = hashlib.sha256(repr((seen, view)).encode()).hexdigest()
    kept = KEPT.get(key)
    if kept is None:
        kept = render_template("projects/_portfolio.html", **_around(view))
        KEPT.set(key, kept)
    return Markup(kept)  # nosec B704  # noqa: S704 - what our own template wrote, escaped there


def _around(view: View) -> dict[str, Any]:
    found = queries.get_portfolio(g.actor, view)
    names = {facet: {value: str(label) for value, label in labels.items()} for facet, labels in NAMES.items()}
    return {
        "view": found.view,
        "portfolio": found,
        "link": link,
        "facets": _facets(found),
        "heads": HEADS,
        "names": names,
        "cr": crore_figure,
        "doubtful": sum(count for value, count in found.facets["report"] if value != "clean"),
        "doubtful_link": view.afresh(report=["flagged", "kept_out"]),
        "every_column": COLUMNS,
        "usual_columns": DEFAULT_COLUMNS,
        "page_sizes": PAGE_SIZES,
    }


def link(args: dict[str, Any]) -> str:
    """The portfolio with these parameters."""
    return url_for("projects.index", **args)


def crore_figure(amount: Decimal | str | None) -> str:
    """Rupees as crore with two decimals, for columns whose heading names the unit."""
    return "–" if amount is None else plain_number(Decimal(amount) / CRORE, 2)


def _facets(found: Any) -> dict[bool, list[tuple[str, Any, list[tuple[str, Any, int, bool]]]]]:
    """Filters with a choice to offer: the first ones, and those behind "More filters"."""
    split: dict[bool, list[Any]] = {True: [], False: []}
    for name in (*FIRST, *(other for other in FACETS if other not in FIRST)):
        options = found.facets[name]
        if len(options) > 1 or found.view.chosen.get(name):
            split[name in FIRST].append((name, LEGENDS[name], _options(found.view, name, options)))
    return split


def _options(view: View, name: str, options: Sequence[tuple[str, int]]) -> list[tuple[str, Any, int, bool]]:
    order = list(NAMES.get(name, {}))
    ranked = sorted(
        options, key=lambda pair: (pair[0] == "none", order.index(pair[0]) if pair[0] in order else 99, pair)
    )
    chosen = view.chosen.get(name, ())
    return [
        (link(view.pick(name, value)), label_of(name, value), count, value in chosen)
        for value, count in ranked
        if count or value in chosen
    ]


def label_of(name: str, value: str) -> Any:
    """A value of a filter in words."""
    if value == "none":
        return _("Not stated")
    return NAMES.get(name, {}).get(value, value)
