"""Sign-in by the organisation: the portal as a client of an OpenID Connect provider (Core 1.0).

Authorization code with PKCE; nothing here knows of officers, that is for portal.accounts.
"""

from typing import NamedTuple
from urllib.parse import urlsplit

from authlib.common.urls import add_params_to_uri
from flask import Flask, current_app, url_for

from portal.config import BadSetting
from portal.core.i18n import _
from portal.core.oidc.errors import NotVouched, ProviderAway
from portal.core.oidc.journey import Journey, arrive, depart, returned, signed_out
from portal.core.oidc.provider import Provider
from portal.core.oidc.settings import ProviderSettings, provider_settings
from portal.core.oidc.tokens import SignedOut, Vouched

__all__ = [
    "Journey",
    "NotVouched",
    "Offer",
    "Provider",
    "ProviderAway",
    "ProviderSettings",
    "SignedOut",
    "Vouched",
    "arrive",
    "depart",
    "init_app",
    "issuer_origin",
    "local_accounts",
    "offer",
    "provider",
    "provider_settings",
    "public_address",
    "returned",
    "sign_out_address",
    "signed_out",
]


class Offer(NamedTuple):
    """What the sign-in page offers besides, or instead of, a password."""

    name: str
    local: str


def provider() -> Provider:
    """The organisation's provider. Raises NotVouched where none is set."""
    found: Provider | None = current_app.extensions["oidc"]
    if found is None:
        raise NotVouched(_("This portal has no sign-in by an organisation."), "not set")
    return found


def offer() -> Offer | None:
    """The organisation's sign-in, for the pages that offer it; None where none is set."""
    found: Provider | None = current_app.extensions["oidc"]
    return Offer(found.settings.name, local_accounts()) if found else None


def local_accounts() -> str:
    """Who may sign in with what the portal itself keeps: "yes", "break-glass" (administrators), or "no"."""
    found: str = current_app.config.get("LOCAL_ACCOUNTS", "yes")
    return found


def public_address(endpoint: str) -> str:
    """The address of a page as the provider knows it: below PUBLIC_URL where that is set."""
    base = str(current_app.config.get("PUBLIC_URL") or "").rstrip("/")
    return base + url_for(endpoint) if base else url_for(endpoint, _external=True)


def issuer_origin() -> str:
    """The one site that may show a page of the portal in a frame: its own sign-out page."""
    parts = urlsplit(provider().settings.issuer)
    return f"{parts.scheme}://{parts.netloc}"


def sign_out_address(id_token: str, back: str) -> str:
    """Where a browser also signs out of the provider (RP-Initiated Logout 1.0); "" where it cannot."""
    place = provider().metadata().get("end_session_endpoint")
    if not place:
        return ""
    params = {"id_token_hint": id_token, "post_logout_redirect_uri": back, "client_id": provider().settings.client_id}
    found: str = add_params_to_uri(place, params.items())
    return found


def init_app(app: Flask) -> None:
    """The provider of the settings OIDC_…; asked nothing before the first officer wants to sign in by it."""
    found = provider_settings(app.config.get("OIDC", {}))
    if found is None and app.config.get("LOCAL_ACCOUNTS", "yes") != "yes":
        raise BadSetting("LOCAL_ACCOUNTS can only be switched off where OIDC_ISSUER names a provider.")
    app.extensions["oidc"] = Provider(found) if found else None
    app.jinja_env.globals["organisation"] = offer
