"""What many modules supply to one: marked where it is written, found by the module that asks, imported by neither."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
_SUPPLIED: dict[str, list[Callable[..., Any]]] = defaultdict(list)


def supplies(slot: str) -> Callable[[F], F]:
    """Offer this function to whoever asks for `slot`, such as "actor.projects"."""

    def keep(function: F) -> F:
        _SUPPLIED[slot].append(function)
        return function

    return keep


def supplied(slot: str) -> tuple[Callable[..., Any], ...]:
    """All that was offered for the slot, in the order of import."""
    return tuple(_SUPPLIED[slot])
