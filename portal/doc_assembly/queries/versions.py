"""Reading published versions, their files, and what has moved on since."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.core.access import About, Actor, scoped
from portal.core.db import db, one_or_not_found, page_of
from portal.core.usecases import query
from portal.doc_assembly.models import DprVersion, VersionPart
from portal.doc_assembly.queries.inputs import list_origins
from portal.projects.queries import get_project


def _closed(actor: Actor, project_id: UUID) -> About:
    """What is asked about the volumes of a project that stay closed until the tender is opened. Raises NotFound."""
    project = get_project(actor, project_id)
    return About(project=project.id, circle=project.circle, division=project.division, restricted=True)


class Moved(NamedTuple):
    """A source that is no longer as the version has it: changed, gone or new."""

    module: str
    title: str
    what: str


@query
def list_versions(actor: Actor, project_id: UUID, *, after: str = "") -> tuple[Sequence[DprVersion], str]:
    """The versions of a project, newest first, one page and the cursor of the next."""
    get_project(actor, project_id)
    found = scoped(select(DprVersion).where(DprVersion.project_id == project_id), DprVersion, actor)
    return page_of(found, DprVersion.created_at, DprVersion.id, after=after)


@query
def newest_version(actor: Actor, project_id: UUID) -> DprVersion | None:
    """The version published last."""
    found = scoped(select(DprVersion).where(DprVersion.project_id == project_id), DprVersion, actor)
    return db.session.scalar(found.order_by(DprVersion.created_at.desc(), DprVersion.id.desc()).limit(1))


@query
def find_version(actor: Actor, project_id: UUID, key: str) -> DprVersion | None:
    """The version that was made from the very same inputs, if there is one."""
    found = scoped(select(DprVersion).where(DprVersion.project_id == project_id), DprVersion, actor)
    same = found.where(DprVersion.idempotency_key == key).order_by(DprVersion.created_at.desc())
    return db.session.scalar(same.limit(1))


@query
def get_version(actor: Actor, version_id: UUID) -> DprVersion:
    """A version with its files and sources. Raises NotFound."""
    found = scoped(select(DprVersion).where(DprVersion.id == version_id), DprVersion, actor)
    return one_or_not_found(found.options(selectinload(DprVersion.parts), selectinload(DprVersion.sources)))


@query
def get_part(actor: Actor, version_id: UUID, position: int) -> VersionPart:
    """One file of a version. Raises NotFound."""
    get_version(actor, version_id)
    return one_or_not_found(
        select(VersionPart).where(VersionPart.version_id == version_id, VersionPart.position == position)
    )


@query
def sees_everything(actor: Actor, project_id: UUID) -> bool:
    """Whether the closed volumes of a project are open to this officer; else they get a copy without them."""
    return actor.can("doc_assembly.read", _closed(actor, project_id))


@query
def list_moved(actor: Actor, version_id: UUID) -> list[Moved]:
    """Sources that were changed, withdrawn or added after the version's inputs were frozen."""
    version = get_version(actor, version_id)
    now = {(one.module, one.record_id): one for one in list_origins(actor, version.project_id)}
    moved = []
    for source in version.sources:
        present = now.pop((source.module, str(source.record_id)), None)
        if present is None:
            moved.append(Moved(source.module, source.title, "gone"))
        elif present.version != source.record_version:
            moved.append(Moved(source.module, present.title, "changed"))
    return moved + [Moved(one.module, one.title, "new") for one in now.values()]


@query
def page_moved(actor: Actor, version_id: UUID) -> tuple[list[Moved], str]:
    """The same as the one page of a collection."""
    return list_moved(actor, version_id), ""
