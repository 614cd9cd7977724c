"""Officers: who may sign in, and in which role."""

from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base


class Officer(Base):
    """One person with one role. A disabled officer keeps the name in every record and can no longer sign in."""

    __tablename__ = "officer"
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
