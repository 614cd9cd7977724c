"""What runs by the clock: every few seconds each module may look for work that was lost on the way."""

from jobs.process import repeat, start
from portal.core.registry import supplied

EVERY_S = 3.0


def tick() -> int:
    """Call everything marked @supplies("schedule.tick"); each is safe to call at any time."""
    for act in supplied("schedule.tick"):
        act()
    return 0


def main() -> None:
    """Until told to stop."""
    repeat(start(), tick, EVERY_S)


if __name__ == "__main__":
    main()
