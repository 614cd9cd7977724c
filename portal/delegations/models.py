"""The register of instruments of delegation: what the Chief Engineer lends, to whom, within which bounds."""

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship
from sqlalchemy.types import Text

from portal.accounts.models import Officer
from portal.core.access import Actor, Instrument
from portal.core.audit import AuditRecord
from portal.core.db import Base, now
from portal.core.errors import RuleBroken, Stale
from portal.core.i18n import _
from portal.delegations.rules import CONDITIONAL, LIVE, Reach, Terms, calendar_days, top_of

RUPEES = Numeric(16, 2)


class DelegationInstrument(Base):
    """One instrument, from draft to its end. Only a draft is changed; what was issued is revoked and issued anew."""

    __tablename__ = "delegation_instrument"
    __table_args__ = (
        Index(
            "uq_delegation_instrument_no", "instrument_no", unique=True, postgresql_where=text("instrument_no <> ''")
        ),
    )
    instrument_no: Mapped[str] = mapped_column(default="")  # given when it is issued, so that the register has no gaps
    type: Mapped[str]
    charge: Mapped[str]
    to_officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer.id"), index=True)
    to_officer_name: Mapped[str]
    from_officer_id: Mapped[uuid.UUID | None]
    from_officer_name: Mapped[str] = mapped_column(default="")
    floor_rs: Mapped[Decimal] = mapped_column(RUPEES)
    ceiling_rs: Mapped[Decimal] = mapped_column(RUPEES)
    project_classes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    circles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date | None]
    review_on: Mapped[dt.date | None]
    condition: Mapped[str] = mapped_column(default="")
    reason: Mapped[str]
    outside_approval_ref: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="draft", index=True)
    prepared_by: Mapped[uuid.UUID]
    prepared_by_name: Mapped[str]
    issued_at: Mapped[dt.datetime | None]
    declared_on: Mapped[dt.date | None]
    declared_why: Mapped[str] = mapped_column(default="")
    reviewed_on: Mapped[dt.date | None]
    began_on: Mapped[dt.date | None]  # the day its beginning was told
    ended_at: Mapped[dt.datetime | None]
    revoked_why: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    used_count: Mapped[int] = column_property(
        select(func.count())
        .select_from(AuditRecord)
        .where(AuditRecord.instrument == instrument_no, AuditRecord.instrument != "")
        .correlate_except(AuditRecord)
        .scalar_subquery(),
        deferred=True,
    )
    receiver: Mapped[Officer] = relationship(lazy="joined", innerjoin=True, viewonly=True)

    __mapper_args__ = {"version_id_col": version}

    def __init__(self, **values: object) -> None:
        super().__init__(**({"state": "draft", "instrument_no": ""} | values))

    @property
    def to_officer(self) -> str:
        """The receiver's user name, as forms and the API say it."""
        return self.receiver.username

    @property
    def terms(self) -> Terms:
        """What it says, for the rules."""
        return Terms(
            type=self.type,
            charge=self.charge,
            role=self.receiver.role,
            floor_rs=self.floor_rs,
            ceiling_rs=self.ceiling_rs,
            project_classes=self.project_classes,
            circles=self.circles,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            review_on=self.review_on,
            condition=self.condition,
            outside_approval_ref=self.outside_approval_ref,
        )

    @property
    def begins(self) -> dt.date:
        """The first day it lends anything: at 00:00 in India; of a declared one not before the day of declaring."""
        return max(self.starts_on, self.declared_on or self.starts_on)

    @property
    def reach(self) -> Reach:
        """The amounts, circles and days it covers."""
        return Reach(self.floor_rs, self.ceiling_rs, frozenset(self.circles), self.begins, self.ends_on)

    @property
    def lent(self) -> Instrument:
        """As rights see it."""
        classes, circles = frozenset(self.project_classes), frozenset(self.circles)
        band = (self.floor_rs, self.ceiling_rs)
        return Instrument(self.instrument_no, self.charge, *band, classes, circles, self.begins, self.ends_on)

    @property
    def days(self) -> int | None:
        """Calendar days from the first to the last, both counted; None without a last day."""
        return calendar_days(self.begins, self.ends_on) if self.ends_on else None

    def in_force(self, day: dt.date) -> bool:
        """Whether it lends anything on a day; both the first and the last day count."""
        return self.state == "active" and self.begins <= day and (self.ends_on is None or day <= self.ends_on)

    def review_due(self, day: dt.date) -> bool:
        """Whether the Chief Engineer is to look at it again."""
        return self.state in LIVE and self.review_on is not None and self.review_on <= day

    def seen_as(self, seen: int | None) -> None:
        """Raise Stale when the officer looked at another version than the one about to be changed."""
        if seen is not None and seen != self.version:
            raise Stale(
                _("Someone else saved this after you opened it. Compare, choose, and save again."), current=self
            )

    def refuse_unless_draft(self) -> None:
        """Raise RuleBroken for what has left the desk."""
        if self.state != "draft":
            raise RuleBroken(_("This instrument is issued and is changed no more. Revoke it, and issue another."))

    def issue(self, number: str, by: Actor) -> None:
        """Put a draft in the register, once; a conditional one waits on standby."""
        self.refuse_unless_draft()
        self.instrument_no, self.issued_at = number, now()
        self.from_officer_id, self.from_officer_name = by.id, by.name or by.role
        self.state = "standby" if self.type == CONDITIONAL else "active"

    def declare(self, on: dt.date, why: str) -> None:
        """The event has come: what was on standby takes effect."""
        if self.state != "standby":
            raise RuleBroken(_("Only an instrument on standby waits for an event."))
        if self.ends_on is not None and self.ends_on < on:
            raise RuleBroken(_("Its last day is over. Issue another."))
        self.state, self.declared_on, self.declared_why = "active", on, why

    def review(self, on: dt.date, until: dt.date) -> None:
        """Looked at again; it goes on until the next review."""
        self._refuse_unless_live()
        self.reviewed_on, self.review_on = on, until

    def revoke(self, why: str) -> None:
        """Taken back: nothing new is done under it; what was done stands."""
        self._refuse_unless_live()
        self.state, self.revoked_why, self.ended_at = "revoked", why, now()

    def expire(self, on: dt.date) -> None:
        """The last day is over."""
        if self.state not in LIVE or self.ends_on is None or self.ends_on >= on:
            raise RuleBroken(_("This instrument has not run out."))
        self.state, self.ended_at = "expired", now()

    def _refuse_unless_live(self) -> None:
        if self.state == "draft":
            raise RuleBroken(_("This is a draft: it is not in the register yet."))
        if self.state not in LIVE:
            raise RuleBroken(_("This instrument has ended already."))

    @property
    def strays(self) -> bool:
        """Whether the receiver's account is closed, or their role can be lent nothing any more."""
        return not (self.receiver.may_sign_in and top_of(self.receiver.role, self.charge))
