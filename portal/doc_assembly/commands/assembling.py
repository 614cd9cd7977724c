"""One attempt at a build, from taking it up to publishing: what a worker runs."""

import datetime as dt
import errno
import json
import logging
import resource
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.exc import InterfaceError, OperationalError
from typst import TypstError

from portal.core import storage
from portal.core.access import SYSTEM
from portal.core.db import db
from portal.core.errors import RuleBroken
from portal.core.i18n import _
from portal.core.pdf.workroom import workroom
from portal.doc_assembly.commands.work import (
    Published,
    fail_build,
    note_frozen,
    publish_build,
    stop_build,
    take_up_build,
)
from portal.doc_assembly.commands.workbench import Context, Lost, Stopped, Workbench
from portal.doc_assembly.models import Build
from portal.doc_assembly.queries import freeze_inputs
from portal.doc_assembly.rules import steps
from portal.doc_assembly.rules.assembly import NotSettled, assemble
from portal.doc_assembly.rules.desk import Bound, Order
from portal.doc_assembly.rules.frozen import Frozen, freeze, thaw
from portal.doc_assembly.rules.template import VERSION
from portal.doc_assembly.rules.units import engine_version

R = TypeVar("R")
TRIES = 5
AWAY = (OperationalError, InterfaceError)
LONGEST_REASON = 300
log = logging.getLogger("portal.assembly")


class Assembler:
    """Builds one report; safe to start twice: only one attempt holds the build.

    `context` gives the heartbeat an app of its own; without it the working thread beats between its steps.
    """

    def __init__(self, build_id: UUID, context: Context | None = None) -> None:
        self.build_id, self.context = build_id, context

    def run(self) -> None:
        """Take the build up and bring it to an end. A crash leaves it to the lease and the next worker."""
        build = take_up_build(SYSTEM, self.build_id)
        if build is None:
            return
        attempt = build.attempt
        try:
            with workroom(str(self.build_id), attempt) as folder:
                self._make(build, folder)
        except (Stopped, RuleBroken):
            _patiently(lambda: stop_build(SYSTEM, self.build_id, attempt))
        except Lost:
            log.warning("build %s is held by another worker", self.build_id)
        except NotSettled as fault:
            self._fail(attempt, "LAYOUT", str(fault))
        except AWAY:
            raise  # the database is away: the lease runs out, and another attempt goes on
        except Exception as fault:
            log.exception("build %s failed", self.build_id)
            self._fail(attempt, *_said(fault))

    def _fail(self, attempt: int, code: str, reason: str) -> None:
        db.session.rollback()
        _patiently(lambda: fail_build(SYSTEM, self.build_id, attempt, code, reason))

    def _make(self, build: Build, folder: Path) -> None:
        _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # every part stays open until all is written
        label, kind, attempt = build.label, build.kind, build.attempt
        frozen_sha256, project_id = build.frozen_sha256, build.project_id
        with Workbench(build, self.context) as desk:
            desk.step(steps.FREEZE, 0, 1)
            frozen = self._frozen(frozen_sha256, project_id, attempt)
            desk.step(steps.FREEZE, 1, 1)
            order = Order(frozen, label, kind, desk, folder)
            bound = assemble(order)
            desk.step(steps.OFFICE, 0, 0)
            made = _packed(order, bound, desk.warnings)
            desk.step(steps.PACKAGE, 1, 1)
            desk.step(steps.PUBLISH, 0, 1)
            desk.settle()
        _patiently(lambda: publish_build(SYSTEM, self.build_id, attempt, made))

    def _frozen(self, sha256: str, project_id: UUID, attempt: int) -> Frozen:
        """What an earlier attempt froze, or the inputs as they stand now."""
        if sha256:
            return thaw(storage.read(sha256))
        frozen = _patiently(lambda: freeze_inputs(SYSTEM, project_id))
        kept = storage.put(freeze(frozen))
        _patiently(lambda: note_frozen(SYSTEM, self.build_id, attempt, kept, frozen.at, frozen.origins))
        return frozen


def _said(fault: Exception) -> tuple[str, str]:
    """A code and words for what went wrong: trying again with the same inputs would only go wrong again."""
    if isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return "DISK", str(_("The disk of the portal is full. Free some space, then try again."))
    if isinstance(fault, MemoryError):
        return "MEMORY", str(_("The worker has not enough memory for this report."))
    code = "RENDER" if isinstance(fault, (TypstError, ValueError, KeyError, TypeError)) else "FAULT"
    return code, f"{type(fault).__name__}: {str(fault).partition(chr(10))[0][:LONGEST_REASON]}"


def _patiently(act: Callable[[], R]) -> R:
    """Try again while the database is away for a moment."""
    for attempt in range(1, TRIES + 1):
        try:
            return act()
        except AWAY:
            if attempt == TRIES:
                raise
            db.session.rollback()
            time.sleep(attempt)
    raise AssertionError


def _packed(order: Order, bound: Bound, warnings: list[str]) -> Published:
    """The file in the store, and a manifest that names everything in it."""
    p, estimate = order.frozen.inputs.project, order.frozen.inputs.estimate
    name, size = order.number.replace("/", "-"), bound.path.stat().st_size
    report = _file(f"{name}.pdf", "application/pdf", bound.pages, size, sha256=storage.put(bound.path))
    listing = _manifest(order, bound, report, warnings)
    listed = _file(f"{name}-manifest.json", "application/json", 0, len(listing), sha256=storage.put(listing))
    return Published(
        number=order.number,
        title=p["name"],
        content_hash=bound.content_hash,
        input_hash=bound.input_hash,
        template_version=VERSION,
        engine_version=engine_version(),
        say_amount=Decimal(estimate.say) if estimate else None,
        pages=bound.pages,
        bytes=size,
        sha256=report["sha256"],
        warnings=warnings,
        parts=[report, listed],
        origins=order.frozen.origins,
    )


def _file(path: str, mimetype: str, pages: int, size: int, *, sha256: str) -> dict[str, Any]:
    return {"volume": "", "path": path, "mimetype": mimetype, "pages": pages, "bytes": size, "sha256": sha256}


def _manifest(order: Order, bound: Bound, report: dict[str, Any], warnings: list[str]) -> bytes:
    manifest = {
        "number": order.number,
        "kind": order.kind,
        "content_hash": bound.content_hash,
        "input_hash": bound.input_hash,
        "template": VERSION,
        "engine": engine_version(),
        "frozen_at": order.frozen.at.astimezone(dt.UTC).isoformat(),
        "files": [report],
        "volumes": [{"volume": name, "first": first + 1, "pages": pages} for name, first, pages in bound.volumes],
        "leaves": dict(sorted(bound.leaves.items())),
        "warnings": warnings,
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
