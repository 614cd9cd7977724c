"""What runs by the clock: every few seconds each module may look for work that was lost on the way."""

import logging

from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from jobs.process import repeat, start
from portal.core.registry import supplied

EVERY_S = 3.0
log = logging.getLogger("portal.schedule")


def tick() -> int:
    """Call everything marked @supplies("schedule.tick"); each is safe to call at any time."""
    for act in supplied("schedule.tick"):
        try:
            act()
        except (OperationalError, RedisError, OSError):
            raise  # waited for by repeat()
        except Exception:
            log.exception("%s failed", act.__name__)  # its neighbours go on
    return 0


def main() -> None:
    """Until told to stop."""
    repeat(start(), tick, EVERY_S)


if __name__ == "__main__":
    main()
