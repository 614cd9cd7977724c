"""Who may do what: policy.toml, and the one function that reads it."""

import tomllib
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Select

from portal.core.db import Record
from portal.core.errors import NotPermitted
from portal.core.i18n import _

POLICY: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("policy.toml").read_text())
ROLES = {
    "ce": _("Chief Engineer"),
    "dce": _("Deputy Chief Engineer"),
    "ee": _("Executive Engineer"),
    "ae": _("Assistant Engineer"),
    "to": _("Technical Officer"),
    "qr": _("Quality Reviewer"),
    "fa": _("Financial Analyst"),
    "ec": _("External Consultant"),
    "admin": _("Portal administrator"),
}
S = TypeVar("S", bound=Select[Any])


@dataclass(frozen=True)
class Actor:
    """Whoever acts: a signed-in officer, or the system on its own account."""

    id: uuid.UUID
    role: str
    projects: frozenset[uuid.UUID] = field(default_factory=frozenset)
    name: str = ""

    def can(self, act: str) -> bool:
        """`act` is "module.read", "module.write" or a named act of the policy, such as "doc_assembly.build"."""
        if self.role == "system":
            return True
        module, _dot, verb = act.partition(".")
        rights = POLICY["modules"][module].get(self.role, "-")
        if verb == "read":
            return "R" in rights
        return "W" in rights and (verb == "write" or self.role in POLICY["acts"][act])

    def knows(self, project_id: uuid.UUID) -> bool:
        """A consultant knows assigned projects only."""
        return self.role != "ec" or project_id in self.projects


SYSTEM = Actor(uuid.UUID(int=0), "system", name="The portal")


def who_may(act: str) -> list[str]:
    """The titles of the roles that hold the act, for the words of a refusal."""
    return [str(title) for role, title in ROLES.items() if Actor(SYSTEM.id, role).can(act)]


def require(actor: Actor, act: str) -> None:
    """Raise NotPermitted, naming who can, unless the actor holds the act."""
    if not actor.can(act):
        holders = ", ".join(who_may(act)) or "–"
        raise NotPermitted(_("Your role does not include this. It is given to: %(who)s.", who=holders))


def scoped(statement: S, model: type[Record], actor: Actor) -> S:
    """Keep only rows the actor may know of: a consultant knows the projects assigned to them."""
    return statement.where(model.project_id.in_(actor.projects)) if actor.role == "ec" else statement
