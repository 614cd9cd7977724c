"""Signing in by the organisation: to its provider and back, and what somebody without a role sees."""

import datetime as dt
import secrets
from typing import cast

from flask import g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.commands.federation import _come_back, _prove_by_organisation, _sign_in_by_organisation
from portal.accounts.pages.blueprint import bp
from portal.accounts.pages.signing_in import _detour, _inside, _open_session
from portal.accounts.queries.federation import _whom_to_ask
from portal.core.calendar import now
from portal.core.cards import Card, card_of
from portal.core.html import page
from portal.core.http import public
from portal.core.limits import limiter
from portal.core.oidc import Vouched, depart, provider, public_address

public("accounts.organisation")
public("accounts.organisation_back")


def _sent(*, prove: bool) -> ResponseReturnValue:
    """To the provider; this browser is known again by a secret of its session."""
    browser = session.setdefault("browser", secrets.token_urlsafe(32))
    back, target = public_address("accounts.organisation_back"), _inside(request.args.get("next", ""))
    return redirect(depart(provider(), back, browser, target=target, prove=prove))


@bp.get("/sign-in/organisation")
@limiter.limit("30/minute")
def organisation() -> ResponseReturnValue:
    """Ask the organisation's provider who this is."""
    return _sent(prove=False)


@bp.get("/prove/organisation")
@limiter.limit("30/minute")
def prove_organisation() -> ResponseReturnValue:
    """Ask the provider to make the officer prove themselves anew (Core 1.0, 3.1.2.1: prompt=login, max_age=0)."""
    return _sent(prove=True)


@bp.get("/sign-in/organisation/back")
@limiter.limit("30/minute")
def organisation_back() -> ResponseReturnValue:
    """What the provider answered, by way of the browser."""
    gone, who = _come_back(request.args.to_dict(), session.get("browser", ""))
    if not gone.prove:
        return _entered(who, gone.target)
    _prove_by_organisation(g.actor, who)
    session["proven_at"] = now().isoformat()
    return redirect(_inside(gone.target), 303)


def _entered(who: Vouched, target: str) -> ResponseReturnValue:
    """A session of the browser; it counts as proven since the officer last proved themselves at the provider.

    Where the provider saw one factor only, the officer's second factor, or the one their role needs, comes first.
    """
    begun = _sign_in_by_organisation(who)
    detour = None if who.second_factor else _detour(begun.officer_id, "oidc", target, begun.id.hex)
    if detour:
        return detour
    long_ago = begun.started_at - dt.timedelta(days=1)
    _open_session(begun.id.hex, who.proven_at or long_ago, cast(Card, card_of(begun.officer_id)))
    return redirect(_inside(target), 303)


@bp.get("/waiting")
def waiting() -> ResponseReturnValue:
    """Signed in, with no role the portal knows: whom to ask for one."""
    if g.actor.role != "none":
        return redirect(url_for("home"))
    return page("accounts/waiting.html", administrators=_whom_to_ask())
