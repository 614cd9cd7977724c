"""What a spreadsheet is once it has been read: plain rows of plain values, whatever the file was."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from portal.core.errors import Invalid


class CellError(NamedTuple):
    """A cell whose formula failed in the officer's own spreadsheet program, such as #REF!."""

    code: str


Value = str | Decimal | dt.date | dt.datetime | bool | CellError | None


class Row(NamedTuple):
    """One row that holds anything; `number` counts from 1 as the spreadsheet program shows it."""

    number: int
    cells: list[Value]
    hidden: bool = False

    def at(self, column: int) -> Value:
        """The cell at an index from 0; None beyond the last filled one."""
        return self.cells[column] if 0 <= column < len(self.cells) else None


@dataclass
class Sheet:
    """The rows that hold anything, in order; `merged` are ranges (row, column, last row, last column), from 1."""

    name: str
    rows: list[Row] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: bool = False

    @property
    def width(self) -> int:
        """The number of columns up to the last filled one."""
        return max((len(row.cells) for row in self.rows), default=0)


@dataclass
class Workbook:
    """The sheets of one file, in the order of its tabs."""

    filename: str
    kind: str
    sheets: list[Sheet]


def refused(message: object) -> Invalid:
    """A file that is not taken, with the reason, to be shown at the file field."""
    return Invalid(message, "file")
