"""Officers: who may sign in, in which role, posted where."""

import datetime as dt
import uuid

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from portal.core.access import NO_ROLE
from portal.core.db import Base, now
from portal.core.errors import RuleBroken
from portal.core.i18n import _


class Officer(Base):
    """One person with one role. A disabled officer keeps the name in every record and can no longer sign in."""

    __tablename__ = "officer"
    __table_args__ = (
        Index("uq_officer_email", func.lower(text("email")), unique=True, postgresql_where=text("email <> ''")),
    )
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    email: Mapped[str] = mapped_column(default="", server_default="")
    phone: Mapped[str] = mapped_column(default="", server_default="")
    circles: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    divisions: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    password_hash: Mapped[str] = mapped_column(default="", server_default="")
    password_changed_at: Mapped[dt.datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    disabled_why: Mapped[str] = mapped_column(default="", server_default="")
    locked_at: Mapped[dt.datetime | None]
    locked_why: Mapped[str] = mapped_column(default="", server_default="")
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}

    @property
    def may_sign_in(self) -> bool:
        """Active and not locked."""
        return self.active and self.locked_at is None

    def disable(self, why: str) -> None:
        """Close the account; the name stays in every record."""
        if not self.active:
            raise RuleBroken(_("This account is disabled already."))
        self.active, self.disabled_why = False, why

    def enable(self) -> None:
        """Open a disabled account again."""
        if self.active:
            raise RuleBroken(_("This account is active already."))
        self.active, self.disabled_why = True, ""

    def lock(self, why: str) -> None:
        """Keep the officer out until an administrator unlocks the account."""
        if self.locked_at is not None:
            raise RuleBroken(_("This account is locked already."))
        self.locked_at, self.locked_why = now(), why

    def unlock(self) -> None:
        """Let the officer in again."""
        if self.locked_at is None:
            raise RuleBroken(_("This account is not locked."))
        self.locked_at, self.locked_why = None, ""

    @property
    def waits_for_a_role(self) -> bool:
        """Signed in by the organisation, with no role the portal knows."""
        return self.role == NO_ROLE


class Invitation(Base):
    """A link that works once, to choose a first or a new password. Only the hash of its secret is kept."""

    __tablename__ = "invitation"
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer.id"), index=True)
    purpose: Mapped[str]  # invite, reset
    secret_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class Identity(Base):
    """An officer's account at the organisation's provider (OpenID Connect Core 1.0, 5.7: iss and sub)."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer.id"), index=True)
    issuer: Mapped[str]
    subject: Mapped[str]
