"""The policy in words and tables: for the command line, and for the parts of docs/policy.md that are made from it."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from portal.core.access import NO_ROLE, POLICY, ROLES, SYSTEM, Actor, decide
from portal.core.money import crore_lakh

SIGN = {"-": "–"}
PART = re.compile(r"(<!-- made from the policy: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def matrix() -> Iterator[tuple[str, list[str]]]:
    """Each module with the rights of all roles, in the order of ROLES."""
    for module, row in POLICY["modules"].items():
        yield module, [row[role] for role in ROLES]


def holds(role: str, act: str) -> bool:
    """Whether a role has an act by the policy alone, with nothing lent to it."""
    return decide(Actor(SYSTEM.id, role), act).allowed


def holders(act: str) -> list[str]:
    """The roles that have an act by the policy alone."""
    return [role for role in ROLES if holds(role, act)]


def rows_of(role: str) -> Iterator[tuple[str, str]]:
    """What a role has, line by line: a heading and what stands under it. Raises KeyError for no role."""
    rights = {module: row.get(role, "-") for module, row in POLICY["modules"].items()}
    for heading, given in (("reads and writes", "RW"), ("reads", "R"), ("nothing in", "-")):
        yield heading, ", ".join(module for module, right in rights.items() if right == given)
    yield "narrower acts", ", ".join(act for act in POLICY["acts"] if role in POLICY["acts"][act])
    yield "for themselves", ", ".join(POLICY["everyone"]["acts"])
    lent = POLICY["lent"]
    if role in lent["to"]:
        top, full = _amount(lent["to"][role]), _amount(lent["full"])
        yield "can be lent", f"{', '.join(lent['acts'])}: up to {top}, with the full charge of the post up to {full}"
    yield "sees", _sight(role)
    yield "fresh proof", ", ".join(act for act in POLICY["step_up"]["acts"] if holds(role, act))
    yield (
        "not after",
        "; ".join(f"{act} after {', '.join(parts)}" for act, parts in POLICY["separation"].items() if holds(role, act)),
    )


def _sight(role: str) -> str:
    projects = "assigned projects only" if role in POLICY["assigned"]["roles"] else "all projects"
    if not holds(role, "projects.read"):
        projects = "no project"
    closed = "with" if role in POLICY["restricted"]["readers"] else "without"
    return f"{projects}, {closed} the volumes that are closed until the tender"


def titles() -> dict[str, str]:
    """Every role that can be asked about, with its title."""
    return {role: str(title) for role, title in ROLES.items()} | {NO_ROLE: "signed in, waiting for a role"}


def _amount(rupees: int) -> str:
    return str(crore_lakh(Decimal(rupees)))


def _table(head: list[str], rows: Iterator[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _name(act: str) -> str:
    return f"`{act}`"


def _roles(act: str) -> str:
    return " ".join(holders(act)) or "nobody: the portal itself"


def _matrix() -> str:
    head = ["Module", *ROLES]
    return _table(head, ([_name(module), *(SIGN.get(one, one) for one in row)] for module, row in matrix()))


def _titles() -> str:
    return _table(["Short", "Role"], ([_name(role), str(title)] for role, title in ROLES.items()))


def _acts() -> str:
    proven = POLICY["step_up"]["acts"]
    rows = ([_name(act), _roles(act), "yes" if act in proven else ""] for act in POLICY["acts"])
    return _table(["Act", "Held by", "Asks for a fresh proof"], rows)


def _separation() -> str:
    rows = ([_name(act), ", ".join(map(_name, parts))] for act, parts in POLICY["separation"].items())
    return _table(["Nobody does this", "who has done one of these with the same record"], rows)


def _lent() -> str:
    lent = POLICY["lent"]
    rows = [[str(ROLES[role]), _amount(top), _amount(lent["full"])] for role, top in lent["to"].items()]
    acts, noting = ", ".join(map(_name, lent["acts"])), ", ".join(map(_name, lent["noting"]))
    said = f"Lent are {acts}; who only looks after the post is lent {noting}."
    return _table(["To", "At most", "With the full charge of the post"], iter(rows)) + f"\n\n{said}"


def _short() -> str:
    closed, outside = POLICY["restricted"]["readers"], POLICY["assigned"]["roles"]
    return "\n".join(
        [
            f"- Own affairs, for everybody: {', '.join(map(_name, POLICY['everyone']['acts']))}.",
            f"- Reach assigned projects only: {' '.join(outside)}.",
            f"- See the volumes that stay closed until the tender is opened: {' '.join(closed)}.",
            f"- See personal data plainly: {' '.join(POLICY['personal']['readers'])}; masked for others are "
            f"{', '.join(POLICY['personal']['fields'])}.",
            f"- A proof of identity counts for {POLICY['step_up']['minutes']} minutes. It is asked for before: "
            f"{', '.join(map(_name, POLICY['step_up']['acts']))}.",
        ]
    )


PARTS: dict[str, Callable[[], str]] = {
    "titles": _titles,
    "matrix": _matrix,
    "acts": _acts,
    "separation": _separation,
    "lent": _lent,
    "short": _short,
}


def filled(text: str) -> str:
    """A document with the parts that are made from the policy as the policy is now. Raises KeyError for no part."""
    return PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}\n{part[3]}", text)
