"""A bill between check and commit: plain lists and texts, so that what was shown is exactly what is taken over."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from portal.boq_estimates.rules.bill import Bill, Item
from portal.boq_estimates.rules.headings import Section

FIGURES = ("quantity", "rate", "amount")


def bill_as_json(bill: Bill) -> dict[str, Any]:
    """Decimals as texts."""
    return {
        "sections": [[s.code, s.title, s.parent, s.depth, s.row, s.preamble] for s in bill.sections],
        "items": [[str(value) if isinstance(value, Decimal) else value for value in item] for item in bill.items],
    }


def bill_from(stored: Mapping[str, Any]) -> Bill:
    """The same bill again, without its issues."""
    at = [Item._fields.index(name) for name in FIGURES]
    items = []
    for row in stored.get("items", ()):
        for place in at:
            row[place] = Decimal(row[place])
        items.append(Item(*row))
    return Bill([Section(*row) for row in stored.get("sections", ())], items)
