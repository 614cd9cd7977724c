"""Amounts of items and sections: quantity × rate / output quantity, rounded once per item to the paisa."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal

from portal.core.money import LAKH, round2, rounded

PERCENT = Decimal(100)
STEP = Decimal(1000)


def amount_of(quantity: Decimal, rate: Decimal, output_qty: Decimal | int = 1) -> Decimal:
    """The amount of one item; the rate is for `output_qty` units."""
    return round2(quantity * rate / output_qty)


def works_total(amounts: Iterable[Decimal]) -> Decimal:
    """W: the sum of the item amounts, already rounded."""
    return sum(amounts, Decimal("0.00"))


def share(part: Decimal, whole: Decimal) -> Decimal:
    """The percentage a section has of W, 2 places; nothing of nothing is nothing."""
    return round2(part / whole * PERCENT) if whole else Decimal("0.00")


def section_totals(parents: Mapping[str, str | None], amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """The total of each section with all that lies below it; `parents` names the section above each, or None."""
    totals = dict.fromkeys(parents, Decimal("0.00"))
    for code, amount in amounts:
        above: str | None = code
        while above is not None:
            totals[above] += amount
            above = parents[above]
    return totals


def say_of(grand_total: Decimal) -> Decimal:
    """The figure sent for sanction: up to the next full thousand rupees."""
    return (grand_total / STEP).quantize(Decimal(1), rounding=ROUND_CEILING) * STEP


def in_lakh(say_amount: Decimal) -> Decimal:
    """Lakh, exact to 2 places because a say figure ends in three zeros."""
    return round2(say_amount / LAKH)


def escalation_factor(months: int, yearly_pct: Decimal) -> Decimal:
    """(1 + e)^(months/24) − 1 at mid-period, 6 places; nothing up to 18 months."""
    if months <= 18:
        return Decimal(0)
    growth = (1 + yearly_pct / PERCENT) ** (Decimal(months) / 24)
    return rounded(growth - 1, 6)
