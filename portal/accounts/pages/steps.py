"""Half signed in: the first proof was right, the next is awaited. Kept on the server, and opens nothing."""

import time
from typing import NamedTuple
from uuid import UUID

from flask import session

HALF_S = 300


class Half(NamedTuple):
    """Who is half signed in, by what, and where they want to go; `step` is what is awaited: second or enrol.

    `begun` is the session that the organisation's sign-in began, and which no browser holds before the step is done.
    """

    officer_id: UUID
    first: str
    step: str
    target: str
    begun: str = ""


def _half_way(half: Half) -> None:
    """Remember the first proof."""
    session["half"] = half._asdict() | {"officer_id": half.officer_id.hex, "until": time.time() + HALF_S}


def _half(step: str) -> Half | None:
    """Who waits for this step, None for nobody or for too long."""
    kept = session.get("half")
    if not kept or kept["step"] != step or kept["until"] < time.time():
        return None
    return Half(UUID(kept["officer_id"]), kept["first"], kept["step"], kept["target"], kept["begun"])
