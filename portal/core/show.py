"""Template filters: how dates, times, amounts and sizes are printed, everywhere the same."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from portal.core.calendar import IST, today
from portal.core.i18n import _
from portal.core.money import crore_lakh, rupees

NOTHING = "–"


def dmy(value: dt.date | None) -> str:
    """31-12-2026."""
    if isinstance(value, dt.datetime):
        value = value.astimezone(IST).date()
    return value.strftime("%d-%m-%Y") if value else NOTHING


def ist(value: dt.datetime | None) -> str:
    """A stored moment as officers read it: today 10:42, yesterday 17:30, 12-11-2026 09:00."""
    if not value:
        return NOTHING
    local, this_day = value.astimezone(IST), today()
    clock = local.strftime("%H:%M")
    if local.date() == this_day:
        return str(_("today %(clock)s", clock=clock))
    if local.date() == this_day - dt.timedelta(days=1):
        return str(_("yesterday %(clock)s", clock=clock))
    return f"{dmy(local.date())} {clock}"


def size(value: int | None) -> str:
    """Bytes as B, KB, MB."""
    number = float(value or 0)
    for unit in ("B", "KB", "MB"):
        if number < 1024 or unit == "MB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    raise AssertionError


def _money(show: Callable[[Decimal], str]) -> Callable[[Any], str]:
    def shown(value: Any) -> str:
        return NOTHING if value is None or value == "" else show(Decimal(str(value)))

    return shown


FILTERS: dict[str, Callable[..., str]] = {
    "dmy": dmy,
    "ist": ist,
    "size": size,
    "rupees": _money(rupees),
    "crore": _money(crore_lakh),
}
