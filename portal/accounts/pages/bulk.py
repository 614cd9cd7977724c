"""Many officers at once: upload a list, look at what it would do, load it, hand out the links."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Response, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import CombinedMultiDict

from portal.accounts import commands, queries
from portal.accounts.commands.inviting import Issued
from portal.accounts.forms import PlanForm, RosterForm
from portal.accounts.pages.blueprint import bp
from portal.accounts.pages.officers import _csv
from portal.accounts.queries.bulk import KINDS
from portal.accounts.queries.desk import TITLES
from portal.accounts.rules import FIELDS
from portal.core.access import ROLES, require
from portal.core.addresses import whole
from portal.core.html import page
from portal.core.i18n import _
from portal.core.show import ist

EXAMPLE = ("s.rao", "S. Rao, Executive Engineer", "s.rao@example.org", "+91 40 2345 6789", "EE", "II", "III, IV", "yes")


@bp.route("/officers/bulk", methods=["GET", "POST"])
def bulk() -> ResponseReturnValue:
    """Upload a list for a dry run."""
    require(g.actor, "accounts.write")
    form = RosterForm(CombinedMultiDict([request.files, request.form]))
    if request.method == "POST" and (batch := form.run(commands.stage_officers, g.actor, form.file.data)):
        return redirect(url_for(".roster", batch_id=batch.id), 303)
    return page("accounts/bulk.html", form=form, batches=queries.list_batches(g.actor), fields=FIELDS, roles=ROLES)


@bp.get("/officers/bulk/template.csv")
def bulk_template() -> Response:
    """The headings, with one row as an example."""
    require(g.actor, "accounts.write")
    return _csv(iter([[str(label) for label in FIELDS.values()], EXAMPLE]), "officers-template.csv")


@bp.get("/officers/bulk/<uuid:batch_id>")
def roster(batch_id: UUID) -> ResponseReturnValue:
    """Row by row what loading the list would do."""
    found, kind = queries.get_roster(g.actor, batch_id), request.args.get("kind", "")
    return page(
        "accounts/roster.html",
        roster=found,
        batch=found.batch,
        rows=[row for row in found.rows if kind not in KINDS or row.kind == kind],
        kind=kind if kind in KINDS else "",
        kinds=KINDS,
        fields=FIELDS,
        said=_said,
    )


def _said(name: str, value: Any) -> Any:
    """A value of a row in words."""
    if name == "active":
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(value) or "–"
    return TITLES.get(value, value) if name == "role" else value or "–"


@bp.get("/officers/bulk/<uuid:batch_id>/issues.csv")
def bulk_issues(batch_id: UUID) -> Response:
    """The list as it was uploaded, with a column that says what is to be mended."""
    heads, rows = queries.list_issues(g.actor, batch_id)
    return _csv(iter([heads, *rows]), "officers-issues.csv")


@bp.post("/officers/bulk/<uuid:batch_id>/load")
def load_bulk(batch_id: UUID) -> ResponseReturnValue:
    """Load all of it."""
    PlanForm(request.form).run(commands.load_officers, g.actor, batch_id)
    return redirect(url_for(".roster", batch_id=batch_id), 303)


@bp.post("/officers/bulk/<uuid:batch_id>/leave")
def leave_bulk(batch_id: UUID) -> ResponseReturnValue:
    """Leave it, and forget its rows."""
    commands.leave_officers(g.actor, batch_id)
    flash(str(_("The list is left; nothing was changed.")))
    return redirect(url_for(".bulk"), 303)


@bp.post("/officers/bulk/<uuid:batch_id>/links.csv")
def bulk_links(batch_id: UUID) -> Response:
    """The links of the new officers, this once."""
    return _csv(_links(commands.give_links(g.actor, batch_id)), "officers-links.csv")


def _links(issued: Iterable[Issued]) -> Iterator[Sequence[Any]]:
    yield [str(text) for text in (_("User name"), _("Name"), _("E-mail"), _("Link"), _("Good until"))]
    for one in issued:
        who = one.officer
        yield [who.username, who.name, who.email, whole("accounts.invitation", secret=one.secret), ist(one.expires_at)]
