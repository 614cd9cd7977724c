"""The register of projects: one row a work, the reports it came from, what is doubtful, who serves it from outside."""

import datetime as dt
import re
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Numeric, UniqueConstraint, event, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, validates
from sqlalchemy.types import Text

from portal.core.db import Base, Record
from portal.core.errors import Invalid, RuleBroken
from portal.core.i18n import _
from portal.projects.rules import AUTHORITIES, REACHED, WORK_TYPES, WorkType
from portal.projects.works_report.measure import FIELDS, size_source, stage

RUPEES = Numeric(16, 2)
CHOICES: dict[str, Any] = {"work_type": WORK_TYPES, "as_authority": AUTHORITIES}
SEARCHED = ("code", "name", "work", "village", "mandal", "district", "survey_numbers")
SEARCHED_ORDERS = ("as_file", "as_details", "loa", "agreement_no", "agency", "tender_notice")


class Project(Record):
    """One public work, from concept to sanction. It is its own project: project_id is its id. Amounts in rupees."""

    __tablename__ = "project"
    __table_args__ = (
        Index("uq_project_code", "code", unique=True),
        Index("uq_project_import_key", "import_key", unique=True, postgresql_where=text("import_key <> ''")),
        Index("ix_project_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
        Index("ix_project_amount", text("amount DESC NULLS LAST"), "id", postgresql_where=text("NOT removed")),
    )
    code: Mapped[str]
    name: Mapped[str]
    work: Mapped[str]
    division: Mapped[str] = mapped_column(default="")
    circle: Mapped[str] = mapped_column(default="")
    district: Mapped[str] = mapped_column(default="")
    mandal: Mapped[str] = mapped_column(default="")
    village: Mapped[str] = mapped_column(default="")
    survey_numbers: Mapped[str] = mapped_column(default="")
    work_type: Mapped[str] = mapped_column(default=WorkType.OTHER)
    type_as_written: Mapped[str] = mapped_column(default="")
    financial_year: Mapped[str] = mapped_column(default="")

    as_file: Mapped[str] = mapped_column(default="")
    as_authority: Mapped[str] = mapped_column(default="")
    as_details: Mapped[str] = mapped_column(default="")
    as_amount: Mapped[Decimal | None] = mapped_column(RUPEES)
    as_date: Mapped[dt.date | None]
    as_revisions: Mapped[list[str]] = mapped_column(JSONB, default=list)
    as_revised: Mapped[str] = mapped_column(default="")
    as_revised_amount: Mapped[Decimal | None] = mapped_column(RUPEES)
    ts_details: Mapped[str] = mapped_column(default="")
    ts_amount: Mapped[Decimal | None] = mapped_column(RUPEES)
    estimate_amount: Mapped[Decimal | None] = mapped_column(RUPEES)

    tender_notice: Mapped[str] = mapped_column(default="")
    ecv: Mapped[Decimal | None] = mapped_column(RUPEES)
    contract_value: Mapped[Decimal | None] = mapped_column(RUPEES)
    tender_percent: Mapped[Decimal | None] = mapped_column(Numeric(7, 2))
    agency: Mapped[str] = mapped_column(default="")
    loa: Mapped[str] = mapped_column(default="")
    agreement_no: Mapped[str] = mapped_column(default="")
    agreement_date: Mapped[dt.date | None]
    grounded_on: Mapped[dt.date | None]
    grounding_note: Mapped[str] = mapped_column(default="")
    period: Mapped[str] = mapped_column(default="")
    deviations: Mapped[str] = mapped_column(default="")
    extensions: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="")
    percent_done: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    spent_gross: Mapped[Decimal | None] = mapped_column(RUPEES)
    spent_net: Mapped[Decimal | None] = mapped_column(RUPEES)

    shared_group: Mapped[str] = mapped_column(default="", index=True)
    shared_fields: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    import_key: Mapped[str] = mapped_column(default="")
    imported: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    removed: Mapped[bool] = mapped_column(default=False)
    open_flags: Mapped[int] = mapped_column(default=0)
    kept_out: Mapped[bool] = mapped_column(default=False)
    amount: Mapped[Decimal | None] = mapped_column(RUPEES)
    reached: Mapped[str] = mapped_column(default="before_tender")
    search: Mapped[str] = mapped_column(default="", deferred=True)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.project_id = self.id

    @validates("work_type", "as_authority")
    def known(self, name: str, value: Any) -> Any:
        """Whoever writes a project: a choice is one of those that have words; none made is not stated."""
        value = "" if value is None else value
        if value not in CHOICES[name]:
            raise Invalid(_("“%(text)s” is none of the choices.", text=str(value)[:40]), name)
        return value

    @property
    def type_label(self) -> Any:
        """The type of work in words."""
        return WORK_TYPES[WorkType(self.work_type)]

    @property
    def authority_label(self) -> Any:
        """Who gave the administrative sanction."""
        return AUTHORITIES[self.as_authority]

    @property
    def reached_label(self) -> Any:
        """How far the work has come, in words."""
        return REACHED[self.reached]

    @property
    def latest_as(self) -> Decimal | None:
        """The administrative sanction in force: the revision, else the first."""
        return self.as_amount if self.as_revised_amount is None else self.as_revised_amount

    @property
    def amount_source(self) -> str:
        """Which figure stands for the size of the work, be it shared; "" where there is none."""
        return size_source(self._measured())

    def derive(self) -> None:
        """What follows from the other fields: size, how far it has come, the text that is searched."""
        self.amount = getattr(self, self.amount_source) if self.amount_source else None
        self.reached = stage(self._measured())
        orders = (re.sub(r"\s+", " ", getattr(self, name) or "") for name in SEARCHED_ORDERS)
        self.search = " ".join([*(getattr(self, name) or "" for name in SEARCHED), *orders]).lower()

    def _measured(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS}


@event.listens_for(Project, "before_insert")
@event.listens_for(Project, "before_update")
def derive_before_writing(_mapper: Any, _connection: Any, project: Project) -> None:
    """No way of writing a project leaves its derived columns behind."""
    project.derive()


class ImportBatch(Base):
    """One works report as it was read: a dry run until an officer commits it whole."""

    __tablename__ = "import_batch"
    __table_args__ = (
        Index("uq_import_batch_sha256", "sha256", unique=True, postgresql_where=text("state <> 'undone'")),
    )
    filename: Mapped[str]
    sha256: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int]
    accepted: Mapped[int]
    state: Mapped[str] = mapped_column(default="dry_run")
    columns: Mapped[dict[str, str]] = mapped_column(JSONB)
    totals: Mapped[dict[str, Any]] = mapped_column(JSONB)
    result: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    officer_id: Mapped[uuid.UUID]
    officer_name: Mapped[str]
    committed_at: Mapped[dt.datetime | None]
    undone_at: Mapped[dt.datetime | None]

    def commit(self, at: dt.datetime) -> None:
        """A dry run is committed, once."""
        if self.state != "dry_run":
            raise RuleBroken(_("This report is not waiting to be loaded."))
        self.state, self.committed_at = "committed", at

    def undo(self, at: dt.datetime) -> None:
        """Only what was committed can be taken back."""
        if self.state != "committed":
            raise RuleBroken(_("Only a loaded report can be undone."))
        self.state, self.undone_at = "undone", at


class ImportRow(Base):
    """One row of a report: as written, as understood, and what became of it."""

    __tablename__ = "import_row"
    __table_args__ = (UniqueConstraint("batch_id", "source_row"),)
    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("import_batch.id"))
    source_row: Mapped[int]
    key: Mapped[str] = mapped_column(index=True)
    cells: Mapped[dict[str, str]] = mapped_column(JSONB)
    parsed: Mapped[dict[str, Any]] = mapped_column(JSONB)
    flags: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    refused: Mapped[str] = mapped_column(default="")
    action: Mapped[str] = mapped_column(default="")
    project_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    project_version: Mapped[int | None]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class DqFlag(Record):
    """A value of a project that an officer is to look at."""

    __tablename__ = "dq_flag"
    __table_args__ = (Index("ix_dq_flag_open", "project_id", "field", "code", postgresql_where=text("state = 'open'")),)
    batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    field: Mapped[str]
    code: Mapped[str]
    found: Mapped[str]
    suggested: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="open")
    note: Mapped[str] = mapped_column(default="")
    settled_by: Mapped[uuid.UUID | None]
    settled_at: Mapped[dt.datetime | None]

    def settle(self, state: str, note: str, officer_id: uuid.UUID, at: dt.datetime) -> None:
        """An open flag is accepted or corrected, once."""
        if self.state != "open":
            raise RuleBroken(_("This was settled already."))
        self.state, self.note, self.settled_by, self.settled_at = state, note, officer_id, at

    def reopen(self) -> None:
        """The load that settled it was undone."""
        self.state, self.note, self.settled_by, self.settled_at = "open", "", None, None


class ConsultantAssignment(Record):
    """A consultant reaches a project between two days, and not a day longer."""

    __tablename__ = "consultant_assignment"
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer.id"), index=True)
    officer_name: Mapped[str]
    from_date: Mapped[dt.date]
    to_date: Mapped[dt.date | None]
    released: Mapped[bool] = mapped_column(default=False)

    def release(self) -> None:
        """An assignment ends before its day, once."""
        if self.released:
            raise RuleBroken(_("This assignment has ended already."))
        self.released = True
