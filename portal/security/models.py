"""What the watch keeps: how far it has looked, what is usual, its alerts, the incidents, the figures of its rules."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.access import SYSTEM, Actor
from portal.core.db import Base, now
from portal.core.errors import NotPermitted, RuleBroken, Stale
from portal.core.i18n import _
from portal.security.rules.catalogue import ASK, RANK, RULES

EVERYBODY = SYSTEM.id  # officers and strangers together, in WatchCount


def suggested(rule: str, officer_id: uuid.UUID | None) -> str:
    """What a rule suggests; a name or a network has no sessions to end."""
    return RULES[rule].suggests if officer_id else ASK


class WatchMark(Base):
    """The last record of the trail that was looked at: one row."""

    __tablename__ = "watch_mark"
    position: Mapped[int] = mapped_column(BigInteger)


class WatchCount(Base):
    """How many records of a kind an officer left in an hour of the desks: what is usual, without reading the trail."""

    __tablename__ = "watch_count"
    __table_args__ = (UniqueConstraint("officer_id", "day", "hour", "kind"),)
    officer_id: Mapped[uuid.UUID]
    day: Mapped[dt.date]
    hour: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]  # of KINDS
    count: Mapped[int]


class WatchFigure(Base):
    """A figure of a rule from a day on. Never changed: another one is entered, with its own reason."""

    __tablename__ = "watch_figure"
    name: Mapped[str] = mapped_column(index=True)
    value: Mapped[str]
    starts: Mapped[dt.date]
    why: Mapped[str]
    set_by: Mapped[uuid.UUID]
    set_by_name: Mapped[str]
    set_at: Mapped[dt.datetime]


class Incident(Base):
    """What is done about alerts of one officer, or of one name or network, from the first alert until it is closed."""

    __tablename__ = "incident"
    __table_args__ = (
        Index("uq_incident_open", "about", unique=True, postgresql_where=text("state <> 'closed'")),
        Index("ix_incident_opened_at_id", "opened_at", "id"),
    )
    number: Mapped[str] = mapped_column(unique=True)
    about: Mapped[str]  # the id of an officer, a name nobody has, "network 203.0.113.0/24"
    officer_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    called: Mapped[str]
    severity: Mapped[str]
    suggests: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")  # open, progress, closed
    owner_id: Mapped[uuid.UUID | None]
    owner_name: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    closed_by_name: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    alerts: Mapped[list["SecurityAlert"]] = relationship(viewonly=True, order_by="SecurityAlert.at.desc()")
    notes: Mapped[list["IncidentNote"]] = relationship(viewonly=True, order_by="IncidentNote.at.desc()")

    __mapper_args__ = {"version_id_col": version}

    def __init__(self, **values: object) -> None:
        super().__init__(**({"state": "open", "owner_name": "", "reason": "", "words": ""} | values))

    def seen_as(self, seen: int | None) -> None:
        """Raise Stale when the officer looked at another version than the one about to be changed."""
        if seen is not None and seen != self.version:
            raise Stale(_("Someone else changed this incident after you opened it. Look again."), current=self)

    def refuse_to(self, actor: Actor) -> None:
        """Raise NotPermitted for whom the incident is about: they neither own it, nor note in it, nor close it."""
        if self.officer_id == actor.id:
            raise NotPermitted(
                _("This incident is about you: another officer handles it."), why="separation", act="security.handle"
            )

    def refuse_if_closed(self) -> None:
        """Raise RuleBroken for one that is over."""
        if self.state == "closed":
            raise RuleBroken(_("This incident is closed. Open it again to go on."))

    def join(self, alert: "SecurityAlert") -> None:
        """Another alert: the gravest one says how grave it is and what is suggested."""
        alert.incident_id = self.id
        if RANK[alert.severity] > RANK[self.severity]:
            self.severity, self.suggests = alert.severity, suggested(alert.rule, self.officer_id)

    def assign(self, officer_id: uuid.UUID, name: str) -> None:
        """Somebody handles it from now on."""
        self.refuse_if_closed()
        if officer_id == self.officer_id:
            raise RuleBroken(_("Whom an incident is about does not handle it."), "owner")
        self.state, self.owner_id, self.owner_name = "progress", officer_id, name

    def close(self, by: Actor, reason: str, words: str) -> None:
        """It is over, with the reason."""
        self.refuse_if_closed()
        self.state, self.closed_at, self.closed_by_name = "closed", now(), by.name or by.role
        self.reason, self.words = reason, words

    def reopen(self) -> None:
        """It was not over; the words of its closing stay in its history."""
        if self.state != "closed":
            raise RuleBroken(_("This incident is not closed."))
        self.state = "progress" if self.owner_id else "open"
        self.closed_at, self.closed_by_name, self.reason, self.words = None, "", "", ""


class SecurityAlert(Base):
    """A rule that spoke: about whom, the facts of its sentence, and the positions of the audit records behind it."""

    __tablename__ = "security_alert"
    __table_args__ = (
        Index("ix_security_alert_about_rule_at", "about", "rule", "at"),
        Index("ix_security_alert_at_id", "at", "id"),
    )
    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)  # rule, about, last record: told twice, raised once
    rule: Mapped[str]
    severity: Mapped[str]
    about: Mapped[str]
    called: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    records: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]

    incident: Mapped[Incident] = relationship(lazy="joined", innerjoin=True, viewonly=True)


class IncidentNote(Base):
    """What an officer found out. Never changed."""

    __tablename__ = "incident_note"
    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    text: Mapped[str]
    by_id: Mapped[uuid.UUID]
    by_name: Mapped[str]
    at: Mapped[dt.datetime]
