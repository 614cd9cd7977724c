"""The portfolio: what is found, in what order, with counts beside every option and totals in the foot."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, case, func, select, tuple_

from portal.core.access import Actor, scoped
from portal.core.db import db
from portal.core.errors import TooLarge
from portal.core.i18n import _
from portal.core.keyset import Key, Window, window
from portal.core.money import CRORE
from portal.core.usecases import query
from portal.projects.models import DqFlag, Project
from portal.projects.rules import CLOSED, FACETS, REACHED, VALUES, View, read_view

MOST_EXPORTED = 10_000
LISTED = (
    *(Project.id, Project.project_id, Project.code, Project.name, Project.work, Project.division, Project.circle),
    *(Project.district, Project.work_type, Project.financial_year, Project.as_authority, Project.as_details),
    *(Project.as_date, Project.as_amount, Project.as_revised_amount, Project.ts_amount, Project.estimate_amount),
    *(Project.ecv, Project.contract_value, Project.tender_percent, Project.agency, Project.period, Project.status),
    *(Project.percent_done, Project.spent_gross, Project.spent_net, Project.reached, Project.amount),
    *(Project.shared_fields, Project.open_flags, Project.kept_out),
    *(Project.mandal, Project.village, Project.agreement_no, Project.agreement_date, Project.grounded_on),
    *(Project.version, Project.created_at, Project.updated_at),
)
_AS = func.coalesce(Project.as_revised_amount, Project.as_amount)
_SLICE = case(
    (Project.amount.is_(None), "none"),
    *((Project.amount <= top * CRORE, name) for name, (_low, top) in VALUES.items() if top),
    else_="o500",
)
_REPORT = case((Project.kept_out, "kept_out"), (Project.open_flags > 0, "flagged"), else_="clean")
OPTIONS: dict[str, Any] = {
    "division": Project.division,
    "circle": Project.circle,
    "district": Project.district,
    "type": Project.work_type,
    "year": Project.financial_year,
    "authority": Project.as_authority,
    "value": _SLICE,
    "reached": Project.reached,
    "report": _REPORT,
}
SORTS: dict[str, Any] = {
    "code": Project.code,
    "name": func.nullif(func.lower(Project.name), "", type_=Text),
    "division": func.nullif(Project.division, "", type_=Text),
    "type": Project.work_type,
    "year": func.nullif(Project.financial_year, "", type_=Text),
    "authority": func.nullif(Project.as_authority, "", type_=Text),
    "status": func.nullif(func.lower(Project.status), "", type_=Text),
    "agency": func.nullif(func.lower(Project.agency), "", type_=Text),
    "as_date": Project.as_date,
    "as": _AS,
    "amount": Project.amount,
    "estimate": Project.estimate_amount,
    "ecv": Project.ecv,
    "contract": Project.contract_value,
    "percent": Project.tender_percent,
    "reached": case(*((Project.reached == name, place) for place, name in enumerate(REACHED)), else_=9),
    "done": Project.percent_done,
    "spent": Project.spent_gross,
    "flags": Project.open_flags,
}


class Totals(NamedTuple):
    """The foot of the table: all that is filtered, not only the page. Shared amounts stand once."""

    works: int
    amount: Decimal
    estimate: Decimal
    contract: Decimal
    spent: Decimal
    sized: int
    contracts: int


class Portfolio(NamedTuple):
    """A page of projects with everything that stands around it."""

    view: View
    page: Window
    totals: Totals
    everything: int
    facets: Mapping[str, Sequence[tuple[str, int]]]


@query
def get_portfolio(actor: Actor, view: View) -> Portfolio:
    """One page of what the actor may see. Chosen values that no longer exist are dropped and named in the view."""
    facets, totals, everything = _around(actor, view)
    unknown = {
        name: [value for value in values if value not in dict(facets[name])]
        for name, values in view.chosen.items()
        if name not in CLOSED
    }
    if any(unknown.values()):
        view = view.without(unknown)
        facets, totals, everything = _around(actor, view)
    return Portfolio(view, _page(actor, view), totals, everything, facets)


@query
def get_mark(actor: Actor) -> str:
    """Changes whenever anything changes that a portfolio shows: none of its parts ever goes back to what it was.

    Every edit raises a version, of a project and of a doubt; neither is ever deleted.
    """
    flags: Any = select(func.sum(DqFlag.version))
    doubts = scoped(flags, DqFlag, actor).scalar_subquery()
    seen: Any = select(func.count(), func.sum(Project.version), func.max(Project.created_at), doubts)
    return str(db.session.execute(scoped(seen, Project, actor)).one())


@query
def list_projects(
    actor: Actor,
    *,
    q: str = "",
    division: Sequence[str] = (),
    circle: Sequence[str] = (),
    district: Sequence[str] = (),
    type: Sequence[str] = (),
    year: Sequence[str] = (),
    authority: Sequence[str] = (),
    value: Sequence[str] = (),
    reached: Sequence[str] = (),
    report: Sequence[str] = (),
    sort: str = "",
    after: str = "",
    size: int = 50,
) -> tuple[Sequence[Any], str]:
    """The same as rows and the cursor of the next page, for machines; the parameters are those of the page."""
    single = {"q": (q,), "sort": (sort,), "after": (after,)}
    many = {"division": division, "circle": circle, "district": district, "type": type, "year": year}
    more = {"authority": authority, "value": value, "reached": reached, "report": report}
    view = read_view({**single, **many, **more})
    found = _page(actor, view, size=min(max(size, 1), 200))
    return found.rows, found.next


@query
def export_projects(actor: Actor, view: View) -> Iterator[Any]:
    """All that is filtered, in the order of the view, streamed. Raises TooLarge beyond ten thousand rows."""
    keys, unique = _order(view)
    found = _narrowed(_visible(select(*LISTED), actor, view), view)
    counted = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    if counted > MOST_EXPORTED:
        raise TooLarge(_("More than %(count)s rows. Filter first, by division or year.", count=f"{MOST_EXPORTED:,}"))
    ways = [(key.column.desc() if key.down else key.column.asc()).nulls_last() for key in (*keys, unique)]
    return iter(db.session.execute(found.order_by(*ways).execution_options(yield_per=500)))


def _visible(statement: Any, actor: Actor, view: View) -> Any:
    """What the actor may know of and the words of the search leave."""
    statement = scoped(statement.where(Project.removed.is_(False)), Project, actor)
    for word in view.q.lower().split()[:8]:
        statement = statement.where(Project.search.contains(word, autoescape=True))
    return statement


def _narrowed(statement: Any, view: View) -> Any:
    return statement.where(*(OPTIONS[name].in_(_meant(values)) for name, values in view.chosen.items() if values))


def _meant(values: Sequence[str]) -> list[str]:
    """ "none" in an address is the empty value of a column; the slice of size has it as a value of its own."""
    return [*values, ""] if "none" in values else list(values)


def _order(view: View) -> tuple[list[Key], Key]:
    keys = [
        Key(f"by_{name}", SORTS[name], text.startswith("-")) for text in view.sort if (name := text.removeprefix("-"))
    ]
    return keys, Key("id", Project.id)


def _page(actor: Actor, view: View, *, size: int = 0) -> Window:
    keys, unique = _order(view)
    found = select(*LISTED, *(key.column.label(key.name) for key in keys))
    found = _narrowed(_visible(found, actor, view), view)
    return window(found, keys, unique, after=view.after, before=view.before, size=size or view.size)


def _around(actor: Actor, view: View) -> tuple[dict[str, list[tuple[str, int]]], Totals, int]:
    """Counts beside every option and the totals, in one pass: each filter is counted as if it were not chosen."""
    seen = select(
        *(OPTIONS[name].label(name) for name in FACETS),
        *(Project.amount, Project.estimate_amount, Project.contract_value, Project.spent_gross),
    )
    base = _visible(seen, actor, view).cte("seen")
    chosen = {name: base.c[name].in_(_meant(values)) for name, values in view.chosen.items() if values}
    counts = {
        name: _counted(*(test for other, test in chosen.items() if other != name)).label(f"n_{name}") for name in chosen
    }
    everything = func.count().label("everything")
    sums = _sums(base, list(chosen.values()))
    sets = func.grouping_sets(*(tuple_(base.c[name]) for name in FACETS), tuple_())
    mark = func.grouping(*(base.c[name] for name in FACETS)).label("mark")
    rows = db.session.execute(
        select(mark, *(base.c[name] for name in FACETS), everything, *sums, *counts.values()).group_by(sets)
    ).all()
    return _sorted_out(rows, chosen.keys())


def _counted(*tests: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(*tests) if tests else func.count()


def _sums(base: Any, tests: list[ColumnElement[bool]]) -> list[ColumnElement[Any]]:
    def summed(column: Any) -> ColumnElement[Any]:
        total = func.sum(column)
        return func.coalesce(total.filter(*tests) if tests else total, 0)

    def filled(column: Any) -> ColumnElement[int]:
        return func.count(column).filter(*tests) if tests else func.count(column)

    money = (base.c.amount, base.c.estimate_amount, base.c.contract_value, base.c.spent_gross)
    return [
        _counted(*tests).label("n"),
        *(summed(column).label(f"sum_{column.name}") for column in money),
        filled(base.c.amount).label("sized"),
        filled(base.c.contract_value).label("contracts"),
    ]


def _sorted_out(rows: Sequence[Any], chosen: Any) -> tuple[dict[str, list[tuple[str, int]]], Totals, int]:
    facets: dict[str, list[tuple[str, int]]] = {name: [] for name in FACETS}
    every = 2 ** len(FACETS) - 1
    totals, everything = Totals(0, Decimal(0), Decimal(0), Decimal(0), Decimal(0), 0, 0), 0
    for row in rows:
        if row.mark == every:
            amount, estimate = Decimal(row.sum_amount), Decimal(row.sum_estimate_amount)
            contract, spent = Decimal(row.sum_contract_value), Decimal(row.sum_spent_gross)
            totals = Totals(row.n, amount, estimate, contract, spent, row.sized, row.contracts)
            everything = row.everything
            continue
        name = FACETS[len(FACETS) - (every ^ row.mark).bit_length()]
        value, count = getattr(row, name), getattr(row, f"n_{name}") if name in chosen else row.n
        facets[name].append((value or "none", count))
    return {name: sorted(found) for name, found in facets.items()}, totals, everything
