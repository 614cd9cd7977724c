"""@command and @query: the only doors through which pages, API, jobs and the command line reach the business."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from portal.core import audit
from portal.core.access import Actor, require
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


def command(act: str = "write", *, audited: bool = True) -> Callable[[UseCase[P, R]], UseCase[P, R]]:
    """A use case that changes state: the right to `act` in its own module, one transaction, an audit record.

    `audited=False` is for what is no act of anybody, such as a worker's heartbeat.
    """

    def wrap(use_case: UseCase[P, R]) -> UseCase[P, R]:
        name, full_act = _name(use_case, act)

        @wraps(use_case)
        def opened(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            require(actor, full_act)
            with transaction(actor.id):
                answer = use_case(actor, *args, **kwargs)
                if audited:
                    audit.note(actor, full_act, name, args)
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
