"""Settling what is doubtful: the report's value stands, or the right one takes its place."""

from typing import Any
from uuid import UUID

from portal.core.access import Actor
from portal.core.db import db, now
from portal.core.events import record
from portal.core.i18n import _
from portal.core.usecases import command
from portal.projects.commands.register import _change, _locked, _recount
from portal.projects.events import FlagSettled
from portal.projects.models import DqFlag
from portal.projects.queries.register import get_flag
from portal.projects.works_report.examine import plain


@command("import")
def settle_flag(actor: Actor, flag_id: UUID, values: dict[str, Any]) -> DqFlag:
    """Accept what stands, or put the right value in its place; from then on the work counts in averages again.

    The right value arrives as the particulars hold it: FlagForm reads it by the rules of the field in doubt.
    """
    flag = get_flag(actor, flag_id)
    project = _locked(actor, flag.project_id)
    db.session.refresh(flag, with_for_update=True)
    decision, right = values["decision"], values["value"]
    flag.settle(decision, values["note"], actor.id, now())
    if decision == "corrected" and getattr(project, flag.field) != right:
        _change(project, {flag.field: right}, actor, str(_("doubt settled")))
    fact = FlagSettled(
        field=flag.field.replace("_", " "),
        code=flag.code,
        found=flag.found,
        decision=decision,
        value=str(plain(right)) if decision == "corrected" else "",
        note=values["note"],
    )
    record(fact, flag, actor)
    _recount([project.id])
    return flag
