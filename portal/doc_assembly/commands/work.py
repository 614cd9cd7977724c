"""The worker's part of a build: taking it up, progress, the end. Only the holder of the attempt is heard."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from portal.core.access import Actor
from portal.core.db import db
from portal.core.errors import RuleBroken
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.doc_assembly.commands.builds import _key_of, _locked
from portal.doc_assembly.events import (
    BuildCancelled,
    BuildCompleted,
    BuildFailed,
    BuildStarted,
    DocumentGenerated,
)
from portal.doc_assembly.models import Build, BuildStep, BuildUnit, DprVersion, Status, VersionPart, VersionSource
from portal.doc_assembly.rules.frozen import Origin
from portal.doc_assembly.rules.steps import Standing


@dataclass(frozen=True)
class Unit:
    """A part that was made."""

    key: str
    sha256: str
    bytes: int
    pages: int
    seconds: float
    found: dict[str, Any]


@dataclass(frozen=True)
class Progress:
    """How far a build is."""

    percent: Decimal
    step: int
    item: str
    standing: Mapping[int, Standing]
    seconds: Mapping[int, float]
    counts: Mapping[str, Any]
    left: tuple[int, int] | None
    warnings: Sequence[str] = ()
    units: Sequence[Unit] = ()


@dataclass(frozen=True)
class Published:
    """A complete version, all of its files in the store."""

    number: str
    title: str
    content_hash: str
    input_hash: str
    template_version: str
    engine_version: str
    say_amount: Decimal | None
    pages: int
    bytes: int
    sha256: str
    warnings: Sequence[str]
    parts: Sequence[dict[str, Any]] = field(default_factory=list)
    origins: Sequence[Origin] = field(default_factory=list)


@command("work")
def take_up_build(actor: Actor, build_id: UUID) -> Build | None:
    """A worker takes a waiting or lost build; None when there is nothing to take: told twice, cancelled, ended."""
    build = _locked(actor, build_id)
    try:
        build.take_up()
    except RuleBroken:
        return None
    record(BuildStarted(build_id=build.id, version=build.label, attempt=build.attempt), build, actor)
    return build


@command("work")
def note_frozen(
    actor: Actor, build_id: UUID, attempt: int, sha256: str, at: dt.datetime, origins: Sequence[Origin]
) -> None:
    """The inputs are read and stored; every later attempt uses the same, and the build is known by them."""
    build = _held(actor, build_id, attempt)
    build.frozen_sha256, build.frozen_at = sha256, at
    build.idempotency_key = _key_of(build.project_id, origins)


@command("work", audited=False)
def report_progress(actor: Actor, build_id: UUID, attempt: int, progress: Progress) -> Status:
    """Note how far the build is, keep the parts made since, renew the lease; the answer says whether to go on.

    The per cent never goes down, also not after another worker has begun again.
    """
    _keep(progress.units)
    build = _locked(actor, build_id)
    if build.attempt != attempt or build.status not in (Status.RUNNING, Status.CANCELLING):
        return Status(build.status) if build.attempt == attempt else Status.QUEUED
    build.renew()
    build.percent = max(build.percent, progress.percent)
    build.step, build.item = max(build.step, progress.step), progress.item
    build.counts, build.warnings = dict(progress.counts), list(progress.warnings)
    build.eta_low, build.eta_high = progress.left or (None, None)
    _note_steps(build_id, progress)
    return Status(build.status)


def _keep(units: Sequence[Unit]) -> None:
    if units:
        rows = [{"id": uuid.uuid4(), **vars(unit), "seconds": Decimal(str(round(unit.seconds, 3)))} for unit in units]
        db.session.execute(insert(BuildUnit).values(rows).on_conflict_do_nothing(index_elements=["key"]))


def _note_steps(build_id: UUID, progress: Progress) -> None:
    rows = [
        {
            "id": uuid.uuid4(),
            "build_id": build_id,
            "number": number,
            "done": stands.done,
            "total": stands.total,
            "finished": stands.finished,
            "seconds": Decimal(str(round(progress.seconds.get(number, 0.0), 2))),
        }
        for number, stands in progress.standing.items()
    ]
    if rows:
        found = insert(BuildStep).values(rows)
        new = {name: found.excluded[name] for name in ("done", "total", "finished", "seconds")}
        db.session.execute(found.on_conflict_do_update(index_elements=["build_id", "number"], set_=new))


def _held(actor: Actor, build_id: UUID, attempt: int) -> Build:
    build = _locked(actor, build_id)
    if build.attempt != attempt or build.status != Status.RUNNING:
        raise RuleBroken(_("This worker no longer holds the build."))
    return build


@command("work")
def publish_build(actor: Actor, build_id: UUID, attempt: int, made: Published) -> DprVersion:
    """The version appears with all of its files, or not at all."""
    build = _held(actor, build_id, attempt)
    build.idempotency_key = _key_of(build.project_id, made.origins)  # by the engine that made it
    facts = {name: value for name, value in vars(made).items() if name not in ("parts", "origins", "warnings")}
    version = DprVersion(
        project_id=build.project_id,
        label=build.label,
        kind=build.kind,
        build_id=build.id,
        idempotency_key=build.idempotency_key,
        frozen_sha256=build.frozen_sha256,
        frozen_at=build.frozen_at,
        warnings=list(made.warnings),
        **facts,
    )
    db.session.add(version)
    db.session.flush()
    parts = [VersionPart(version_id=version.id, position=n, **part) for n, part in enumerate(made.parts, 1)]
    db.session.add_all([*parts, *(_source(version, n, origin) for n, origin in enumerate(made.origins, 1))])
    build.version_id, build.input_hash = version.id, made.input_hash
    build.end(Status.COMPLETED)
    assert build.started_at
    assert build.finished_at
    seconds = int((build.finished_at - build.started_at).total_seconds())
    record(BuildCompleted(build_id=build.id, version=build.label, seconds=seconds), build, actor)
    fact = DocumentGenerated(
        version=version.label,
        version_id=version.id,
        kind=version.kind,
        content_hash=version.content_hash,
        pages=version.pages,
    )
    record(fact, version, actor)
    return version


def _source(version: DprVersion, position: int, origin: Origin) -> VersionSource:
    return VersionSource(
        version_id=version.id,
        position=position,
        module=origin.module,
        record_id=UUID(origin.record_id),
        record_version=origin.version,
        title=origin.title,
    )


@command("work")
def stop_build(actor: Actor, build_id: UUID, attempt: int) -> None:
    """The worker has stopped as it was asked to; what it made is kept."""
    build = _locked(actor, build_id)
    if build.attempt == attempt and build.status == Status.CANCELLING:
        _cancelled(actor, build)


def _cancelled(actor: Actor, build: Build) -> None:
    build.end(Status.CANCELLED)
    record(BuildCancelled(build_id=build.id, version=build.label), build, actor)


@command("work")
def fail_build(actor: Actor, build_id: UUID, attempt: int, code: str, reason: str) -> None:
    """The build cannot be made; nothing is published. The code says why:

    LAYOUT, RENDER, DISK, MEMORY, WORKER (lost too often), FAULT (anything else).
    """
    build = _locked(actor, build_id)
    if build.attempt == attempt and build.status in (Status.RUNNING, Status.CANCELLING):
        _failed(actor, build, code, reason)


def _failed(actor: Actor, build: Build, code: str, reason: str) -> None:
    build.end(Status.FAILED, code, reason, build.item)
    fact = BuildFailed(build_id=build.id, version=build.label, error_code=code, reason=reason)
    record(fact, build, actor)


@command("work")
def release_lost_build(actor: Actor, build_id: UUID, attempt: int) -> bool:
    """A build whose worker was lost waits for another; after the last try it fails on the part it was at.

    False when its worker is alive after all.
    """
    build = _locked(actor, build_id)
    lost = build.lease_until is not None and build.lease_until < dt.datetime.now(dt.UTC)
    if build.attempt != attempt or not lost:
        return False
    if build.status == Status.CANCELLING:
        _cancelled(actor, build)
    elif build.attempt >= build.attempts_allowed:
        reason = _(
            "The worker was lost %(times)s times, the last time at: %(item)s", times=build.attempt, item=build.item
        )
        _failed(actor, build, "WORKER", str(reason))
    else:
        build.give_back()
    return True
