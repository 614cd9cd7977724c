"""Reading builds: one, those of a project, those that wait, and what past builds teach about time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager

from portal.core.access import Actor, require, scoped
from portal.core.db import db, now, one_or_not_found, page_of
from portal.core.usecases import query
from portal.doc_assembly.models import ACTIVE, Build, BuildStep, BuildUnit, Status
from portal.doc_assembly.rules.desk import Kept
from portal.doc_assembly.rules.steps import Rates
from portal.projects.models import Project
from portal.projects.queries import get_project

HISTORY = 30


@query
def get_build(actor: Actor, build_id: UUID) -> Build:
    """A build of a project the actor may not know of does not exist for them."""
    return one_or_not_found(scoped(select(Build).where(Build.id == build_id), Build, actor))


@query
def list_builds(actor: Actor, project_id: UUID, *, after: str = "") -> tuple[Sequence[Build], str]:
    """The builds of a project, newest first, one page and the cursor of the next."""
    get_project(actor, project_id)
    found = scoped(select(Build).where(Build.project_id == project_id), Build, actor)
    return page_of(found, Build.created_at, Build.id, after=after)


@query
def recent_builds(actor: Actor, *, after: str = "") -> tuple[Sequence[Build], str]:
    """The builds of all projects, newest first, each with its project; none of a project whose load was undone."""
    found = select(Build).join(Build.project).where(Project.removed.is_(False)).options(contains_eager(Build.project))
    return page_of(scoped(found, Build, actor), Build.created_at, Build.id, after=after)


@query
def newest_build(actor: Actor, project_id: UUID) -> Build | None:
    """The build that was asked for last."""
    found = scoped(select(Build).where(Build.project_id == project_id), Build, actor)
    return db.session.scalar(found.order_by(Build.created_at.desc(), Build.id.desc()).limit(1))


@query
def find_active_build(actor: Actor, project_id: UUID) -> Build | None:
    """The one build that waits, runs or is being stopped."""
    found = scoped(select(Build).where(Build.project_id == project_id), Build, actor)
    return db.session.scalar(found.where(Build.status.in_(ACTIVE)))


@query
def list_steps(actor: Actor, build_id: UUID) -> Mapping[int, BuildStep]:
    """The steps of a build by their number, as far as it has come."""
    get_build(actor, build_id)
    return {step.number: step for step in db.session.scalars(select(BuildStep).where(BuildStep.build_id == build_id))}


@query
def list_units(actor: Actor, keys: Sequence[str]) -> dict[str, Kept]:
    """Parts that were made before, by their key; a part holds no project's name."""
    found: dict[str, Kept] = {}
    for start in range(0, len(keys), 500):
        some = db.session.scalars(select(BuildUnit).where(BuildUnit.key.in_(keys[start : start + 500])))
        found |= {unit.key: Kept(unit.sha256, unit.pages, unit.found) for unit in some}
    return found


@query
def list_lost_builds(actor: Actor) -> list[tuple[UUID, Status, int]]:
    """Builds that wait for a worker, and builds whose worker has not been heard of: id, status, attempt.

    Of all projects, so it is for the portal itself.
    """
    require(actor, "doc_assembly.work")
    moment = now()
    waiting = (Build.status == Status.QUEUED) & or_(Build.not_before.is_(None), Build.not_before <= moment)
    lost = Build.status.in_((Status.RUNNING, Status.CANCELLING)) & (Build.lease_until < moment)
    found = select(Build.id, Build.status, Build.attempt).where(or_(waiting, lost)).order_by(Build.created_at)
    return [(id_, Status(status), attempt) for id_, status, attempt in db.session.execute(found)]


@query
def past_rates(actor: Actor) -> Rates:
    """Seconds per unit and seconds in all of each step, over the last completed builds."""
    recent = select(Build.id).where(Build.status == Status.COMPLETED).order_by(Build.finished_at.desc()).limit(HISTORY)
    steps = select(BuildStep).where(BuildStep.build_id.in_(recent.scalar_subquery()))
    by_unit: dict[int, list[Decimal]] = defaultdict(list)
    whole: dict[int, list[Decimal]] = defaultdict(list)
    for step in db.session.scalars(steps):
        whole[step.number].append(step.seconds)
        by_unit[step.number].append(step.seconds / max(1, step.total))
    return Rates(by_unit, whole)
