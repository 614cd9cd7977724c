"""What the assembly is given to work with, and what it hands back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from portal.core.calendar import IST
from portal.doc_assembly.rules.frozen import Frozen
from portal.doc_assembly.rules.hashing import dpr_number

KINDS = {"draft": ("Draft", "ముసాయిదా")}


class Kept(NamedTuple):
    """A part that is made: its file, and what was found on its pages."""

    sha256: str
    pages: int
    found: dict[str, Any]


class Desk(Protocol):
    """What the assembly needs from outside."""

    def path(self, sha256: str) -> Path | None:
        """A plain copy of the file in the store, for as long as the work goes on; None when it is missing."""

    def digest(self, sha256: str) -> str | None:
        """The hash of what the store has under this name; "" when that cannot be read, None when it is missing."""

    def kept(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Parts made before, by key."""

    def keep(self, key: str, content: bytes | Path | None, made: Kept, seconds: float) -> Kept:
        """Store a part (no content: its file is in the store already) for this build and the next."""

    def step(self, number: int, done: int, total: int, item: str = "") -> None:
        """How far a step is. Raises when the build is to stop."""

    def check(self) -> None:
        """Raises when the build is to stop."""

    def warn(self, words: str) -> None:
        """Something an officer should know."""


@dataclass(frozen=True)
class Imprinted:
    """What a report says of itself: its inputs, the version's label and kind."""

    frozen: Frozen
    label: str
    kind: str

    @property
    def number(self) -> str:
        """INFRA-RT-2025-042-C1/DPR/D1"""
        return dpr_number(self.frozen.inputs.project["code"], self.label)

    @property
    def day(self) -> str:
        """The day the inputs were frozen: the build date that is printed."""
        return self.frozen.at.astimezone(IST).strftime("%d-%m-%Y")

    @property
    def status(self) -> str:
        """Draft D1"""
        return f"{KINDS[self.kind][0]} {self.label}"


@dataclass(frozen=True)
class Order(Imprinted):
    """What is to be made; where from, and where loose files may lie."""

    desk: Desk
    folder: Path


@dataclass(frozen=True)
class Bound:
    """The bound file and what it holds."""

    path: Path
    pages: int
    content_hash: str
    input_hash: str
    leaves: Mapping[str, str]
    volumes: Sequence[tuple[str, int, int]]  # name, first physical page, pages
