"""The sums of a works report, to be laid beside the officers' own."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from portal.core.money import CRORE
from portal.projects.works_report.doubts import KEEP_OUT, WARNINGS
from portal.projects.works_report.measure import size_source, stage
from portal.projects.works_report.parse import Report, Work

SLICES = {"2": 2, "10": 10, "50": 50, "200": 200}  # crore, upper ends inclusive
ZERO = Decimal(0)


def size_of(said: dict[str, Any]) -> Decimal | None:
    """The size of a work, in rupees."""
    source = size_source(said)
    return said[source] if source else None


def slice_of(amount: Decimal) -> str:
    """The slice an amount falls into; "more" beyond the last."""
    return next((name for name, top in SLICES.items() if amount <= top * CRORE), "more")


def sum_up(report: Report) -> dict[str, Any]:
    """Counts and sums of what can be loaded, amounts in rupees as text."""
    works = report.accepted
    said = [work.fields for work in works]
    estimates = [one["estimate_amount"] for one in said if one["estimate_amount"] is not None]
    sizes = [size for one in said if (size := size_of(one)) is not None]
    waiting = [one for one in said if stage(one) == "before_tender"]
    estimated = [one["estimate_amount"] for one in waiting if one["estimate_amount"] is not None]
    return {
        "works": len(works),
        "left_out": len(report.works) - len(works),
        "divisions": dict(Counter(one["division"] for one in said)),
        "types": dict(Counter(one["work_type"] for one in said)),
        "authorities": dict(Counter(one["as_authority"] for one in said)),
        "estimates": len(estimates),
        "estimated": f"{sum(estimates, ZERO):f}",
        "sized": len(sizes),
        "size": f"{sum(sizes, ZERO):f}",
        "unsized": len(works) - len(sizes),
        "slices": dict(Counter(map(slice_of, sizes))),
        "status_blank": sum(1 for one in said if not one["status"] and one["percent_done"] is None),
        "before_tender": len(waiting),
        "before_tender_estimates": len(estimated),
        "before_tender_estimated": f"{sum(estimated, ZERO):f}",
        "held": len(rows_with(works, {"held_amount"}, cells=True)),
        "kept_out": rows_with(works, KEEP_OUT),
        "warned": rows_with(works, WARNINGS),
        "tender_percent": rows_with(works, {"tender_percent"}),
        "flagged": sum(1 for work in works if work.flags),
    }


def rows_with(works: Iterable[Work], codes: frozenset[str] | set[str], *, cells: bool = False) -> list[int]:
    """The rows of the sheet that carry one of the doubts; once for each doubtful cell when `cells`."""
    found = [work.source_row for work in works for flag in work.flags if flag.code in codes]
    return found if cells else sorted(set(found))
