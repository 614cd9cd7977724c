"""How large a work is and how far it has come: one rule each, for a row of a report and for the register."""

from collections.abc import Mapping
from typing import Any

SIZES = ("estimate_amount", "ts_amount", "ecv", "as_revised_amount", "as_amount")
FIELDS = (
    *(*SIZES, "contract_value", "shared_fields", "loa", "agreement_no", "agreement_date"),
    *("grounded_on", "grounding_note"),
)


def size_source(said: Mapping[str, Any]) -> str:
    """Which figure is the size: estimate, else TS, else ECV, else the AS in force; "" where none is.

    One that is shared with other works is empty here: it stands at the first of them, is counted there, and nothing
    smaller takes its place.
    """
    shared = said["shared_fields"] or ()
    return next((name for name in SIZES if said[name] is not None or name in shared), "")


def stage(said: Mapping[str, Any]) -> str:
    """The furthest step a work has reached, be the ECV or the contract its own or shared with others."""
    shared = said["shared_fields"] or ()
    if said["grounded_on"] or said["grounding_note"]:
        return "grounded"
    if said["contract_value"] is not None or "contract_value" in shared:
        return "contracted"
    if said["loa"] or said["agreement_no"] or said["agreement_date"]:
        return "contracted"
    return "tendered" if said["ecv"] is not None or "ecv" in shared else "before_tender"
