"""The figures of the rules: those in force today, and what was ever entered."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.core.access import Actor
from portal.core.calendar import today
from portal.core.db import db
from portal.core.errors import NotFound
from portal.core.i18n import _
from portal.core.usecases import query
from portal.security.models import WatchFigure
from portal.security.rules.parameters import PARAMETERS, Figures, Parameter, in_force


@dataclass(frozen=True)
class FigureRow:
    """One figure with its value today and the entries behind it, the latest first."""

    name: str
    parameter: Parameter
    value: str
    entries: Sequence[WatchFigure]

    @property
    def id(self) -> str:
        """Figures are known by name."""
        return self.name

    @property
    def coming(self) -> WatchFigure | None:
        """An entry whose first day is still to come."""
        return next((one for one in self.entries if one.starts > today()), None)


def _entries() -> Sequence[WatchFigure]:
    """Everything that was entered, in that order."""
    return db.session.scalars(select(WatchFigure).order_by(WatchFigure.set_at, WatchFigure.id)).all()


def _figures_of(day: dt.date) -> Figures:
    """The values in force on a day."""
    return in_force(((one.name, one.value, one.starts) for one in _entries()), day)


@query
def list_figures(actor: Actor) -> tuple[Sequence[FigureRow], str]:
    """Every figure of every rule as it stands today."""
    return list(_rows().values()), ""


@query
def get_figure(actor: Actor, name: str) -> FigureRow:
    """One figure. Raises NotFound for a name no rule has."""
    rows = _rows()
    if name not in rows:
        raise NotFound(_("There is no such record."))
    return rows[name]


def _rows() -> Mapping[str, FigureRow]:
    entries = _entries()
    figures = in_force(((one.name, one.value, one.starts) for one in entries), today())
    return {
        name: FigureRow(name, one, figures.text(name), [entry for entry in reversed(entries) if entry.name == name])
        for name, one in PARAMETERS.items()
    }
