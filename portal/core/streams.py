"""The live streams of pages: which topics an officer's page watches, and for how long they may."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty
from time import monotonic

from flask import Blueprint, Response, current_app, g, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.core.access import Actor
from portal.core.cards import card_of, topic_of
from portal.core.db import db
from portal.core.errors import NotFound
from portal.core.i18n import _
from portal.core.live import switchboard
from portal.core.redis import connection

bp = Blueprint("live", __name__)
TICKET_S = 24 * 3600
LOOK_S = 4  # a session that ended closes its streams within five seconds, even when nobody could announce it
HELLO, HEARTBEAT = "event: hello\ndata: live\n\n", ": still here\n\n"
ENDED = "event: ended\ndata: signed out\n\n"


def stream_url(topics: list[object]) -> str:
    """The address of a stream for these topics: a view decided that this officer, with these rights, may watch them."""
    ticket = _signer().dumps([str(g.actor.id), _rights(g.actor), *map(str, topics)])
    return url_for("live.stream", ticket=ticket)


@bp.get("/live/<ticket>")
def stream(ticket: str) -> Response:
    """Server-sent events: an event named by its topic for each change, a heartbeat between them; `ended` comes last
    when the officer's session was ended. It closes without a word when their rights changed: the page asks anew."""
    actor, client, app = g.actor, connection(), current_app._get_current_object()  # type: ignore[attr-defined]
    topics, own = _topics_of(ticket), topic_of(actor.id)
    db.session.remove()  # an open stream holds no database connection

    def word() -> str | None:
        with app.app_context():
            return _last_word(actor)

    def lines() -> Iterator[str]:
        queue = switchboard.open(client, [*topics, own])  # here, for who leaves before the first line never starts this
        try:
            yield HELLO
            yield from _told(queue.get, set(topics), own, word)
        finally:
            switchboard.close(queue, [*topics, own])

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(lines(), mimetype="text/event-stream", headers=headers)


def _told(next_topic: Callable[..., str], topics: set[str], own: str, word: Callable[[], str | None]) -> Iterator[str]:
    """What a stream says until `word` gives its last, which is looked for on the officer's own topic, too."""
    looked = monotonic()
    while True:
        topic = ""
        with suppress(Empty):
            topic = next_topic(timeout=max(0.01, looked + LOOK_S - monotonic()))
        if topic == own or monotonic() >= looked + LOOK_S:
            looked = monotonic()
            if (last := word()) is not None:
                yield last
                return
        yield f"event: {topic}\ndata: changed\n\n" if topic in topics else HEARTBEAT


def _last_word(actor: Actor) -> str | None:
    """None while the stream may go on."""
    card = card_of(actor.id)
    if card is None or actor.session not in card.sessions:
        return ENDED
    return None if _rights(card.actor()) == _rights(actor) else ""


def _rights(actor: Actor) -> str:
    """A mark that differs whenever what the officer may watch does."""
    return hashlib.sha256("|".join([actor.role, *sorted(map(str, actor.projects))]).encode()).hexdigest()[:16]


def _topics_of(ticket: str) -> list[str]:
    try:
        officer, rights, *topics = _signer().loads(ticket, max_age=TICKET_S)
    except (BadSignature, ValueError):
        raise NotFound(_("This live address has run out. Load the page again.")) from None
    if officer != str(g.actor.id):
        raise NotFound(_("This live address belongs to another officer."))
    if rights != _rights(g.actor):
        raise NotFound(_("Your rights have changed since. Load the page again."))
    return list(topics)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="live-topics")
