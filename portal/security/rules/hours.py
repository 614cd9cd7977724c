"""Office hours of the authority: by the clock of the desks (IST), without Sundays, second Saturdays and holidays."""

import datetime as dt
from collections.abc import Iterable

from portal.core.calendar import IST
from portal.security.rules.parameters import Figures


def is_day_off(day: dt.date, figures: Figures) -> bool:
    """A Sunday, the second Saturday of the month, or a holiday that was entered."""
    second_saturday = day.weekday() == 5 and 8 <= day.day <= 14
    return day.weekday() == 6 or second_saturday or day in figures.holidays


def is_open(at: dt.datetime, figures: Figures) -> bool:
    """Whether the moment lies in office hours."""
    here = at.astimezone(IST)
    return not is_day_off(here.date(), figures) and figures["hours.opens"] <= here.hour < figures["hours.closes"]


def night_of(at: dt.datetime, figures: Figures) -> dt.date:
    """The day whose evening a moment outside office hours belongs to: two in the morning is still the night before."""
    here = at.astimezone(IST)
    early = here.hour < figures["hours.opens"]
    return here.date() - dt.timedelta(days=1) if early else here.date()


def by_night(moments: Iterable[dt.datetime], figures: Figures) -> dict[dt.date, int]:
    """How many of the moments lie outside office hours, by night."""
    found: dict[dt.date, int] = {}
    for at in moments:
        if not is_open(at, figures):
            night = night_of(at, figures)
            found[night] = found.get(night, 0) + 1
    return found
