"""Estimates, their versions with sections, items and recapitulation, and the workbooks they come from.

quantity numeric(18,4), rate numeric(14,2), amount numeric(18,2), per cent numeric(7,4).
"""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.boq_estimates.rules.issues import help_text
from portal.core.db import Base, Record, now
from portal.core.errors import RuleBroken
from portal.core.i18n import _

Qty, Rate, Amt, Pct = Numeric(18, 4), Numeric(14, 2), Numeric(18, 2), Numeric(7, 4)
ZERO = Decimal(0)
STATUS_LABELS = {"draft": _("draft"), "withdrawn": _("taken back"), "superseded": _("replaced")}
BATCH_LABELS = {
    "uploaded": _("being read"),
    "parsed": _("columns to be named"),
    "validated": _("checked"),
    "committed": _("in the estimate"),
    "rejected": _("not taken"),
    "undone": _("taken back"),
    "expired": _("run out"),
}


class Estimate(Record):
    """One estimate of one project; its content is in its versions."""

    __tablename__ = "estimate"
    __table_args__ = (
        Index("uq_estimate_detailed", "project_id", unique=True, postgresql_where=text("kind = 'detailed'")),
    )
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), index=True, sort_order=-1)
    estimate_no: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    kind: Mapped[str] = mapped_column(default="detailed")
    preparation_method: Mapped[str] = mapped_column(default="hybrid")
    base_rate_year: Mapped[str]
    approved_budget: Mapped[Decimal | None] = mapped_column(Amt)
    duration_months: Mapped[int | None]
    current_version_id: Mapped[UUID | None]
    approved_version_id: Mapped[UUID | None]


class EstimateVersion(Record):
    """One version: its rows never move to another; `edited_at` tells an untouched import from an edited one."""

    __tablename__ = "estimate_version"
    __table_args__ = (UniqueConstraint("estimate_id", "major", "minor"),)
    estimate_id: Mapped[UUID] = mapped_column(ForeignKey("estimate.id"), index=True)
    major: Mapped[int]
    minor: Mapped[int]
    status: Mapped[str] = mapped_column(default="draft")
    works_total: Mapped[Decimal] = mapped_column(Amt, default=ZERO)
    taxable_total: Mapped[Decimal] = mapped_column(Amt, default=ZERO)
    grand_total: Mapped[Decimal] = mapped_column(Amt, default=ZERO)
    say_amount: Mapped[Decimal] = mapped_column(Amt, default=ZERO)
    ts_amount_lakh: Mapped[Decimal] = mapped_column(Numeric(14, 2), default=ZERO)
    items_count: Mapped[int] = mapped_column(default=0)
    base_version_id: Mapped[UUID | None]
    change_note: Mapped[str] = mapped_column(default="")
    locked: Mapped[bool] = mapped_column(default=False)
    edited_at: Mapped[dt.datetime | None]

    @property
    def label(self) -> str:
        """0.1, 0.2 … before the first approval."""
        return f"{self.major}.{self.minor}"

    @property
    def status_label(self) -> Any:
        """The status in words."""
        return STATUS_LABELS.get(self.status, self.status)

    def must_be_draft(self) -> None:
        """Raise RuleBroken for a version that is locked or no longer the draft."""
        if self.locked or self.status != "draft":
            raise RuleBroken(_("This version is closed. Changes go into a new one."))

    def edit(self) -> None:
        """Only an unlocked draft is changed; the moment is kept."""
        self.must_be_draft()
        self.edited_at = now()

    def withdraw(self) -> None:
        """An imported version that nobody has touched since can be taken back."""
        if self.status != "draft" or self.locked:
            raise RuleBroken(_("This version is no longer the draft that was imported."))
        if self.edited_at:
            raise RuleBroken(_("The recapitulation was changed since the import. Import a corrected workbook instead."))
        self.status = "withdrawn"


class BoqSection(Record):
    """A part of the bill, at most four deep; its total holds all that lies below it."""

    __tablename__ = "boq_section"
    __table_args__ = (
        UniqueConstraint("version_id", "code"),
        CheckConstraint("depth BETWEEN 1 AND 4", name="depth"),
    )
    version_id: Mapped[UUID] = mapped_column(ForeignKey("estimate_version.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("boq_section.id"))
    code: Mapped[str]
    title: Mapped[str]
    preamble: Mapped[str] = mapped_column(default="")
    sort_key: Mapped[int]
    depth: Mapped[int]
    category: Mapped[str] = mapped_column(default="other")
    total: Mapped[Decimal] = mapped_column(Amt, default=ZERO)
    items_count: Mapped[int] = mapped_column(default=0)


class BoqItem(Record):
    """A priced line; the same line keeps its `line_key` from version to version. Never negative."""

    __tablename__ = "boq_item"
    __table_args__ = (
        UniqueConstraint("version_id", "item_no"),
        Index("ix_boq_item_version_id_position", "version_id", "position", unique=True),
        CheckConstraint("quantity >= 0 AND rate >= 0 AND output_qty > 0", name="not_negative"),
    )
    version_id: Mapped[UUID] = mapped_column(ForeignKey("estimate_version.id"))
    section_id: Mapped[UUID] = mapped_column(ForeignKey("boq_section.id"), index=True)
    line_key: Mapped[UUID]
    position: Mapped[int]
    item_no: Mapped[str]
    description: Mapped[str]
    unit_code: Mapped[str]
    source_kind: Mapped[str | None]
    book_item_code: Mapped[str] = mapped_column(default="")
    output_qty: Mapped[Decimal] = mapped_column(Qty, default=Decimal(1))
    base_rate: Mapped[Decimal] = mapped_column(Rate)
    adjustments: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    rate: Mapped[Decimal] = mapped_column(Rate)
    quantity: Mapped[Decimal] = mapped_column(Qty)
    amount: Mapped[Decimal] = mapped_column(Amt)
    drawing_refs: Mapped[list[str]] = mapped_column(JSONB, default=list)
    spec_refs: Mapped[list[str]] = mapped_column(JSONB, default=list)
    is_provisional: Mapped[bool] = mapped_column(default=False)
    in_tender: Mapped[bool] = mapped_column(default=True)
    change_reason: Mapped[str | None]
    source_row: Mapped[int | None]


class RecapHead(Base):
    """A head of the recapitulation as ordered from a day on: the only place where its percentage stands."""

    __tablename__ = "recap_head"
    __table_args__ = (UniqueConstraint("code", "effective_from"),)
    code: Mapped[str]
    label: Mapped[str]
    part: Mapped[str]
    seq: Mapped[int]
    mode: Mapped[str]
    pct: Mapped[Decimal] = mapped_column(Pct, default=ZERO)
    base: Mapped[list[str]] = mapped_column(JSONB, default=list)
    slabs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    account_head: Mapped[str] = mapped_column(default="")
    payable_to_contractor: Mapped[bool] = mapped_column(default=False)
    in_tender_value: Mapped[bool] = mapped_column(default=False)
    allowed_min_pct: Mapped[Decimal | None] = mapped_column(Pct)
    allowed_max_pct: Mapped[Decimal | None] = mapped_column(Pct)
    editable_by: Mapped[list[str]] = mapped_column(JSONB, default=list)
    effective_from: Mapped[dt.date]
    effective_to: Mapped[dt.date | None]
    order_ref: Mapped[str]


class RecapLine(Record):
    """One head of one version as it came out: what was set, on what base, how much in whole rupees, and why."""

    __tablename__ = "recap_line"
    __table_args__ = (UniqueConstraint("version_id", "head_code"),)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("estimate_version.id"))
    head_code: Mapped[str]
    label: Mapped[str]
    part: Mapped[str]
    position: Mapped[int]
    mode: Mapped[str]
    pct_used: Mapped[Decimal | None] = mapped_column(Pct)
    chosen_pct: Mapped[Decimal | None] = mapped_column(Pct)
    chosen_amount: Mapped[Decimal | None] = mapped_column(Amt)
    base_amount: Mapped[Decimal | None] = mapped_column(Amt)
    amount: Mapped[Decimal] = mapped_column(Amt)
    why: Mapped[str]
    order_ref: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    document_id: Mapped[UUID | None]

    @property
    def title(self) -> Any:
        """The label in the reader's language, where the catalogue has it."""
        return _(self.label)


class ImportBatch(Record):
    """One workbook on its way into an estimate: read, checked, then taken whole or not at all.

    `attempt` counts the mappings, `tries` the readers that took the present one up; `lease_until` is how long the last
    of them is trusted.
    """

    __tablename__ = "boq_import"
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), index=True, sort_order=-1)
    estimate_id: Mapped[UUID | None] = mapped_column(ForeignKey("estimate.id"), index=True)
    version_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(default="boq")
    mode: Mapped[str] = mapped_column(default="replace")
    filename: Mapped[str]
    file_sha256: Mapped[str] = mapped_column(index=True)
    file_bytes: Mapped[int]
    issues_sha256: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="uploaded", index=True)
    attempt: Mapped[int] = mapped_column(default=1)
    tries: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[dt.datetime | None]
    failure: Mapped[str] = mapped_column(default="")
    sheet: Mapped[str] = mapped_column(default="")
    header_row: Mapped[int | None]
    mapping: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    sheets: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    sample: Mapped[list[list[str]]] = mapped_column(JSONB, default=list)
    bill: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), deferred=True, deferred_raiseload=True
    )
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_ok: Mapped[int] = mapped_column(default=0)
    rows_error: Mapped[int] = mapped_column(default=0)
    rows_warning: Mapped[int] = mapped_column(default=0)
    rows_hidden: Mapped[int] = mapped_column(default=0)
    sections_count: Mapped[int] = mapped_column(default=0)
    items_count: Mapped[int] = mapped_column(default=0)
    works_total: Mapped[Decimal] = mapped_column(Amt, default=ZERO)
    expires_at: Mapped[dt.datetime]

    @property
    def status_label(self) -> Any:
        """The status in words."""
        return BATCH_LABELS[self.status]

    @property
    def open(self) -> bool:
        """Still on its way: it can be mapped anew or given up."""
        return self.status in ("uploaded", "parsed", "validated")

    @property
    def committable(self) -> bool:
        """Read, and without a single error."""
        return self.status == "validated" and not self.rows_error and self.items_count > 0

    def must_be_open(self) -> None:
        """Raise RuleBroken for a batch whose way has ended."""
        if not self.open:
            raise RuleBroken(
                _("This import is closed (%(status)s). Upload the workbook again.", status=self.status_label)
            )

    def must_be_committable(self) -> None:
        """All or nothing: one error keeps the whole workbook out."""
        self.must_be_open()
        if self.rows_error:
            raise RuleBroken(_("%(count)s rows have errors; nothing was taken over.", count=self.rows_error))
        if not self.committable:
            raise RuleBroken(_("There are no checked items to take over yet."))


class ImportIssue(Base):
    """One finding in one row of a workbook."""

    __tablename__ = "boq_import_issue"
    __table_args__ = (Index("ix_boq_import_issue_batch_id_position", "batch_id", "position", unique=True),)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("boq_import.id", ondelete="CASCADE"))
    position: Mapped[int]
    row_no: Mapped[int]
    column: Mapped[str]
    field: Mapped[str]
    severity: Mapped[str]
    code: Mapped[str]
    value: Mapped[str]
    details: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)

    @property
    def message(self) -> str:
        """How to mend it, in the reader's language."""
        return help_text(self.code, self.details)
