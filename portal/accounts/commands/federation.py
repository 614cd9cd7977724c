"""Signing in by the organisation: whom the provider vouches for becomes an officer with the role it names."""

import re
import uuid
from collections.abc import Mapping

from sqlalchemy import func, select

from portal.accounts.commands.sessions import _begin_session, _end_all, _end_one
from portal.accounts.commands.standing import _keep_one_administrator
from portal.accounts.events import IdentityLinked, OfficerAdded, RoleChanged
from portal.accounts.models import Identity, Officer, OfficerSession
from portal.accounts.queries.factors import _step_after
from portal.accounts.queries.federation import (
    METHOD,
    _officer_known_as,
    _officer_to_link,
    _sessions_named,
    _whom_to_ask,
)
from portal.accounts.queries.officers import _by_username
from portal.core import audit
from portal.core.access import SYSTEM, Actor
from portal.core.db import db, transaction
from portal.core.events import record
from portal.core.i18n import _
from portal.core.oidc import Journey, NotVouched, SignedOut, Vouched, arrive, provider, returned, signed_out
from portal.core.sealing import seal
from portal.core.usecases import command

ACT = "accounts.sign_in"
WHY = "signed out by the organisation"


class NotAdmitted(NotVouched):
    """The provider vouches for them, and the account here is closed."""

    status = 403
    title = "This account is closed"


def _come_back(args: Mapping[str, str], browser: str) -> tuple[Journey, Vouched]:
    """Who the provider says has come back, and what they left for; every refusal is witnessed. Raises NotVouched."""
    try:
        gone = returned(args, browser)
        return gone, arrive(provider(), gone, args)
    except NotVouched as refused:
        audit.witness(ACT, "tampering" if refused.forged else "failed", why=refused.why)
        raise


def _sign_in_by_organisation(who: Vouched) -> OfficerSession:
    """A session for the officer the provider vouches for, in the role it names. Raises NotAdmitted."""
    try:
        with transaction():
            officer = _officer_of(who)
            _refuse_closed(officer)
            _follow_role(officer, who)
            return _begin_session(
                officer,
                "web",
                f"{METHOD}+mfa" if who.second_factor else METHOD,
                provider_session=who.session,
                id_token=seal(who.id_token.encode(), f"id_token {officer.id}"),
            )
    except NotAdmitted as refused:
        audit.witness(ACT, "failed", name=who.username or who.email, why=refused.why)
        raise


def _officer_of(who: Vouched) -> Officer:
    """By the link (iss, sub); the first time by verified e-mail, and for somebody new as a new officer."""
    alone = func.pg_advisory_xact_lock(func.hashtextextended(f"{who.issuer} {who.subject}", 0))
    db.session.execute(select(alone))  # two first sign-ins at once make one officer
    known = _officer_known_as(who.issuer, who.subject)
    if known:
        return known
    officer = _officer_to_link(who.issuer, who.email) or _new_officer(who)
    db.session.add(Identity(officer_id=officer.id, issuer=who.issuer, subject=who.subject))
    record(IdentityLinked(username=officer.username, issuer=who.issuer), officer, SYSTEM)
    return officer


def _new_officer(who: Vouched) -> Officer:
    taken = who.email and db.session.scalar(select(Officer.id).where(func.lower(Officer.email) == who.email))
    username = _free_username(who)
    officer = Officer(
        username=username,
        name=who.name or who.username or username,
        role=who.role,
        email="" if taken else who.email,
        active=True,
    )
    db.session.add(officer)
    record(OfficerAdded(username=username, role=officer.role), officer, SYSTEM)
    return officer


def _free_username(who: Vouched) -> str:
    """What the provider calls them, in the portal's letters; a name that is taken gets a number."""
    wanted = re.sub(r"[^a-z0-9._-]+", "-", (who.username or who.email.partition("@")[0]).lower()).strip("-.")[:70]
    wanted = wanted if len(wanted) > 1 else f"officer-{uuid.uuid4().hex[:8]}"
    return next(name for name in (wanted, *(f"{wanted}-{n}" for n in range(2, 9_999))) if not _by_username(name))


def _refuse_closed(officer: Officer) -> None:
    """Raise NotAdmitted, with the reason and whom to ask, for a disabled or locked account."""
    if officer.may_sign_in:
        return
    why = officer.disabled_why if not officer.active else officer.locked_why
    words = _("The account %(name)s is disabled: %(why)s. Ask %(who)s.")
    if officer.active:
        words = _("The account %(name)s is locked: %(why)s. Ask %(who)s.")
    asked = ", ".join(_whom_to_ask()) or "–"
    raise NotAdmitted(words % {"name": officer.username, "why": why or "–", "who": asked}, "account closed")


def _follow_role(officer: Officer, who: Vouched) -> None:
    """The role is what the provider says today; a change ends the sessions that had the old one.

    The last administrator stays one: without any, nobody could ever be let in again.
    """
    before = officer.role
    if before == who.role or not provider().settings.roles_come_from_it:
        return
    _officer, administrators = _keep_one_administrator(SYSTEM, officer.id)
    if administrators.ids == {officer.id}:
        return
    officer.role = who.role
    record(RoleChanged(username=officer.username, before=before, after=who.role), officer, SYSTEM)
    audit.note(SYSTEM, "accounts.secure", f"{__name__}.follow_role", (officer.id,))
    _end_all(officer, "the organisation changed the role", SYSTEM)


def _prove_by_organisation(actor: Actor | None, who: Vouched) -> None:
    """The officer who acts has proven themselves anew at the provider.

    Raises NotVouched for anybody else, and where one factor was seen there of an officer who has or needs two.
    """
    officer = _officer_known_as(who.issuer, who.subject)
    if actor is None:
        raise NotVouched(_("You were signed out here meanwhile. Sign in again."), "signed out meanwhile")
    if officer is None or officer.id != actor.id:
        audit.witness("accounts.prove", "failed", actor=actor, why="another account of the provider")
        raise NotVouched(_("You proved to be somebody else than who is signed in here."), "another account")
    if not who.second_factor and _step_after(officer.id):
        audit.witness("accounts.prove", "failed", actor=actor, why="one factor")
        words = _("The organisation asked you for one factor only. Go back and prove it with your second factor here.")
        raise NotVouched(words, "one factor")
    audit.witness("accounts.prove", "renewed", actor=actor)


@command("secure")
def end_by_organisation(actor: Actor, told: SignedOut) -> int:
    """End exactly the sessions the provider has ended; returns how many."""
    found = _sessions_named(provider().settings.issuer, told)
    for session in found:
        _end_one(session, WHY, actor)
    return len(found)


def _told_at_the_back(text: str) -> int:
    """What a logout token asks for, once (Back-Channel Logout 1.0). Raises NotVouched, witnessed."""
    try:
        return end_by_organisation(SYSTEM, signed_out(provider(), text))
    except NotVouched as refused:
        audit.witness("accounts.token", "tampering" if refused.forged else "failed", why=refused.why)
        raise


def _told_in_front(issuer: str, session: str) -> int:
    """What the provider's page says in a frame (Front-Channel Logout 1.0); 0 when it is not ours or names nothing."""
    if issuer != provider().settings.issuer or not session:
        return 0
    return end_by_organisation(SYSTEM, SignedOut("", session, "", 0))
