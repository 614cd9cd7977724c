"""Numbers of projects: INFRA-RT-2025-042-C1 is category, kind, year, serial, circle (or D and the division)."""

from collections import Counter

from sqlalchemy import func, select, text

from portal.core.db import db, now
from portal.projects.models import Project
from portal.projects.rules import WorkType

KINDS = {
    WorkType.LAYOUT: "LY",
    WorkType.ROAD: "RT",
    WorkType.FLYOVER: "FL",
    WorkType.BUILDING: "BD",
    WorkType.PARK: "PL",
    WorkType.WATER: "WS",
    WorkType.SEWERAGE: "SW",
    WorkType.FENCING: "FN",
    WorkType.MAINTENANCE: "OM",
    WorkType.OTHER: "OT",
}
LONGEST_PLACE = 21  # what is longer is a remark in the column, no circle or division
REGISTER_LOCK = 7101


class _Numbering:
    """Gives out the next free serials inside one transaction; two officers at once wait for one another."""

    def __init__(self) -> None:
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": REGISTER_LOCK})
        self.last: Counter[str] = Counter()

    def next(self, project: Project) -> str:
        year = (project.financial_year or "")[:4]
        if not year.isdigit():
            year = str((project.as_date or now()).year)
        stem = f"INFRA-{KINDS[WorkType(project.work_type)]}-{year}-"
        if stem not in self.last:
            self.last[stem] = _highest(stem)
        self.last[stem] += 1
        place = project.circle or (f"D{project.division}" if project.division else "")
        if place and len(place) <= LONGEST_PLACE:
            return f"{stem}{self.last[stem]:03d}-{place}".replace(" ", "")
        return f"{stem}{self.last[stem]:03d}"


def _highest(stem: str) -> int:
    serial = func.substring(Project.code, f"^{stem}([0-9]+)")
    codes = db.session.scalars(select(serial).where(Project.code.startswith(stem, autoescape=True)))
    return max((int(code) for code in codes if code and len(code) < 9), default=0)
