"""By the clock: the days of the trail that are over are sealed."""

import time

from portal.audit_trail.commands import _seal_over
from portal.core.access import SYSTEM
from portal.core.registry import supplies

EVERY_S = 60.0
_looked = float("-inf")


@supplies("schedule.tick")
def seal_over() -> None:
    """Once a minute, for the first of them matters: until then the end of a day is only as safe as the database."""
    global _looked
    if time.monotonic() - _looked >= EVERY_S:
        _looked = time.monotonic()
        _seal_over(SYSTEM)
