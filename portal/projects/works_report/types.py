"""Types of work: what is written is folded to one of ten; nothing or "Development" is read from the name."""

import re

FROM_TYPE = (
    ("fencing", r"\bfencing\b"),
    ("maintenance", r"\bo ?& ?m\b|\bmaintenance\b"),
    ("flyover", r"\bfly ?over|sky ?walk|grade separator|\bfob\b"),
    ("sewerage", r"\bugd\b|sewer|\bstps?\b|under ?ground drain"),
    ("water", r"\bsump\b|\bsum cum\b|\bwater supply\b|\bpump ?house|\boht\b|reservoir"),
    ("layout", r"\blay ?ou?ts?\b"),
    ("building", r"\bbuildings?\b|\bheritage\b|\bpainting\b|\bhostel\b|\bquarters\b"),
    ("park", r"\bparks?\b|\bbund\b|\blakes?\b|\bcheruvu\b"),
    ("road", r"\broads?\b"),
    ("other", r"\bothers?\b"),
)
FROM_NAME = tuple(pair for pair in FROM_TYPE if pair[0] != "other")
VAGUE = r"^(development|works?|infrastructure|)$"


def fold_type(written: str, name: str) -> str:
    """The type of work; a layout whose work is a fence is a fencing work."""
    plain = written.lower().strip()
    folded = "" if re.match(VAGUE, plain) else _first(FROM_TYPE, plain)
    if folded == "layout" and _first(FROM_NAME, name.lower()) == "fencing":
        return "fencing"
    return folded or _first(FROM_NAME, name.lower()) or "other"


def _first(rules: tuple[tuple[str, str], ...], text: str) -> str:
    return next((kind for kind, words in rules if re.search(words, text)), "")
