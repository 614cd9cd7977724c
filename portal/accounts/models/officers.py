"""Officers: who may sign in, in which role, posted where."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, case, func, or_, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import Text

from portal.core.access import NO_ROLE
from portal.core.db import Base, now
from portal.core.errors import RuleBroken, Stale
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

    identities: Mapped[list["Identity"]] = relationship(viewonly=True)

    __mapper_args__ = {"version_id_col": version}

    @hybrid_property
    def state(self) -> str:
        """The one word for the account: disabled, locked, waiting (for a role), invited, active."""
        if not self.active:
            return "disabled"
        if self.locked_at is not None:
            return "locked"
        if self.waits_for_a_role:
            return "waiting"
        return "active" if self.has_a_way_in else "invited"

    @state.inplace.expression
    @classmethod
    def _state(cls) -> ColumnElement[str]:
        return case(
            (~cls.active, "disabled"),
            (cls.locked_at.is_not(None), "locked"),
            (cls.role == NO_ROLE, "waiting"),
            (cls.has_a_way_in, "active"),
            else_="invited",
        )

    @hybrid_property
    def has_a_way_in(self) -> bool:
        """Has a password, or an account at the organisation; without either, an invitation is still to be taken up."""
        return bool(self.password_hash or self.identities)

    @has_a_way_in.inplace.expression
    @classmethod
    def _has_a_way_in(cls) -> ColumnElement[bool]:
        return or_(cls.password_hash != "", cls.identities.any())

    def seen_as(self, seen: int | None) -> None:
        """Raise Stale when the administrator looked at another version than the one about to be changed."""
        if seen is not None and seen != self.version:
            raise Stale(
                _("Someone else saved this after you opened it. Compare, choose, and save again."), current=self
            )

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


class OfficerBatch(Base):
    """A list of officers read for a dry run. Its rows are forgotten once it is loaded or left: they are personal data.

    `heads` are the headings as written, `texts` pairs of the row's number and its texts. `made` are the accounts it
    made, so that their links can be had, once.
    """

    __tablename__ = "officer_batch"
    filename: Mapped[str]
    officer_id: Mapped[uuid.UUID]
    officer_name: Mapped[str]
    heads: Mapped[list[str]] = mapped_column(JSONB)
    texts: Mapped[list[Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(default="dry_run")  # dry_run, loaded, left
    result: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    made: Mapped[list[str]] = mapped_column(JSONB, default=list)
    loaded_at: Mapped[dt.datetime | None]
    links_at: Mapped[dt.datetime | None]
