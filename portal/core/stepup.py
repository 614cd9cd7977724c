"""A fresh proof of identity: what was refused for want of one is kept, and carried out after it.

The officer is led to /prove; the address and the fields of the refused form wait meanwhile in their session on the
server, sealed, for fifteen minutes. Over the API the answer is that of RFC 9470.
"""

import datetime as dt
import json
import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import Response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.core.access import POLICY
from portal.core.db import now
from portal.core.errors import NotProven
from portal.core.problem import problem
from portal.core.sealing import seal, unseal

PURPOSE = "held request"
MOST_HELD, LARGEST, HELD_S = 5, 1 << 20, 15 * 60


class Held(NamedTuple):
    """A request that waits for a proof: `again` when it can be sent once more as it was, without files."""

    url: str
    fields: list[tuple[str, str]]
    again: bool
    page: str


def answer(error: NotProven) -> ResponseReturnValue:
    """To a machine which proof is missing and how old it may be; an officer is led to where it is given."""
    if request.path.startswith("/api/"):
        refused = problem(error.status, error.title, str(error))
        seconds = POLICY["step_up"]["minutes"] * 60
        words = f'Bearer error="insufficient_user_authentication", error_description="{error.title}", max_age={seconds}'
        refused.headers["WWW-Authenticate"] = words
        return refused
    place = url_for("accounts.prove", held=hold())
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Redirect": place})  # a whole page: its script is needed
    return redirect(place, 303)


def hold() -> str:
    """Keep the request at hand; returns its number in this session. The oldest of too many is forgotten."""
    page = urlsplit(request.referrer or "")
    held = Held(
        url=request.full_path.rstrip("?"),
        fields=[(name, text) for name, text in request.form.items(multi=True) if name != "csrf_token"],
        again=not request.files and (request.content_length or 0) <= LARGEST,
        page=f"{page.path}?{page.query}".rstrip("?") if page.netloc == request.host else url_for("home"),
    )
    if request.method != "POST":
        held = held._replace(fields=[], again=False, page=held.url if request.method == "GET" else held.page)
    kept: dict[str, Any] = session.get("held", {})
    number = str(1 + max(map(int, kept), default=0))
    body = held._asdict() | {"fields": held.fields if held.again else []}
    kept[number] = {"at": time.time(), "sealed": seal(json.dumps(body).encode(), PURPOSE)}
    session["held"] = dict(list(kept.items())[-MOST_HELD:])
    return number


def held_request(number: str) -> Held | None:
    """What waits under a number, None when it was carried out or has waited too long."""
    found = session.get("held", {}).get(number)
    if found is None or time.time() - found["at"] > HELD_S:
        return None
    body = json.loads(unseal(found["sealed"], PURPOSE))
    return Held(body["url"], [(name, text) for name, text in body["fields"]], body["again"], body["page"])


def let_go(number: str) -> None:
    """Forget what waited under a number."""
    session["held"] = {other: kept for other, kept in session.get("held", {}).items() if other != number}


def is_fresh(proven_at: dt.datetime | None) -> bool:
    """Whether a proof still counts."""
    return proven_at is not None and now() - proven_at <= dt.timedelta(minutes=minutes())


def minutes() -> int:
    """For how long one proof counts."""
    return int(POLICY["step_up"]["minutes"])
