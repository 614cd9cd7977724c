"""Sessions, tokens and keys: what an officer is signed in with at this moment."""

import datetime as dt
import uuid

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from portal.core.calendar import IST
from portal.core.db import Base, now


class OfficerSession(Base):
    """One sign-in: a browser, a family of API tokens. A request is good only while its session is."""

    __tablename__ = "officer_session"
    __table_args__ = (
        Index("ix_officer_session_open", "officer_id", "expires_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_officer_session_started_at_id", "started_at", "id"),
    )
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer.id"), index=True)
    kind: Mapped[str]  # web, api
    method: Mapped[str]  # password, password+totp, passkey, recovery, oidc, invitation
    started_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    ended_why: Mapped[str] = mapped_column(default="")
    device: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")
    provider_session: Mapped[str] = mapped_column(default="", index=True)  # OIDC sid, for back-channel sign-out
    id_token: Mapped[str] = mapped_column(default="")  # sealed; id_token_hint of the sign-out at the provider

    def end(self, why: str) -> bool:
        """Close it; False when it was closed before."""
        if self.ended_at is not None:
            return False
        self.ended_at, self.ended_why = now(), why
        return True


class RefreshToken(Base):
    """One link of a family: used once, then followed by the next (RFC 9700, 4.14.2). Only its hash is kept."""

    __tablename__ = "refresh_token"
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer_session.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    used_from: Mapped[str] = mapped_column(default="")  # address and program of the one use


class ApiKey(Base):
    """A machine's key with an officer's rights, narrowed to some acts. Only the hash of its secret is kept."""

    __tablename__ = "api_key"
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer.id"), index=True)
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]
    last_used_from: Mapped[str] = mapped_column(default="")

    @property
    def good(self) -> bool:
        """Whether it opens anything at this moment."""
        return self.revoked_at is None and self.expires_at > now()

    @property
    def last_day(self) -> dt.date:
        """The last day on which the key opens anything: it ends with that day, in IST."""
        return (self.expires_at - dt.timedelta(seconds=1)).astimezone(IST).date()


class SigningKey(Base):
    """A key that signs access tokens or daily audit roots, the private part sealed; a retired one still verifies."""

    __tablename__ = "signing_key"
    kid: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]  # token, audit
    public_pem: Mapped[str]
    private_sealed: Mapped[str]
    starts_at: Mapped[dt.datetime]
    retires_at: Mapped[dt.datetime | None]

    @property
    def state(self) -> str:
        """coming, signs, verifies (what it signed is still good) or retired."""
        if self.starts_at > now():
            return "coming"
        if self.retires_at is None:
            return "signs"
        return "verifies" if self.purpose == "audit" or self.retires_at > now() else "retired"
