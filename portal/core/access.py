"""Who may do what: policy.toml, and the one function that decides by it."""

import datetime as dt
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from flask import current_app, has_app_context
from sqlalchemy import Select

from portal.core.calendar import today
from portal.core.db import Record, now
from portal.core.errors import NotFound, NotPermitted, NotProven
from portal.core.i18n import _

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
HIDDEN = ("unassigned", "restricted")  # refused by these rules, a record does not exist for who asks
NO_ROLE = "none"  # signed in, and waiting for an administrator
S = TypeVar("S", bound=Select[Any])


def _read_policy() -> dict[str, Any]:
    """The policy as data, with "ee+" spelt out. Also what the Rego bundle holds."""
    read = tomllib.loads(Path(__file__).with_name("policy.toml").read_text())
    line = read["line"]["order"]
    read["acts"] = {act: [role for one in given for role in _above(one, line)] for act, given in read["acts"].items()}
    return read


def _above(given: str, line: list[str]) -> list[str]:
    return line[line.index(given[:-1]) :] if given.endswith("+") else [given]


POLICY: Mapping[str, Mapping[str, Any]] = _read_policy()


class Instrument(msgspec.Struct, frozen=True):
    """An instrument of delegation in force, as it lends the Chief Engineer's right (tech-sanction, section 10)."""

    number: str
    charge: str
    floor: Decimal
    ceiling: Decimal
    classes: frozenset[str]
    circles: frozenset[str]
    starts: dt.date
    ends: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class About:
    """What an act is about, as far as rights depend on it: `amount` in rupees, `done` what the actor did with it."""

    project: uuid.UUID | None = None
    circle: str = ""
    division: str = ""
    amount: Decimal | None = None
    project_class: str = "standard"
    restricted: bool = False
    done: frozenset[str] = frozenset()


NOTHING = About()


class Decision(NamedTuple):
    """Yes or no, the rule that said so, and the number of the instrument used, if one was.

    `why` of a yes: system, everyone, role, instrument; of a no: unassigned, right, key, restricted, place, separation.
    """

    allowed: bool
    why: str
    instrument: str = ""


@dataclass(frozen=True)
class Actor:
    """Whoever acts: a signed-in officer, a machine with an officer's key, or the system on its own account.

    `scopes` are the only acts an API key has; `proven_at` is when the officer last proved who they are; `about` is the
    project a page shows, set by within(); `instrument` is the number of the one they act under, set by under().
    """

    id: uuid.UUID
    role: str
    projects: frozenset[uuid.UUID] = frozenset()
    name: str = ""
    circles: frozenset[str] = frozenset()
    divisions: frozenset[str] = frozenset()
    instruments: tuple[Instrument, ...] = ()
    scopes: frozenset[str] | None = None
    session: str = ""
    proven_at: dt.datetime | None = None
    about: About = field(default=NOTHING, compare=False)
    instrument: str = field(default="", compare=False)

    def can(self, act: str, about: About | None = None) -> bool:
        """`act` is "module.read", "module.write" or a named act of the policy, such as "doc_assembly.build"."""
        return ask(self, act, about or self.about).allowed

    def within(self, about: About) -> "Actor":
        """The same officer before one project, so that a page offers only what will be taken there."""
        return replace(self, about=about)

    def under(self, instrument: str) -> "Actor":
        """The same officer acting for the Chief Engineer, under the instrument of this number; under none as before."""
        return replace(self, instrument=instrument) if instrument else self

    @property
    def signature(self) -> str:
        """The name that stands under an act (tech-sanction, section 10: "for Chief Engineer, instrument n")."""
        name = self.name or self.role
        return f"{name}, for Chief Engineer, instrument {self.instrument}" if self.instrument else name

    def knows(self, project_id: uuid.UUID) -> bool:
        """Whether the project exists for them: a consultant knows assigned projects only."""
        return self.role not in POLICY["assigned"]["roles"] or project_id in self.projects


SYSTEM = Actor(uuid.UUID(int=0), "system", name="The portal")


def decide(actor: Actor, act: str, about: About = NOTHING, *, on: dt.date | None = None) -> Decision:
    """The decision of policy.toml, from what is handed in and nothing else. Raises KeyError for an unknown module."""
    if actor.role == SYSTEM.role:
        return Decision(True, "system")
    if about.project and not actor.knows(about.project):
        return Decision(False, "unassigned")
    found = _right(actor, act, about, on)
    if not found.allowed:
        return found
    if actor.scopes is not None and act not in actor.scopes:
        return Decision(False, "key")
    if about.restricted and actor.role not in POLICY["restricted"]["readers"]:
        return Decision(False, "restricted")
    if not act.endswith(".read") and not found.instrument and not _posted(actor, about):
        return Decision(False, "place")  # an instrument names its own circles, and lends only there
    if about.done & set(POLICY["separation"].get(act, ())):
        return Decision(False, "separation")
    return found


def _right(actor: Actor, act: str, about: About, on: dt.date | None) -> Decision:
    if act in POLICY["everyone"]["acts"]:
        return Decision(True, "everyone")
    module, _dot, verb = act.partition(".")
    rights = POLICY["modules"][module].get(actor.role, "-")
    if verb == "read":
        return Decision("R" in rights, "role" if "R" in rights else "right")
    if "W" in rights and (verb == "write" or actor.role in POLICY["acts"][act]):
        return Decision(True, "role")
    for instrument in actor.instruments:
        if _lends(instrument, actor.role, act, about, on or today()):
            return Decision(True, "instrument", instrument.number)
    return Decision(False, "right")


def _lends(instrument: Instrument, role: str, act: str, about: About, day: dt.date) -> bool:
    lent = POLICY["lent"]
    if role not in lent["to"] or act not in (lent["noting"] if instrument.charge == "look_after" else lent["acts"]):
        return False
    if day < instrument.starts or (instrument.ends is not None and day > instrument.ends):
        return False
    top = lent["full"] if instrument.charge == "full_additional_charge" else lent["to"][role]
    if about.amount is None or not instrument.floor <= whole_paise(about.amount) <= min(instrument.ceiling, top):
        return False
    return about.circle in instrument.circles and about.project_class in instrument.classes


def whole_paise(amount: Decimal) -> Decimal:
    """Powers are measured in whole paise, half up: an amount is on one side of a band or on the other."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _posted(actor: Actor, about: About) -> bool:
    """A place that is not known yet, or an officer posted nowhere in particular, is no hindrance."""
    if not (about.circle or about.division):
        return True
    here = (about.circle in actor.circles) or (about.division in actor.divisions)
    return here or not (actor.circles or actor.divisions)


def ask(actor: Actor, act: str, about: About = NOTHING) -> Decision:
    """The decision, from the policy server where one is set (OPA_URL), else from the policy itself."""
    remote = current_app.extensions.get("opa") if has_app_context() else None
    if remote is None or actor.role == SYSTEM.role:
        return decide(actor, act, about)
    found: Decision = remote.decide(actor, act, about)
    return found


def who_may(act: str) -> list[str]:
    """The titles of the roles that hold the act, for the words of a refusal."""
    return [str(title) for role, title in ROLES.items() if decide(Actor(SYSTEM.id, role), act).allowed]


def require(actor: Actor, act: str, about: About | None = None) -> Decision:
    """Raise NotPermitted, naming who can, unless the actor holds the act; NotFound for what is hidden from them.

    Hidden are projects that are not theirs, and volumes that stay closed to them (doc-assembly, section 16).
    """
    found = ask(actor, act, about or NOTHING)
    if found.allowed:
        return found
    if found.why in HIDDEN:
        raise NotFound(_("There is no such record."), why=found.why, act=act)
    raise NotPermitted(_refusal(found.why, act), why=found.why, act=act)


def _refusal(why: str, act: str) -> Any:
    words = {
        "key": _("This key does not include “%(act)s”.", act=act),
        "place": _("You are posted elsewhere: this project is written by its own circle and division."),
        "separation": _("You had a part in what is judged here. Another officer takes this step."),
    }
    if why in words:
        return words[why]
    holders = ", ".join(who_may(act)) or "–"
    return _("Your role does not include this. It is given to: %(who)s.", who=holders)


def require_place(actor: Actor, about: About) -> None:
    """Raise NotPermitted for a write outside the circles and divisions the officer is posted to, or lent a right in."""
    if actor.role != SYSTEM.role and not actor.instrument and not _posted(actor, about):
        raise NotPermitted(_refusal("place", ""), why="place")


def require_proof(actor: Actor, act: str) -> None:
    """Raise NotProven when the act needs a fresh proof of identity and the last is older than the policy allows."""
    step_up = POLICY["step_up"]
    if actor.role == SYSTEM.role or act not in step_up["acts"]:
        return
    if actor.proven_at is None or now() - actor.proven_at > dt.timedelta(minutes=step_up["minutes"]):
        raise NotProven(_("Prove once more that it is you; then this is carried out."))


def scoped(statement: S, model: type[Record], actor: Actor) -> S:
    """Keep only rows the actor may know of: a consultant knows the projects assigned to them."""
    if actor.role not in POLICY["assigned"]["roles"]:
        return statement
    return statement.where(model.project_id.in_(actor.projects))
