"""By the clock: instruments of delegation that began or ran out are told and marked."""

import time

from portal.core.access import SYSTEM
from portal.core.calendar import today
from portal.core.registry import supplies
from portal.delegations import commands, queries

EVERY_S = 60.0
_looked = float("-inf")


@supplies("schedule.tick")
def turn_over_instruments() -> None:
    """Once a minute. Rights do not wait for it: they look at the days themselves."""
    global _looked
    if time.monotonic() - _looked < EVERY_S:
        return
    _looked = time.monotonic()
    if queries.count_due(SYSTEM):
        commands.turn_over(SYSTEM, today())
