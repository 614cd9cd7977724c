"""The Detailed Project Report of a project: its sections, the builds that make it, the versions they made."""

import datetime as dt
import uuid
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import DDL, BigInteger, ForeignKey, Index, Numeric, UniqueConstraint, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from portal.core.db import Base, Record, now
from portal.core.errors import RuleBroken
from portal.core.events import APPEND_ONLY
from portal.core.i18n import _
from portal.projects.models import Project

LEASE_S = 60
SILENT_S = 20
MAX_ATTEMPTS = 3
WAITS_S = (10, 60, 300)


class SectionState(StrEnum):
    """How far a section is (doc-assembly section 4)."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"


class Status(StrEnum):
    """QUEUED → RUNNING → (CANCELLING → CANCELLED) | FAILED | COMPLETED; FAILED → QUEUED on retry."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    COMPLETED = "COMPLETED"


ACTIVE = (Status.QUEUED, Status.RUNNING, Status.CANCELLING)
STATUS_LABELS = {
    Status.QUEUED: (_("waiting for a worker"), "wait"),
    Status.RUNNING: (_("being assembled"), "wait"),
    Status.CANCELLING: (_("stopping"), "warn"),
    Status.CANCELLED: (_("cancelled"), "warn"),
    Status.FAILED: (_("failed"), "bad"),
    Status.COMPLETED: (_("complete"), "ok"),
}


class DprDocument(Record):
    """One report per project; it keeps the template version it started with."""

    __tablename__ = "dpr_document"
    __table_args__ = (UniqueConstraint("project_id"),)
    template_version: Mapped[str]


class DprSection(Record):
    """One authored section as it reads now; `revision` counts its kept texts."""

    __tablename__ = "dpr_section"
    __table_args__ = (UniqueConstraint("project_id", "code"),)
    code: Mapped[str]
    state: Mapped[str] = mapped_column(default=SectionState.NOT_STARTED)
    text: Mapped[str] = mapped_column(default="")
    text_te: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=0)


class SectionRevision(Base):
    """A text as somebody saved it, kept for ever."""

    __tablename__ = "section_revision"
    __table_args__ = (UniqueConstraint("section_id", "number"),)
    section_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dpr_section.id"))
    number: Mapped[int]
    text: Mapped[str]
    text_te: Mapped[str]
    author_id: Mapped[uuid.UUID]
    author_name: Mapped[str]
    at: Mapped[dt.datetime]


event.listen(
    SectionRevision.__table__,
    "after_create",
    DDL(APPEND_ONLY.format(table="section_revision")),  # type: ignore[no-untyped-call]
)


class Build(Record):
    """One run of the assembly job; its status moves only through the methods below.

    Progress lives here, so that every viewer, also after a reload, sees the same; it never goes down.
    """

    __tablename__ = "dpr_build"
    __table_args__ = (
        Index(
            "uq_dpr_build_active",
            "project_id",
            unique=True,
            postgresql_where=text("status IN ('QUEUED', 'RUNNING', 'CANCELLING')"),
        ),
        Index("ix_dpr_build_waiting", "status", "lease_until"),
    )
    kind: Mapped[str] = mapped_column(default="draft")
    label: Mapped[str]
    status: Mapped[str] = mapped_column(default=Status.QUEUED)
    idempotency_key: Mapped[str] = mapped_column(index=True)
    frozen_sha256: Mapped[str] = mapped_column(default="")
    frozen_at: Mapped[dt.datetime | None]
    input_hash: Mapped[str] = mapped_column(default="")
    attempt: Mapped[int] = mapped_column(default=0)
    attempts_allowed: Mapped[int] = mapped_column(default=MAX_ATTEMPTS)
    lease_until: Mapped[dt.datetime | None]
    not_before: Mapped[dt.datetime | None]
    started_by: Mapped[uuid.UUID]
    started_by_name: Mapped[str] = mapped_column(default="")
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    percent: Mapped[Decimal] = mapped_column(Numeric(4, 1), default=Decimal(0))
    step: Mapped[int] = mapped_column(default=0)
    item: Mapped[str] = mapped_column(default="")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    eta_low: Mapped[int | None]
    eta_high: Mapped[int | None]
    warnings: Mapped[list[str]] = mapped_column(JSONB, default=list)
    error_code: Mapped[str] = mapped_column(default="")
    error_text: Mapped[str] = mapped_column(default="")
    error_unit: Mapped[str] = mapped_column(default="")
    version_id: Mapped[uuid.UUID | None]
    project: Mapped[Project] = relationship(
        primaryjoin=lambda: foreign(Build.project_id) == Project.id, viewonly=True, lazy="raise"
    )

    @property
    def active(self) -> bool:
        """Whether it still holds the project's one place."""
        return self.status in ACTIVE

    @property
    def says(self) -> Any:
        """The status in words."""
        return STATUS_LABELS[Status(self.status)][0]

    @property
    def tone(self) -> str:
        """The status as a colour."""
        return STATUS_LABELS[Status(self.status)][1]

    def take_up(self) -> None:
        """A worker takes what waits, or what another worker lost; the lease says for how long it is trusted."""
        lost = self.status == Status.RUNNING and (self.lease_until is None or self.lease_until < now())
        if self.status != Status.QUEUED and not lost:
            raise RuleBroken(_("This build is not waiting for a worker."))
        if self.attempt >= self.attempts_allowed:
            raise RuleBroken(_("This build was tried %(times)s times.", times=self.attempt))
        self.status, self.attempt = Status.RUNNING, self.attempt + 1
        self.started_at = self.started_at or now()
        self.renew()

    def renew(self) -> None:
        """The worker says that it is alive."""
        self.lease_until = now() + dt.timedelta(seconds=LEASE_S)

    @property
    def unheard(self) -> bool:
        """A running build whose worker has been silent for three beats of the lease."""
        silent = dt.timedelta(seconds=LEASE_S - SILENT_S)
        return self.status == Status.RUNNING and self.lease_until is not None and self.lease_until < now() + silent

    def give_back(self) -> None:
        """The worker was lost: another may take the build up after a pause, while tries are left."""
        tries = MAX_ATTEMPTS - (self.attempts_allowed - self.attempt)
        self.status, self.lease_until = Status.QUEUED, None
        self.not_before = now() + dt.timedelta(seconds=WAITS_S[min(max(tries, 1), len(WAITS_S)) - 1])

    def ask_to_stop(self) -> None:
        """What waits is cancelled at once; what runs is stopped by its worker within seconds."""
        if self.status == Status.QUEUED:
            self.end(Status.CANCELLED)
        elif self.status == Status.RUNNING:
            self.status = Status.CANCELLING
        elif self.status == Status.COMPLETED:
            raise RuleBroken(_("The build is already completed; its version stays."))

    def end(self, status: Status, code: str = "", reason: str = "", unit: str = "") -> None:
        """CANCELLED, FAILED or COMPLETED: from then on nothing moves it but a retry of what failed."""
        if not self.active:
            raise RuleBroken(_("This build has ended."))
        self.status, self.finished_at, self.lease_until = status, now(), None
        self.error_code, self.error_text, self.error_unit = code, reason, unit
        self.eta_low = self.eta_high = None
        self.item = ""
        if status == Status.COMPLETED:
            self.percent = Decimal(100)

    def wait_again(self) -> None:
        """A failed build goes back to the queue with the same frozen inputs."""
        if self.status != Status.FAILED:
            raise RuleBroken(_("Only a failed build can be tried again."))
        self.status, self.finished_at, self.not_before = Status.QUEUED, None, None
        self.attempts_allowed = self.attempt + MAX_ATTEMPTS
        self.error_code = self.error_text = self.error_unit = ""


class BuildStep(Base):
    """One step of a build: how much of it is done, and how long it took."""

    __tablename__ = "build_step"
    __table_args__ = (UniqueConstraint("build_id", "number"),)
    build_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dpr_build.id"))
    number: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[Decimal] = mapped_column(Numeric(9, 2), default=Decimal(0))
    finished: Mapped[bool] = mapped_column(default=False)


class BuildUnit(Base):
    """A rendered section or a prepared attachment, kept by the hash of everything it was made from."""

    __tablename__ = "build_unit"
    key: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    pages: Mapped[int]
    seconds: Mapped[Decimal] = mapped_column(Numeric(9, 3))
    found: Mapped[dict[str, Any]] = mapped_column(JSONB)


class DprVersion(Record):
    """A complete report as it was published; never edited."""

    __tablename__ = "dpr_version"
    __table_args__ = (UniqueConstraint("project_id", "label"),)
    label: Mapped[str]
    kind: Mapped[str]
    number: Mapped[str]
    title: Mapped[str]
    build_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dpr_build.id"), unique=True)
    idempotency_key: Mapped[str] = mapped_column(index=True)
    content_hash: Mapped[str]
    input_hash: Mapped[str]
    frozen_sha256: Mapped[str]
    frozen_at: Mapped[dt.datetime]
    template_version: Mapped[str]
    engine_version: Mapped[str]
    say_amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    pages: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    warnings: Mapped[list[str]] = mapped_column(JSONB, default=list)
    parts: Mapped[list["VersionPart"]] = relationship(lazy="raise", order_by="VersionPart.position")
    sources: Mapped[list["VersionSource"]] = relationship(lazy="raise", order_by="VersionSource.position")


class VersionPart(Base):
    """A file of a version."""

    __tablename__ = "version_part"
    __table_args__ = (UniqueConstraint("version_id", "path"),)
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dpr_version.id"))
    position: Mapped[int]
    volume: Mapped[str]
    path: Mapped[str]
    mimetype: Mapped[str]
    pages: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]


class DprCopy(Base):
    """A marked copy of a version for one reader, without the volumes closed to them; kept for an hour, for ranges."""

    __tablename__ = "dpr_copy"
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dpr_version.id"), index=True)
    officer_id: Mapped[uuid.UUID]
    address: Mapped[str]
    made_at: Mapped[dt.datetime] = mapped_column(index=True)
    sha256: Mapped[str]


class VersionSource(Base):
    """A record that went into a version, as it stood when the inputs were frozen."""

    __tablename__ = "version_source"
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dpr_version.id"), index=True)
    position: Mapped[int]
    module: Mapped[str]
    record_id: Mapped[uuid.UUID]
    record_version: Mapped[int]
    title: Mapped[str]
