"""The authority's calendar: its days begin and end in Indian Standard Time."""

import datetime as dt
from zoneinfo import ZoneInfo

IST = ZoneInfo("Asia/Kolkata")


def financial_year(day: dt.date) -> str:
    """April to March: 2026-27."""
    start = day.year if day.month >= 4 else day.year - 1
    return f"{start}-{(start + 1) % 100:02d}"


def now() -> dt.datetime:
    """The present moment, in UTC: the only clock the portal stores."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The date on the officers' desks."""
    return dt.datetime.now(IST).date()
