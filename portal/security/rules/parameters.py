"""The figures of the rules: what each is for, its default and its limits. The values in force are dated data."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.core.errors import Invalid
from portal.core.i18n import _

DATES = "dates"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One figure of a rule; `low` and `high` are what the page takes, `whole` refuses decimals."""

    group: str
    label: Any
    default: str
    low: float = 0
    high: float = 1000
    whole: bool = True
    kind: str = "number"


GROUPS = {
    "new_place": _("New network and device"),
    "speed": _("Impossible speed"),
    "refusals": _("Burst of refusals"),
    "failures": _("Burst of failed sign-ins"),
    "downloads": _("Downloads outside office hours"),
    "baseline": _("Deviation from one's own baseline"),
    "hours": _("Office hours"),
    "alerts": _("All rules"),
}
_P = Parameter
PARAMETERS: Mapping[str, Parameter] = {
    "new_place.sign_ins": _P(group="new_place", label=_("Sign-ins before there is a history"), default="5", low=1),
    "new_place.days": _P(group="new_place", label=_("Days of history"), default="90", low=7, high=366),
    "speed.kmh": _P(group="speed", label=_("Fastest journey, km an hour"), default="900", low=100, high=5000),
    "speed.km": _P(group="speed", label=_("Shortest distance that counts, km"), default="100", low=10, high=5000),
    "refusals.least": _P(group="refusals", label=_("At least so many refusals"), default="5", low=2),
    "refusals.minutes": _P(group="refusals", label=_("within minutes"), default="10", low=1, high=60),
    "refusals.chance": _P(
        group="refusals", label=_("Chance below which it counts"), default="0.001", low=1e-9, high=0.1, whole=False
    ),
    "refusals.floor": _P(
        group="refusals", label=_("Least usual rate, an hour"), default="0.3", low=0.01, high=100, whole=False
    ),
    "failures.least": _P(group="failures", label=_("At least so many failures of one name"), default="6", low=2),
    "failures.names": _P(group="failures", label=_("or so many names from one network"), default="5", low=2),
    "failures.minutes": _P(group="failures", label=_("within minutes"), default="10", low=1, high=60),
    "failures.chance": _P(
        group="failures", label=_("Chance below which it counts"), default="0.001", low=1e-9, high=0.1, whole=False
    ),
    "failures.floor": _P(
        group="failures", label=_("Least usual rate, an hour"), default="0.5", low=0.01, high=100, whole=False
    ),
    "downloads.least": _P(group="downloads", label=_("More than so many downloads"), default="10", low=1),
    "downloads.sigmas": _P(
        group="downloads", label=_("and so many standard deviations"), default="3", low=1, high=10, whole=False
    ),
    "downloads.days": _P(group="downloads", label=_("Days of history"), default="60", low=14, high=366),
    "baseline.z": _P(group="baseline", label=_("Robust deviations (z)"), default="4", low=2, high=20, whole=False),
    "baseline.days": _P(group="baseline", label=_("Days of history"), default="60", low=20, high=366),
    "baseline.least_days": _P(group="baseline", label=_("Days needed before it judges"), default="14", low=7, high=60),
    "baseline.hour": _P(group="baseline", label=_("At least so many acts in an hour"), default="40", low=5, high=10000),
    "baseline.day": _P(group="baseline", label=_("At least so many acts in a day"), default="100", low=5, high=100000),
    "baseline.spread": _P(
        group="baseline", label=_("Least spread, in log(1 + acts)"), default="0.35", low=0.05, high=3, whole=False
    ),
    "hours.opens": _P(group="hours", label=_("Open from, o'clock"), default="7", high=23),
    "hours.closes": _P(group="hours", label=_("Open until, o'clock"), default="21", low=1, high=24),
    "hours.holidays": _P(
        group="hours", label=_("Holidays besides Sundays and second Saturdays"), default="", kind=DATES
    ),
    "alerts.quiet": _P(
        group="alerts", label=_("Minutes before the same rule speaks again of the same officer"), default="60", low=1
    ),
}


@dataclass(frozen=True)
class Figures:
    """The values in force, as text by name; what is not set has its default."""

    given: Mapping[str, str]

    def text(self, name: str) -> str:
        """The value as it was entered."""
        return self.given.get(name, PARAMETERS[name].default)

    def __getitem__(self, name: str) -> float:
        return float(self.text(name))

    def whole(self, name: str) -> int:
        """The value as a whole number."""
        return int(self[name])

    def span(self, name: str) -> dt.timedelta:
        """The value as minutes or days, whichever its name says."""
        return dt.timedelta(days=self[name]) if name.endswith("days") else dt.timedelta(minutes=self[name])

    @property
    def holidays(self) -> frozenset[dt.date]:
        """The holidays that were entered."""
        return frozenset(read_dates(self.text("hours.holidays")))


DEFAULTS = Figures({})


def read_dates(text: str) -> list[dt.date]:
    """Dates written 26-01-2026, with commas between. Raises Invalid, naming the one that is none."""
    found = []
    for part in (one.strip() for one in text.replace("\n", ",").split(",")):
        if part:
            found.append(_date(part))
    return found


def _date(text: str) -> dt.date:
    try:
        return dt.datetime.strptime(text, "%d-%m-%Y").date()  # noqa: DTZ007 - a day, not a moment
    except ValueError:
        words = _("“%(text)s” is not a date. Write dates as 26-01-2026, with commas between.", text=text[:20])
        raise Invalid(words, "value") from None


def checked(name: str, text: str) -> str:
    """The value as it is kept. Raises Invalid with what would be taken."""
    one, text = PARAMETERS[name], text.strip()
    if one.kind == DATES:
        return ", ".join(day.strftime("%d-%m-%Y") for day in sorted(set(read_dates(text))))
    try:
        value = float(text.replace(",", "")) if text.isascii() else math.nan
    except ValueError:
        value = math.nan
    if not one.low <= value <= one.high or (one.whole and value != int(value)):
        kind = _("a whole number") if one.whole else _("a number")
        words = _("Enter %(kind)s from %(low)s to %(high)s.", kind=kind, low=f"{one.low:g}", high=f"{one.high:g}")
        raise Invalid(words, "value")
    return f"{value:.10g}"


def in_force(settings: Iterable[tuple[str, str, dt.date]], day: dt.date) -> Figures:
    """The values of a day, from (name, value, first day) in the order they were entered: the latest begun one holds."""
    latest: dict[str, tuple[dt.date, str]] = {}
    for name, value, starts in settings:
        if name in PARAMETERS and starts <= day and starts >= latest.get(name, (dt.date.min, ""))[0]:
            latest[name] = (starts, value)
    return Figures({name: value for name, (_starts, value) in latest.items()})
