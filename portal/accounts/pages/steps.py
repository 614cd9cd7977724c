"""Half signed in: the first proof was right, the next is awaited. Kept on the server, and opens nothing."""

import time
from typing import NamedTuple
from uuid import UUID

from flask import session

HALF_S = 300


class Half(NamedTuple):
    """Who is half signed in, by what, and where they want to go; `step` is what is awaited: second or enrol."""

    officer_id: UUID
    first: str
    step: str
    target: str


def _half_way(officer_id: UUID, first: str, step: str, target: str) -> None:
    """Remember the first proof."""
    kept = Half(officer_id, first, step, target)._asdict() | {"officer_id": officer_id.hex}
    session["half"] = kept | {"until": time.time() + HALF_S}


def _half(step: str) -> Half | None:
    """Who waits for this step, None for nobody or for too long."""
    kept = session.get("half")
    if not kept or kept["step"] != step or kept["until"] < time.time():
        return None
    return Half(UUID(kept["officer_id"]), kept["first"], kept["step"], kept["target"])
