"""Assembling from the command line: ask, then watch the database while the workers work."""

import time
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from portal.core.access import Actor
from portal.core.db import db
from portal.core.errors import RuleBroken
from portal.core.i18n import _
from portal.core.usecases import query
from portal.doc_assembly.commands.builds import request_build
from portal.doc_assembly.models import DprVersion, Status
from portal.doc_assembly.queries import get_build, get_version

LOOK_EVERY_S = 0.5


@query
def wait_for_version(actor: Actor, build_id: UUID, on_progress: Callable[[Decimal], object]) -> DprVersion:
    """Look at a build until its version is there. Raises RuleBroken when it ends without one."""
    while True:
        db.session.rollback()  # every look is a new one
        build = get_build(actor, build_id)
        on_progress(build.percent)
        if build.version_id:
            return get_version(actor, build.version_id)
        if not build.active:
            ended = {Status.CANCELLED: _("The build was cancelled.")}
            raise RuleBroken(ended.get(Status(build.status), build.error_text or build.error_code))
        time.sleep(LOOK_EVERY_S)


def _assemble(actor: Actor, project_id: UUID, on_progress: Callable[[Decimal], object]) -> DprVersion:
    """The version of the project's present inputs: asked for through one door, waited for through another."""
    return wait_for_version(actor, request_build(actor, project_id).id, on_progress)
