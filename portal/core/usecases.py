"""@command and @query: the only doors through which pages, API, jobs and the command line reach the business."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from portal.core import audit
from portal.core.access import NOTHING, POLICY, About, Actor, Decision, require, require_proof
from portal.core.db import transaction
from portal.core.origin import ORIGIN

P = ParamSpec("P")
R = TypeVar("R")
UseCase = Callable[Concatenate[Actor, P], R]
DOORS: dict[str, str] = {}
ABOUT: dict[str, Callable[..., About]] = {}
log = logging.getLogger("portal.usecases")


def _name(use_case: Callable[..., object], verb: str) -> tuple[str, str]:
    name = f"{use_case.__module__}.{use_case.__qualname__}"
    act = f"{use_case.__module__.split('.')[1]}.{verb}"
    DOORS[name] = act
    return name, act


def permit(use_case: Callable[..., object], actor: Actor, *args: Any) -> Decision:
    """Refuse whoever may not do this with that, before the body is read; the door itself asks the same again."""
    name = f"{use_case.__module__}.{use_case.__qualname__}"
    act = DOORS[name]
    known = ABOUT[name](actor, *args) if name in ABOUT else NOTHING
    judged = POLICY["separation"].get(act)
    if judged:
        known = replace(known, done=audit.acts_of(actor, judged, args))
    return require(actor, act, known)


def command(
    act: str = "write", *, audited: bool = True, about: Callable[..., About] | None = None
) -> Callable[[UseCase[P, R]], UseCase[P, R]]:
    """A use case that changes state: the right to `act` in its own module, one transaction, an audit record.

    `audited=False` is for what is no act of anybody, such as a worker's heartbeat. `about` gets what the use case gets
    and says what rights depend on besides the role: the amount a delegated power is measured by, a restricted volume.
    """

    def wrap(use_case: UseCase[P, R]) -> UseCase[P, R]:
        name, full_act = _name(use_case, act)
        if about:
            ABOUT[name] = about

        @wraps(use_case)
        def opened(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            decided = permit(use_case, actor, *args)
            require_proof(actor, full_act)
            with transaction(actor.id):
                answer = use_case(actor.under(decided.instrument), *args, **kwargs)
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


@overload
def query(use_case: UseCase[P, R], /) -> UseCase[P, R]: ...


@overload
def query(*, act: str) -> Callable[[UseCase[P, R]], UseCase[P, R]]: ...


def query(use_case: UseCase[P, R] | None = None, /, *, act: str = "read") -> Any:
    """A use case that only looks: the right to read its own module, or to `act` in it, is checked first.

    `@query(act="own")` in accounts is for what everybody may see of themselves.
    """

    def wrap(use_case: UseCase[P, R]) -> UseCase[P, R]:
        _whole, full_act = _name(use_case, act)

        @wraps(use_case)
        def opened(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            require(actor, full_act)
            return use_case(actor, *args, **kwargs)

        return opened

    return wrap(use_case) if use_case else wrap
