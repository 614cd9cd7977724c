"""How the particulars of an officer are written: one rule for the form, the API and the list."""

import re
from typing import Any

from portal.core.i18n import _

USERNAME = re.compile(r"[a-z0-9._-]{2,80}")
EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]+\.[^@\s.,;<>\"]{2,}")
PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,22}[0-9]")
LONGEST = {"name": 120, "email": 254, "phone": 24}
MOST_PLACES, LONGEST_PLACE = 20, 20  # as long as the register writes a circle or a division


def fault_of(name: str, value: Any) -> Any:
    """What is wrong with one particular, with how to mend it; None when nothing is. Nothing written is no fault."""
    if not value:
        return None
    if name in ("circles", "divisions"):
        return _places(value)
    if len(value) > LONGEST.get(name, 200):
        return _("At most %(count)s signs are kept here.", count=LONGEST[name])
    if name == "username" and not USERNAME.fullmatch(value):
        return _("Use a-z, 0-9, . _ and - only, at least two of them.")
    if name == "email" and not EMAIL.fullmatch(value):
        return _("This is no e-mail address. Write it as name@office.example.")
    if name == "phone" and not PHONE.fullmatch(value):
        return _("This is no telephone number. Write it as +91 40 2345 6789.")
    return None


def _places(value: list[str]) -> Any:
    if len(value) > MOST_PLACES:
        return _("At most %(count)s are kept here.", count=MOST_PLACES)
    if any(len(one) > LONGEST_PLACE for one in value):
        return _("One of these is longer than the %(count)s signs of a circle or division.", count=LONGEST_PLACE)
    return None


def places_of(text: str) -> list[str]:
    """Circles or divisions as they stand in one cell: I, III; none is kept twice."""
    parts = (" ".join(part.split()) for part in re.split(r"[,;\n]", text))
    return list(dict.fromkeys(part for part in parts if part))
