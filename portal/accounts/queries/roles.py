"""What a role may do, in words, so that an administrator sees what a change of role gives and takes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from portal.accounts.rules import MODULES
from portal.core.access import POLICY, Actor
from portal.core.i18n import _
from portal.core.usecases import query

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
