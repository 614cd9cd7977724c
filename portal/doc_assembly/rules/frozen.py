"""What goes into a build, frozen in one consistent read: plain values, amounts as decimal text."""

import datetime as dt
from typing import Any

import msgspec


class Text(msgspec.Struct, frozen=True):
    """The text of a section as it was written."""

    code: str
    text: str
    text_te: str = ""
    revision: int = 0


class Item(msgspec.Struct, frozen=True):
    """A priced line; the rate is for `per` units."""

    number: str
    description: str
    unit: str
    quantity: str
    rate: str
    amount: str
    per: str = "1"
    decimals: int = 2


class Bill(msgspec.Struct, frozen=True):
    """A part of the bill of quantities; its total holds the parts below it."""

    code: str
    title: str
    depth: int
    total: str
    preamble: str = ""
    items: list[Item] = []


class Head(msgspec.Struct, frozen=True):
    """A line of the recapitulation, in whole rupees."""

    code: str
    label: str
    part: str
    percent: str
    base: str
    amount: str
    why: str = ""


class Estimate(msgspec.Struct, frozen=True):
    """The current version of the project's estimate."""

    number: str
    title: str
    version: str
    rate_year: str
    works: str
    taxable: str
    grand_total: str
    say: str
    bills: list[Bill] = []
    heads: list[Head] = []


class File(msgspec.Struct, frozen=True):
    """An attached file; kind drawing, clearance_letter, certificate or other."""

    id: str
    title: str
    number: str
    kind: str
    dated: str
    filename: str
    mimetype: str
    sha256: str
    bytes: int
    pages: int
    page_sizes: list[list[float]] = []


class Inputs(msgspec.Struct, frozen=True):
    """Everything the printed report follows from."""

    project: dict[str, str]
    work_type: str
    texts: list[Text] = []
    estimate: Estimate | None = None
    files: list[File] = []


class Origin(msgspec.Struct, frozen=True):
    """A record the inputs were read from."""

    module: str
    record_id: str
    version: int
    title: str


class Frozen(msgspec.Struct, frozen=True):
    """The inputs, where they came from, and when they were read."""

    inputs: Inputs
    origins: list[Origin]
    at: dt.datetime


def thaw(stored: bytes) -> Frozen:
    """Read what freeze() wrote."""
    return msgspec.json.decode(stored, type=Frozen)


def freeze(frozen: Frozen) -> bytes:
    """As JSON, to be kept."""
    return msgspec.json.encode(frozen)


def plain(value: Any) -> Any:
    """Structs as dictionaries and lists."""
    return msgspec.to_builtins(value)
