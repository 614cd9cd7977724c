"""What an instrument may lend, to whom and for how long (tech-sanction, section 10): no session, no Flask."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from portal.core.access import POLICY, ROLES
from portal.core.i18n import _
from portal.core.money import crore_lakh

LENT = POLICY["lent"]
TYPES = {
    "temporary": _("Temporary: from a first to a last day"),
    "conditional": _("Conditional: on standby until the Chief Engineer declares an event"),
    "standing": _("Standing: until revoked, with a day of review"),
}
CHARGES = {
    "scoped": _("Scoped: decides within the band, classes and circles named here"),
    "full_additional_charge": _("Full additional charge: holds the Chief Engineer's post as well"),
    "look_after": _("Look after: notes and raises queries, decides nothing"),
}
FULL, LOOK_AFTER, CONDITIONAL, TEMPORARY, STANDING = (
    *("full_additional_charge", "look_after", "conditional"),
    *("temporary", "standing"),
)
CLASSES = {"standard": _("standard"), "complex": _("complex"), "emergency": _("emergency")}
STATES = {
    "draft": _("draft"),
    "active": _("issued"),
    "standby": _("on standby"),
    "expired": _("expired"),
    "revoked": _("revoked"),
}
LIVE = ("active", "standby")
ALONE = Decimal(max(LENT["to"].values()))  # more than this needs an order from outside the office
Fault = tuple[str, Any]  # the field, and what is wrong with it in words


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What an instrument says; None where nothing legible was said. `role` is the receiver's."""

    type: str
    charge: str
    role: str | None
    floor_rs: Decimal | None
    ceiling_rs: Decimal | None
    project_classes: Sequence[str]
    circles: Sequence[str]
    starts_on: dt.date | None
    ends_on: dt.date | None
    review_on: dt.date | None
    condition: str
    outside_approval_ref: str


class Reach(NamedTuple):
    """The amounts, circles and days an instrument covers, all ends included; open without a last day."""

    floor: Decimal
    ceiling: Decimal
    circles: frozenset[str]
    starts: dt.date
    ends: dt.date | None


def faults(terms: Terms, on: dt.date) -> list[Fault]:
    """Everything that keeps these terms from being issued on a day, field by field."""
    return [*_of_band(terms), *_of_scope(terms), *_of_days(terms, on), *_of_papers(terms)]


def top_of(role: str, charge: str) -> Decimal:
    """The most that can be lent to a role, in rupees; nothing to a role that can be lent nothing."""
    if role not in LENT["to"]:
        return Decimal(0)
    return Decimal(LENT["full"] if charge == FULL else LENT["to"][role])


def _of_band(terms: Terms) -> Iterator[Fault]:
    if terms.role is not None and terms.role not in LENT["to"]:
        receivers = ", ".join(str(ROLES[role]) for role in LENT["to"])
        yield "to_officer", _("An instrument is given to one of these only: %(roles)s.", roles=receivers)
        return
    if terms.ceiling_rs is None:
        return
    if terms.ceiling_rs < (terms.floor_rs or 0):
        yield "ceiling_rs", _("The band ends below where it begins.")
    if terms.role is not None and terms.ceiling_rs > top_of(terms.role, terms.charge):
        yield "ceiling_rs", _too_high(terms.role, terms.charge)


def _too_high(role: str, charge: str) -> Any:
    top, full = crore_lakh(top_of(role, charge)), crore_lakh(Decimal(LENT["full"]))
    if charge == FULL:
        return _("At most %(top)s can be lent: it is the Chief Engineer's own limit.", top=full)
    return _(
        "To this role (%(role)s) at most %(top)s is lent; more only with full additional charge, up to %(full)s.",
        role=ROLES[role],
        top=top,
        full=full,
    )


def _of_scope(terms: Terms) -> Iterator[Fault]:
    if not terms.project_classes:
        yield "project_classes", _("Choose at least one class of works.")
    elif unknown := [one for one in terms.project_classes if one not in CLASSES]:
        known = ", ".join(CLASSES)
        yield "project_classes", _("There is no class “%(name)s”. Known: %(known)s.", name=unknown[0], known=known)
    if not terms.circles:
        yield "circles", _("Name at least one circle: without one, nothing is lent.")


def _of_days(terms: Terms, on: dt.date) -> Iterator[Fault]:
    if terms.type == TEMPORARY and terms.ends_on is None:
        yield "ends_on", _("A temporary instrument has a last day.")
    elif terms.type == CONDITIONAL and terms.ends_on is None and terms.review_on is None:
        yield "ends_on", _("Say the last day, or a day of review, so that it is not forgotten on standby.")
    if terms.type == STANDING and terms.review_on is None:
        yield "review_on", _("A standing instrument has a day of review, at most twelve months after its first day.")
    if terms.starts_on is None:
        return
    if terms.starts_on < on:
        yield "starts_on", _("No instrument works backwards: its first day is today or later.")
    if terms.ends_on and terms.ends_on < terms.starts_on:
        yield "ends_on", _("The last day is before the first.")
    if terms.review_on and (fault := review_fault(terms.review_on, terms.starts_on)):
        yield "review_on", fault


def review_fault(review_on: dt.date, since: dt.date) -> Any:
    """What is wrong with a day of review, counted from the first day or the last review; None when nothing is."""
    if review_on <= since:
        return _("The day of review comes after %(day)s.", day=f"{since:%d-%m-%Y}")
    if review_on > year_after(since):
        return _("The day of review is at most twelve months on: %(day)s.", day=f"{year_after(since):%d-%m-%Y}")
    return None


def _of_papers(terms: Terms) -> Iterator[Fault]:
    if terms.type == CONDITIONAL and not terms.condition:
        yield "condition", _("Say the event on which it takes effect.")
    high = terms.ceiling_rs is not None and terms.ceiling_rs > ALONE
    if (high or terms.charge == FULL) and not terms.outside_approval_ref:
        yield (
            "outside_approval_ref",
            _(
                "More than %(most)s, or the full charge of the post, needs an order of the Secretary or the "
                "Commissioner. Give its number and date.",
                most=crore_lakh(ALONE),
            ),
        )


def band_in_words(floor: Decimal, ceiling: Decimal) -> Any:
    """The amounts of a band, in lakh or crore."""
    if not floor:
        return _("up to %(most)s", most=crore_lakh(ceiling))
    return _("%(least)s to %(most)s", least=crore_lakh(floor), most=crore_lakh(ceiling))


def overlap(one: Reach, other: Reach) -> frozenset[str]:
    """The circles in which both lend the same amount on the same day; both ends of band and period are inside."""
    apart = one.ceiling < other.floor or other.ceiling < one.floor
    before = (one.ends is not None and one.ends < other.starts) or (other.ends is not None and other.ends < one.starts)
    return frozenset() if apart or before else one.circles & other.circles


def year_after(day: dt.date) -> dt.date:
    """The same day of the next year; of 29 February the 28th."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def calendar_days(starts: dt.date, ends: dt.date) -> int:
    """Days from the first to the last, both counted: 28-01-2025 to 15-02-2025 are 19."""
    return (ends - starts).days + 1
