"""Passkeys in the browser: what it is asked to sign, and what came back."""

import base64
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, current_app, g, request, session
from flask.typing import ResponseReturnValue

from portal.accounts.commands.proving import Signed
from portal.accounts.pages.blueprint import bp
from portal.accounts.pages.steps import _half
from portal.accounts.queries.factors import Options, Site, _passkey_to_make, _passkey_wanted
from portal.core.errors import Invalid
from portal.core.http import public
from portal.core.i18n import _
from portal.core.limits import limiter

CHALLENGE_S = 300
public("accounts.passkey_options")


def _site() -> Site:
    """The portal by its public address (setting PUBLIC_URL), or by the address that was asked for."""
    parts = urlsplit(current_app.config["PUBLIC_URL"] or request.host_url)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def _passkeys_work() -> bool:
    """Whether browsers make passkeys at this address."""
    return _site().has_a_name


def _signed(form: Any, purpose: str) -> Signed:
    """The answer of the passkey with the challenge that was given out for this purpose, once, within five minutes."""
    kept = session.pop("challenge", None) or {}
    good = kept.get("for") == purpose and time.time() - kept["at"] < CHALLENGE_S
    return Signed(form.credential.data or "", base64.b64decode(kept["text"]) if good else b"-", _site())


@bp.post("/passkey/options")
@limiter.limit("60/minute")
def passkey_options() -> ResponseReturnValue:
    """What the browser hands to its passkeys: JSON, with a challenge kept on the server."""
    purpose = request.form.get("purpose", "")
    options = _options(purpose)
    text = base64.b64encode(options.challenge).decode()
    session["challenge"] = {"for": purpose, "text": text, "at": time.time()}
    return Response(options.json, mimetype="application/json")


def _options(purpose: str) -> Options:
    """For signing in anybody's passkey will do; else it has to be one of the officer's."""
    if purpose == "sign_in":
        return _passkey_wanted(_site(), None, verified=True)
    half = _half("enrol" if purpose == "enrol" else "second")
    officer_id: UUID | None = half.officer_id if half else g.actor.id if g.actor else None
    if officer_id is None or purpose not in ("second", "prove", "enrol"):
        raise Invalid(_("Signing in took too long. Begin again."))
    return _passkey_to_make(_site(), officer_id) if purpose == "enrol" else _passkey_wanted(_site(), officer_id)
