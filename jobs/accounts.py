"""Accounts without a request: a card that could not be dropped at the commit, for Redis was away, is dropped here."""

from uuid import UUID

from portal.accounts import events as accounts
from portal.core.bus import Message, consumer
from portal.core.cards import drop_for_certain
from portal.delegations import events as delegations
from portal.projects import events as projects

CHANGING = (  # every fact by which a card says something else
    *(accounts.OfficerAdded, accounts.OfficerChanged, accounts.RoleChanged, accounts.InvitationRemoved),
    *(accounts.OfficerDisabled, accounts.OfficerEnabled, accounts.OfficerLocked, accounts.OfficerUnlocked),
    *(accounts.OfficerSignedIn, accounts.SessionsEnded, accounts.ApiKeyMade, accounts.ApiKeyRevoked),
    *(delegations.InstrumentIssued, delegations.EventDeclared, delegations.InstrumentRevoked),
    *(delegations.DelegationStarted, delegations.DelegationEnded),
    *(projects.ConsultantAssigned, projects.ConsultantReleased),
)


@consumer("accounts.cards", *(kind.topic for kind in CHANGING))
def drop_card(message: Message) -> None:
    """The officer the fact names, else the one it is about; while Redis is away the message waits."""
    drop_for_certain(UUID(message.payload.get("officer_id") or message.stream_id))
