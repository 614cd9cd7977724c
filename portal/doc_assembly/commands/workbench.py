"""The desk a worker assembles at: files of the store, kept parts, and a heartbeat that tells the database and browsers.

The work goes on in one thread; another writes once in a while how far it is, renews the lease and hears whether an
officer wants it stopped. A database that is away for a moment is waited for.
"""

import hashlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from contextvars import copy_context
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError

from portal.core import storage
from portal.core.access import SYSTEM
from portal.core.db import db
from portal.core.errors import NotFound
from portal.core.keys import Unsealable
from portal.core.live import announce
from portal.doc_assembly.commands.work import Progress, Unit, report_progress
from portal.doc_assembly.models import Build, Status
from portal.doc_assembly.queries import list_units, past_rates
from portal.doc_assembly.rules import steps
from portal.doc_assembly.rules.desk import Kept
from portal.doc_assembly.rules.steps import Standing

Context = Callable[[], AbstractContextManager[Any]]
BEAT_S = 0.8
PATIENCE_S = 45.0
COUNTED = {steps.FETCH: "attachments", steps.NORMALISE: "prepared", steps.RENDER: "sections", steps.STAMP: "pages"}
log = logging.getLogger("portal.assembly")


class Stopped(Exception):
    """An officer asked to stop."""


class Lost(Exception):
    """Another worker holds the build, or the database is away for too long: leave everything as it is."""


class Workbench:
    """One attempt at a build. Use it in a with block; without a context the working thread beats between its steps."""

    def __init__(self, build: Build, context: Context | None = None) -> None:
        self.build_id, self.project_id, self.attempt, self.kind = build.id, build.project_id, build.attempt, build.kind
        self.alone, self.lock, self.ended = context is None, Lock(), Event()
        self.standing: dict[int, Standing] = {}
        self.seconds: dict[int, float] = defaultdict(float)
        self.current, self.item, self.entered = 0, "", time.monotonic()
        self.warnings: list[str] = []
        self.units: list[Unit] = []
        self.heard, self.beaten = Status.RUNNING, 0.0
        self.files, self.paths = ExitStack(), dict[str, Path]()
        self.rates = past_rates(SYSTEM)
        self.thread = Thread(target=copy_context().run, args=(self._beat_on, context or nullcontext), daemon=True)

    def __enter__(self) -> "Workbench":
        self.step(steps.ACCEPT, 1, 1)
        if not self.alone:
            self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended.set()
        self.files.close()
        if self.thread.is_alive():
            self.thread.join()

    def path(self, sha256: str) -> Path | None:
        """A plain copy of a file of the store, gone when the work ends."""
        if sha256 not in self.paths:
            try:
                self.paths[sha256] = self.files.enter_context(storage.opened(sha256))
            except NotFound:
                return None
        return self.paths[sha256]

    def digest(self, sha256: str) -> str | None:
        """The hash of what the store has under this name; "" when that cannot be read, None when it is missing."""
        try:
            with storage.reader(sha256) as stored:
                return hashlib.file_digest(stored, "sha256").hexdigest()
        except NotFound:
            return None
        except Unsealable:
            return ""

    def kept(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Parts made before whose file is still there."""
        found = list_units(SYSTEM, keys)
        db.session.rollback()  # hold no transaction while typesetting
        return {key: kept for key, kept in found.items() if storage.exists(kept.sha256)}

    def keep(self, key: str, content: bytes | Path | None, made: Kept, seconds: float) -> Kept:
        """Store a part; the heartbeat notes it."""
        sha256 = made.sha256 if content is None else storage.put(content)
        size = storage.size(sha256)
        with self.lock:
            self.units.append(Unit(key, sha256, size, made.pages, seconds, made.found))
        return made._replace(sha256=sha256)

    def step(self, number: int, done: int, total: int, item: str = "") -> None:
        """How far a step is. Raises Stopped or Lost."""
        with self.lock:
            moment = time.monotonic()
            self.seconds[self.current or number] += moment - self.entered
            self.current, self.entered = number, moment
            self.standing[number] = Standing(done, total, done >= total)
            self.item = item or self.item
        self.check()

    def check(self) -> None:
        """Raises Stopped or Lost when the heartbeat has heard so."""
        if self.alone and time.monotonic() - self.beaten > BEAT_S:
            self.beat()
        if self.heard == Status.CANCELLING:
            raise Stopped
        if self.heard != Status.RUNNING:
            raise Lost

    def warn(self, words: str) -> None:
        """Something an officer should know."""
        with self.lock:
            self.warnings.append(words)

    def _snapshot(self) -> Progress:
        with self.lock:
            units, self.units = self.units, []
            standing = dict(self.standing)
            counts: dict[str, Any] = {
                name: [standing[number].done, standing[number].total]
                for number, name in COUNTED.items()
                if number in standing
            }
            return Progress(
                percent=steps.percent(self.kind, standing),
                step=self.current,
                item=self.item,
                standing=standing,
                seconds=dict(self.seconds),
                counts=counts,
                left=steps.expected(self.kind, standing, self.rates),
                warnings=list(self.warnings),
                units=units,
            )

    def beat(self) -> None:
        """Write down how far it is; what could not be written is kept for the next beat."""
        progress = self._snapshot()
        try:
            self.heard = report_progress(SYSTEM, self.build_id, self.attempt, progress)
        except BaseException:
            with self.lock:
                self.units = [*progress.units, *self.units]
            raise
        self.beaten = time.monotonic()
        announce(self.build_id)

    def settle(self) -> None:
        """End the heartbeat with everything written down, so that what follows is not crossed by it."""
        self.ended.set()
        if self.alone:
            self.beat()
        else:
            self.thread.join()
        self.check()

    def _beat_on(self, context: Context) -> None:
        """Beat until the work ends; a database that stays away for longer than the lease is worth ends the attempt."""
        last = time.monotonic()
        while True:
            over = self.ended.wait(BEAT_S)
            try:
                with context():
                    self.beat()
                last = time.monotonic()
            except (OperationalError, InterfaceError) as away:
                log.warning("waiting for the database: %s", str(away).splitlines()[0])
                if time.monotonic() - last > PATIENCE_S:
                    self.heard = Status.QUEUED
            except Exception:
                log.exception("a heartbeat failed")
                self.heard = Status.QUEUED
            if over:
                return
