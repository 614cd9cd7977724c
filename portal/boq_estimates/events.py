"""Facts of estimates; every payload names the estimate and its version, figures are texts of decimals."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class VersionCreated(Event):
    """A new version of an estimate exists."""

    topic: ClassVar[str] = "hmda.boq.version.created"
    says: ClassVar = _("Version {version} of estimate {estimate_no} was made with {items} items.")
    estimate_id: UUID
    estimate_no: str
    version: str
    items: int
    source: str


@dataclass(frozen=True, kw_only=True)
class EstimateCalculated(Event):
    """W, G and the say figure were worked out anew; `changed_heads` are the lines that came out differently."""

    topic: ClassVar[str] = "hmda.boq.estimate.calculated"
    says: ClassVar = _("The estimate was calculated: works {works_text}, say {say_text}.")
    estimate_id: UUID
    version: str
    works_total: Decimal
    grand_total: Decimal
    say_amount: Decimal
    works_text: str
    say_text: str
    changed_heads: list[str]
    before: dict[str, Decimal] = field(default_factory=dict)
    after: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EstimateEdited(Event):
    """An officer corrected particulars; `before` and `after` hold those that differ, `changes` is both in words."""

    topic: ClassVar[str] = "hmda.boq.estimate.edited"
    says: ClassVar = _("Particulars were corrected: {changes}.")
    estimate_id: UUID
    changes: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class HeadChanged(Event):
    """An officer set a head of the recapitulation, and said why."""

    topic: ClassVar[str] = "hmda.boq.recapitulation.changed"
    says: ClassVar = _("{label} was set to {after}: {reason}")
    estimate_id: UUID
    version: str
    head_code: str
    label: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ImportRequested(Event):
    """A workbook came in, or its columns were mapped anew: it is to be read."""

    topic: ClassVar[str] = "hmda.boq.import.requested"
    says: ClassVar = _("The workbook {filename} was handed in to be read.")
    batch_id: UUID
    filename: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class ImportChecked(Event):
    """A workbook was read and every row looked at; nothing is in the estimate yet."""

    topic: ClassVar[str] = "hmda.boq.import.checked"
    says: ClassVar = _("The workbook {filename} was checked: {items} items, {errors} rows with errors.")
    batch_id: UUID
    filename: str
    items: int
    errors: int
    status: str


@dataclass(frozen=True, kw_only=True)
class ImportCommitted(Event):
    """A workbook became a version of the estimate."""

    topic: ClassVar[str] = "hmda.boq.import.committed"
    says: ClassVar = _("The workbook {filename} became version {version} with {items} items.")
    estimate_id: UUID
    version: str
    batch_id: UUID
    filename: str
    file_sha256: str
    items: int


@dataclass(frozen=True, kw_only=True)
class ImportFailed(Event):
    """A workbook was not taken; nothing of it is in the estimate."""

    topic: ClassVar[str] = "hmda.boq.import.failed"
    says: ClassVar = _("The workbook {filename} was not taken: {reason}")
    batch_id: UUID
    filename: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ImportUndone(Event):
    """A committed import was taken back; the version before it is current again."""

    topic: ClassVar[str] = "hmda.boq.import.undone"
    says: ClassVar = _("Version {version} from the workbook {filename} was taken back.")
    estimate_id: UUID
    version: str
    batch_id: UUID
    filename: str
