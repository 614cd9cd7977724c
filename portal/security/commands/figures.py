"""The figures of the rules are set from a day on, with the reason."""

from typing import Any

from portal.core.access import Actor
from portal.core.calendar import today
from portal.core.db import db, now
from portal.core.errors import Invalid
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.security.events import FigureSet
from portal.security.models import WatchFigure
from portal.security.queries.figures import FigureRow, _entries, get_figure
from portal.security.rules.parameters import checked, in_force


@command()
def set_figure(actor: Actor, name: str, values: dict[str, Any]) -> FigureRow:
    """Enter another value from a day on. What was entered before stays, and what was judged by it stands."""
    figure = get_figure(actor, name)
    value, starts = checked(name, values["value"]), values["starts"]
    if starts < today():
        raise Invalid(_("A figure holds from today or a later day: what was judged by another stands."), "starts")
    entered = [(one.name, one.value, one.starts) for one in _entries()]
    figures = in_force([*entered, (name, value, starts)], starts)
    if figures["hours.opens"] >= figures["hours.closes"]:
        raise Invalid(_("The office closes after it opens."), "value")
    row = WatchFigure(
        name=name,
        value=value,
        starts=starts,
        why=values["why"],
        set_by=actor.id,
        set_by_name=actor.name or actor.role,
        set_at=now(),
    )
    db.session.add(row)
    label = f"{figure.parameter.group}: {figure.parameter.label}"
    record(FigureSet(figure=label, value=value or "–", starts=f"{starts:%d-%m-%Y}", why=values["why"]), row, actor)
    return get_figure(actor, name)
