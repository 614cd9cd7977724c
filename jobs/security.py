"""By the clock: the watch looks at what is new in the audit trail."""

from portal.core.access import SYSTEM
from portal.core.registry import supplies
from portal.security.commands.watching import AT_ONCE, look

AT_MOST = 20  # looks in one turn, so that the other clocks are not kept waiting


@supplies("schedule.tick")
def watch() -> None:
    """At every turn, and again at once while more is waiting than one look takes."""
    for _look in range(AT_MOST):
        if look(SYSTEM) < AT_ONCE:
            return
