"""The relay: puts committed events on the bus and tells the browsers. One or more long-running processes."""

import select as sockets
from contextlib import suppress

import psycopg
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from jobs.process import STOP, repeat, start
from portal.core import bus
from portal.core.db import db, now, transaction
from portal.core.events import CHANNEL, Outbox, StoredEvent
from portal.core.live import announce

BATCH = 200
RELAY_LOCK = 0x72656C6179
IDLE_S = 0.5


def relay_once() -> int:
    """Send one batch, in order of position; a crash half-way repeats the tail, which is harmless.

    Rows are chosen by "not yet sent", never by the last number seen: numbers commit out of order. One relay works at
    a time, so that none overtakes another; a second one stands by.
    """
    with transaction():
        if not db.session.scalar(select(func.pg_try_advisory_xact_lock(RELAY_LOCK))):
            return 0
        waiting = select(Outbox).join(Outbox.event).where(Outbox.sent_at.is_(None)).order_by(StoredEvent.position)
        rows = db.session.scalars(waiting.limit(BATCH).with_for_update(of=Outbox, skip_locked=True)).all()
        told: dict[object, None] = {}
        for row in rows:
            bus.publish(row.event)
            told |= dict.fromkeys([row.event.stream_id, row.event.project_id, row.event.topic])
            row.sent_at = now()
    for topic in told:
        if topic:
            announce(topic)
    return len(rows)


class Doorbell:
    """Wakes the relay when a transaction commits (LISTEN), and after half a second anyway."""

    def __init__(self, url: str) -> None:
        self.dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self.line: psycopg.Connection | None = None

    def wait(self, seconds: float) -> None:
        """Return when something was committed, or after `seconds`."""
        try:
            if self.line is None:
                self.line = psycopg.connect(self.dsn, autocommit=True)
                self.line.execute(f"LISTEN {CHANNEL}")
            sockets.select([self.line], [], [], seconds)
            for _note in self.line.notifies(timeout=0):
                pass
        except (psycopg.Error, OSError):
            with suppress(Exception):
                if self.line is not None:
                    self.line.close()
            self.line = None
            STOP.wait(seconds)


def main() -> None:
    """Until told to stop."""
    app = start()
    bell = Doorbell(app.config["SQLALCHEMY_DATABASE_URI"])

    def step() -> int:
        sent = relay_once()
        if not sent:
            bell.wait(IDLE_S)
        return 1

    repeat(app, step, 0)


if __name__ == "__main__":
    main()
