"""Files attached to a project: drawings, letters, certificates."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record
from portal.core.errors import RuleBroken
from portal.core.i18n import _


class Kind(StrEnum):
    """Where in the DPR a file is bound."""

    DRAWING = "drawing"
    CLEARANCE_LETTER = "clearance_letter"
    CERTIFICATE = "certificate"
    OTHER = "other"


KIND_LABELS = {
    Kind.DRAWING: _("Drawing"),
    Kind.CLEARANCE_LETTER: _("Clearance letter"),
    Kind.CERTIFICATE: _("Certificate"),
    Kind.OTHER: _("Other document"),
}


class Attachment(Record):
    """One file under one title. The bytes are fixed at upload; a better file is a new attachment."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index(
            "uq_attachment_project_id_sha256_kind",
            "project_id",
            "sha256",
            "kind",
            "title",
            unique=True,
            postgresql_where=text("status = 'attached'"),
        ),
    )
    title: Mapped[str]
    number: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    dated: Mapped[dt.date | None]
    filename: Mapped[str]
    mimetype: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    pages: Mapped[int]
    page_sizes: Mapped[list[Any]] = mapped_column(JSONB)
    repaired: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(default="attached")

    @property
    def kind_label(self) -> Any:
        """The kind in words."""
        return KIND_LABELS[Kind(self.kind)]

    def withdraw(self) -> None:
        """An attached file is withdrawn, once."""
        if self.status != "attached":
            raise RuleBroken(_("This file was withdrawn already."))
        self.status = "withdrawn"
