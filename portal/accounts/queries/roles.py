"""What a role may do, in words, so that an administrator sees what a change of role gives and takes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from portal.core.access import POLICY, Actor
from portal.core.i18n import _
from portal.core.usecases import query

MODULES = {
    "projects": _("Projects"),
    "dpr_mode": _("Mode of preparing the DPR"),
    "technical_survey": _("Technical survey"),
    "design_drawing": _("Design and drawings"),
    "boq_estimates": _("Estimates"),
    "clearances": _("Clearances"),
    "attachments": _("Files of projects"),
    "doc_assembly": _("DPR assembly"),
    "quality_review": _("Quality review"),
    "tech_sanction": _("Technical sanction"),
    "dashboard": _("Dashboard"),
    "analytics": _("Analytics"),
    "delegations": _("Instruments of delegation"),
    "accounts": _("Officers"),
    "security": _("Security"),
    "audit_trail": _("Audit trail"),
}
RIGHTS = {"RW": _("reads and writes"), "R": _("reads"), "-": _("nothing")}


class Shift(NamedTuple):
    """One module in which another role may do more or less; `more` when it is more."""

    module: Any
    before: Any
    after: Any
    more: bool


@query
def compare_roles(actor: Actor, before: str, after: str) -> Sequence[Shift]:
    """The modules in which two roles differ, by the rows of the policy."""
    pairs = [(name, row.get(before, "-"), row.get(after, "-")) for name, row in POLICY["modules"].items()]
    return [
        Shift(MODULES.get(name, name), RIGHTS[old], RIGHTS[new], len(new.strip("-")) > len(old.strip("-")))
        for name, old, new in sorted(pairs, key=lambda pair: _place(pair[0]))
        if old != new
    ]


def _place(name: str) -> int:
    order = list(MODULES)
    return order.index(name) if name in order else len(order)
