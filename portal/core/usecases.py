"""@command and @query: the only doors through which pages, API, jobs and the command line reach the business."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from portal.core import audit
from portal.core.access import NOTHING, POLICY, About, Actor, require, require_proof
from portal.core.db import transaction
from portal.core.origin import ORIGIN

P = ParamSpec("P")
R = TypeVar("R")
UseCase = Callable[Concatenate[Actor, P], R]
DOORS: dict[str, str] = {}
log = logging.getLogger("portal.usecases")


def _name(use_case: Callable[..., object], verb: str) -> tuple[str, str]:
    name = f"{use_case.__module__}.{use_case.__qualname__}"
    act = f"{use_case.__module__.split('.')[1]}.{verb}"
    DOORS[name] = act
    return name, act


def act_of(use_case: Callable[..., object]) -> str:
    """The act that opens a door, for those who want to refuse before they read the body. Raises KeyError."""
    return DOORS[f"{use_case.__module__}.{use_case.__qualname__}"]


def _about(actor: Actor, act: str, args: tuple[Any, ...], about: Callable[..., About] | None) -> About:
    """What the right depends on besides the role: what the module says, and what the actor did with it before."""
    known = about(actor, *args) if about else NOTHING
    judged = POLICY["separation"].get(act)
    return replace(known, done=audit.acts_of(actor, judged, args)) if judged else known


def command(
    act: str = "write", *, audited: bool = True, about: Callable[..., About] | None = None
) -> Callable[[UseCase[P, R]], UseCase[P, R]]:
    """A use case that changes state: the right to `act` in its own module, one transaction, an audit record.

    `audited=False` is for what is no act of anybody, such as a worker's heartbeat. `about` gets what the use case gets
    and says what rights depend on besides the role: the amount a delegated power is measured by, a restricted volume.
    """

    def wrap(use_case: UseCase[P, R]) -> UseCase[P, R]:
        name, full_act = _name(use_case, act)

        @wraps(use_case)
        def opened(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            decided = require(actor, full_act, _about(actor, full_act, args, about))
            require_proof(actor, full_act)
            with transaction(actor.id):
                answer = use_case(actor, *args, **kwargs)
                if audited:
                    audit.note(actor, full_act, name, args, instrument=decided.instrument)
            log.log(
                logging.INFO if audited else logging.DEBUG,
                "%s by %s (%s) request %s",
                name,
                actor.id,
                actor.role,
                ORIGIN.get().request_id,
            )
            return answer

        return opened

    return wrap


def query(use_case: UseCase[P, R]) -> UseCase[P, R]:
    """A use case that only looks: the right to read its own module is checked first."""
    _whole, act = _name(use_case, "read")

    @wraps(use_case)
    def opened(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
        require(actor, act)
        return use_case(actor, *args, **kwargs)

    return opened
