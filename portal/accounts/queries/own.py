"""What officers see of themselves."""

from collections.abc import Sequence
from typing import NamedTuple

from portal.accounts.models import Factor, Officer
from portal.accounts.queries.factors import _codes_left, _factors_of, _must_have_factor
from portal.core.access import POLICY, ROLES, Actor
from portal.core.db import db
from portal.core.events import StoredEvent, timeline
from portal.core.i18n import _
from portal.core.usecases import query


class Own(NamedTuple):
    """One's own account: who one is here, what one signs in with, and what happened to it lately.

    `confined` is who reaches assigned projects only; `required` who has to have a second factor.
    """

    officer: Officer
    title: str
    confined: bool
    factors: Sequence[Factor]
    codes: int
    required: bool
    happened: Sequence[StoredEvent]


@query(act="own")
def get_own(actor: Actor) -> Own:
    """One's own account."""
    officer = db.session.get_one(Officer, actor.id)
    return Own(
        officer,
        title=str(ROLES.get(officer.role, _("no role yet"))),
        confined=officer.role in POLICY["assigned"]["roles"],
        factors=_factors_of(actor.id),
        codes=_codes_left(actor.id),
        required=_must_have_factor(officer.role),
        happened=timeline(stream_id=actor.id, limit=15),
    )
