"""What the long-running processes share: an app, a stop sign, and patience while a server is away."""

import logging
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from threading import Event

from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from portal.app import MODULES, create_app
from portal.core.db import db

STOP = Event()
log = logging.getLogger("portal.process")


def start() -> Flask:
    """The app with the reactions of all modules loaded; SIGTERM and SIGINT ask for a tidy end."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: STOP.set())
    app = create_app()
    for name in MODULES:
        if find_spec(f"jobs.{name}"):
            import_module(f"jobs.{name}")
    return app


def repeat(app: Flask, step: Callable[[], int], pause_s: float) -> None:
    """Run `step` until told to stop: at once again while it finds work, after a pause otherwise.

    A server that is away is waited for; nothing is lost, because what is not done stays in the database.
    """
    while not STOP.is_set():
        found = 0
        try:
            with app.app_context():
                found = step()
        except (OperationalError, RedisError, OSError) as away:
            log.warning("waiting for a server: %r", away)
            with app.app_context():
                db.engine.dispose()
            time.sleep(1)
        except Exception:
            log.exception("a step failed")
            time.sleep(1)
        if not found:
            STOP.wait(pause_s)
