"""Asking for a build, stopping it, trying it again: at most one at a time for a project."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from portal.core.access import SYSTEM, Actor, require
from portal.core.db import db
from portal.core.errors import RuleBroken, TooMany
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.doc_assembly.events import BuildCancelled, BuildRequested
from portal.doc_assembly.models import Build, DprDocument, DprVersion, Status
from portal.doc_assembly.queries import find_active_build, find_version, get_build, list_origins
from portal.doc_assembly.rules.frozen import Origin
from portal.doc_assembly.rules.hashing import leaf_of
from portal.doc_assembly.rules.template import VERSION
from portal.doc_assembly.rules.units import engine_version
from portal.projects.queries import get_project

MOST_QUEUED = 10


@command("build")
def request_build(actor: Actor, project_id: UUID) -> Build:
    """Ask for a Draft. From unchanged inputs the running build, or the one that made the version, is the answer."""
    get_project(actor, project_id)
    key = _key_of(project_id, list_origins(SYSTEM, project_id))
    active = _active(project_id)
    if active:
        return _the_same(active, key)
    version = find_version(SYSTEM, project_id, key)
    return get_build(actor, version.build_id) if version else _queue(actor, project_id, key)


@command("cancel_any")
def request_fresh_build(actor: Actor, project_id: UUID) -> Build:
    """Make a new version even though nothing has changed since the last."""
    get_project(actor, project_id)
    key = _key_of(project_id, list_origins(SYSTEM, project_id))
    active = _active(project_id)
    return _the_same(active, key) if active else _queue(actor, project_id, key)


def _active(project_id: UUID) -> Build | None:
    """The project's active build; whoever asks next waits until this transaction is over."""
    one = insert(DprDocument).values(
        project_id=project_id, template_version=VERSION, version=1, id=func.gen_random_uuid()
    )
    db.session.execute(one.on_conflict_do_nothing())
    db.session.execute(select(DprDocument.id).where(DprDocument.project_id == project_id).with_for_update())
    return find_active_build(SYSTEM, project_id)


def _the_same(active: Build, key: str) -> Build:
    """A build that still waits will freeze what stands when it begins, so it is the answer to any request."""
    waits = active.status == Status.QUEUED and not active.frozen_sha256
    if not waits and active.idempotency_key != key:
        raise RuleBroken(
            _("%(label)s is being assembled from earlier inputs. Wait for it, or cancel it first.", label=active.label)
        )
    return active


def _key_of(project_id: UUID, origins: Sequence[Origin]) -> str:
    """Project, kind, template, engine, and the inputs: as they stand, or once they are frozen as they were read."""
    stand = [[one.module, one.record_id, one.version] for one in origins]
    return leaf_of([str(project_id), "draft", VERSION, engine_version(), sorted(stand)])


def _queue(actor: Actor, project_id: UUID, key: str) -> Build:
    queued = db.session.scalar(select(func.count()).select_from(Build).where(Build.status == Status.QUEUED)) or 0
    if queued >= MOST_QUEUED:
        raise TooMany(_("%(count)s builds are waiting already. Ask again in a few minutes.", count=queued))
    build = Build(
        project_id=project_id,
        label=_next_label(project_id),
        idempotency_key=key,
        started_by=actor.id,
        started_by_name=actor.name,
    )
    db.session.add(build)
    record(BuildRequested(build_id=build.id, version=build.label, kind="draft"), build, actor)
    return build


def _next_label(project_id: UUID) -> str:
    """The label of the next version; it is the project's one active build that may use it."""
    made = select(func.count()).select_from(DprVersion)
    number = db.session.scalar(made.where(DprVersion.project_id == project_id, DprVersion.kind == "draft")) or 0
    return f"D{number + 1}"


@command("build")
def cancel_build(actor: Actor, build_id: UUID) -> Build:
    """Stop a build: one's own, or anybody's for those who may. What was rendered is kept for the next."""
    build = _locked(actor, build_id)
    if build.started_by != actor.id:
        require(actor, "doc_assembly.cancel_any")
    build.ask_to_stop()
    if build.status == Status.CANCELLED:
        record(BuildCancelled(build_id=build.id, version=build.label), build, actor)
    return build


@command("build")
def retry_build(actor: Actor, build_id: UUID) -> Build:
    """Take a failed build up again with the same frozen inputs, under the label that is free by now."""
    build = _locked(actor, build_id)
    active = _active(build.project_id)
    if active:
        raise RuleBroken(_("%(label)s is being assembled already.", label=active.label))
    build.wait_again()
    build.label = _next_label(build.project_id)
    record(BuildRequested(build_id=build.id, version=build.label, kind=build.kind), build, actor)
    return build


def _locked(actor: Actor, build_id: UUID) -> Build:
    """The build as it stands, kept still until this transaction is over: officer and worker change it in turn."""
    get_build(actor, build_id)
    found = select(Build).where(Build.id == build_id).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(found).one()
