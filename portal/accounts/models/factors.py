"""Second factors: an authenticator app, passkeys, recovery codes."""

import datetime as dt
import uuid

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base


class Factor(Base):
    """A TOTP secret (RFC 6238), sealed, or the public key of a passkey (WebAuthn level 2)."""

    __tablename__ = "factor"
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer.id"), index=True)
    kind: Mapped[str]  # totp, passkey
    name: Mapped[str]
    secret: Mapped[str] = mapped_column(default="")  # sealed
    credential_id: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    counter: Mapped[int] = mapped_column(BigInteger, default=0)  # WebAuthn sign count; TOTP: the last time step used
    confirmed_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]


class RecoveryCode(Base):
    """One of ten codes that each work once when the other factors are lost."""

    __tablename__ = "recovery_code"
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer.id"), index=True)
    code_hash: Mapped[str]
    used_at: Mapped[dt.datetime | None]
