"""Facts about officers' accounts. They are kept for ever, so they hold no address and no number of anybody."""

from dataclasses import dataclass

from portal.core.events import Event
from portal.core.i18n import _


@dataclass(frozen=True, kw_only=True)
class OfficerAdded(Event):
    """An account was made."""

    topic = "hmda.accounts.officer.added"
    says = _("{username} was added as {role}.")
    username: str
    role: str


@dataclass(frozen=True, kw_only=True)
class OfficerChanged(Event):
    """Particulars or postings were changed; the fields are named, what they hold is not."""

    topic = "hmda.accounts.officer.changed"
    says = _("Changed: {fields}.")
    username: str
    fields: str


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Event):
    """An officer got another role."""

    topic = "hmda.accounts.officer.role_changed"
    says = _("The role of {username} was changed from {before} to {after}.")
    username: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class OfficerDisabled(Event):
    """An account was closed."""

    topic = "hmda.accounts.officer.disabled"
    says = _("The account of {username} was disabled: {why}")
    username: str
    why: str


@dataclass(frozen=True, kw_only=True)
class OfficerEnabled(Event):
    """A closed account was opened again."""

    topic = "hmda.accounts.officer.enabled"
    says = _("The account of {username} was enabled: {why}")
    username: str
    why: str


@dataclass(frozen=True, kw_only=True)
class OfficerLocked(Event):
    """An account was locked until an administrator unlocks it."""

    topic = "hmda.accounts.officer.locked"
    says = _("The account of {username} was locked: {why}")
    username: str
    why: str


@dataclass(frozen=True, kw_only=True)
class OfficerUnlocked(Event):
    """A locked account was unlocked."""

    topic = "hmda.accounts.officer.unlocked"
    says = _("The account of {username} was unlocked.")
    username: str


@dataclass(frozen=True, kw_only=True)
class LinkGiven(Event):
    """A link to choose a first or a new password was made; who gets it is the administrator's business."""

    topic = "hmda.accounts.link.given"
    says = _("A link to choose a password was made for {username}, good until {until}.")
    username: str
    purpose: str
    until: str


@dataclass(frozen=True, kw_only=True)
class LinkTakenUp(Event):
    """The officer chose a password by the link."""

    topic = "hmda.accounts.link.taken_up"
    says = _("{username} chose a password by the link.")
    username: str
    purpose: str


@dataclass(frozen=True, kw_only=True)
class InvitationRemoved(Event):
    """An account nobody ever signed in to was removed, with its link."""

    topic = "hmda.accounts.invitation.removed"
    says = _("The invitation of {username} was removed.")
    username: str


@dataclass(frozen=True, kw_only=True)
class SecondFactorReset(Event):
    """An administrator removed the second factors of an officer who lost them."""

    topic = "hmda.accounts.factors.reset"
    says = _("The second factor of {username} was reset.")
    username: str
    count: int


@dataclass(frozen=True, kw_only=True)
class OfficersLoaded(Event):
    """A list of officers was loaded."""

    topic = "hmda.accounts.officers.loaded"
    says = _("{filename} was loaded: {made} officers added, {changed} changed, {disabled} disabled.")
    filename: str
    made: int
    changed: int
    disabled: int
