"""The organisation's provider as the portal speaks to it: discovery, keys, the exchange of a code (Authlib).

What it said is kept for an hour; while it is away, what it said before goes on counting for a day. A provider that did
not answer is left alone for ten seconds, so that nobody waits for it twice.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException

from portal.core.i18n import _
from portal.core.oidc.errors import NotVouched, ProviderAway
from portal.core.oidc.settings import ProviderSettings, safe_address

TIMEOUT_S = (3, 5)  # to connect, and between two pieces of an answer
FRESH_S, STALE_S = 3600, 24 * 3600
LEFT_ALONE_S = 10
REFETCH_S = 30  # keys are asked for out of turn at most this often: a made-up key id costs the provider nothing
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
log = logging.getLogger("portal.oidc")


class Provider:
    """One provider; what it published is kept in this process."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self._away_until = 0.0
        self._refetched = -float(REFETCH_S)

    def metadata(self) -> dict[str, Any]:
        """What the provider says of itself (Discovery 1.0, 4), and only if it is who we asked for (4.3)."""
        place = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = self._document(place)
        sound = found.get("issuer") == self.settings.issuer and all(safe_address(found.get(name)) for name in NEEDED)
        if not sound:
            self._kept.pop(place)
            raise ProviderAway(_("What the provider says of itself does not fit its address."), "discovery")
        return found

    def keys(self, *, renewed: bool = False) -> KeySet:
        """The keys it signs with; `renewed` asks again for a key that is not among them, but not too often."""
        place = self.metadata()["jwks_uri"]
        if renewed and time.monotonic() - self._refetched >= REFETCH_S:
            self._refetched = time.monotonic()
            self._kept.pop(place, None)
        try:
            return KeySet.import_key_set(self._document(place))  # type: ignore[arg-type]
        except (JoseError, KeyError, TypeError, ValueError) as odd:
            self._kept.pop(place, None)
            raise ProviderAway(_("The provider's keys cannot be read."), "keys") from odd

    def start(self, back: str, **more: Any) -> str:
        """The address that sends the officer to the provider (Core 1.0, 3.1.2.1), with PKCE S256 (RFC 7636)."""
        place = self.metadata()["authorization_endpoint"]
        own = self.settings
        with OAuth2Session(own.client_id, scope=own.scopes, redirect_uri=back, code_challenge_method="S256") as line:
            url: str = line.create_authorization_url(place, **more)[0]
        return url

    def exchange(self, code: str, back: str, verifier: str) -> dict[str, Any]:
        """The tokens for a code. Raises NotVouched for a code that was used before, or was given to another."""
        said = self.metadata()
        try:
            with self._line(said) as line:
                found = line.fetch_token(
                    said["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=back,
                    code_verifier=verifier,
                    allow_redirects=False,
                )
        except OAuthError as refused:
            log.warning("the provider refused a code: %s", refused)
            raise NotVouched(_("The provider did not accept this sign-in. Start again."), "code") from refused
        except (RequestException, ValueError) as lost:
            raise self._away(lost) from lost
        return dict(found)

    def userinfo(self, token: str) -> dict[str, Any]:
        """More claims about the officer (Core 1.0, 5.3); nothing where the provider has no such endpoint."""
        place = self.metadata().get("userinfo_endpoint")
        if not safe_address(place):
            return {}
        try:
            return self._fetch(str(place), {"Authorization": f"Bearer {token}"})
        except (RequestException, ValueError) as lost:
            raise self._away(lost) from lost

    def _line(self, said: Mapping[str, Any] | None = None) -> Any:
        """A session with time limits; the client proves itself as the provider says it may (RFC 6749, 2.3.1)."""
        own = self.settings
        ways = (said or {}).get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
        name, secret = own.client_id, own.client_secret
        if secret and way == "client_secret_basic":
            name, secret = quote(name, safe=""), quote(secret, safe="")
        method = way if secret else "none"
        return OAuth2Session(name, secret, token_endpoint_auth_method=method, default_timeout=TIMEOUT_S)

    def _document(self, place: str) -> dict[str, Any]:
        """A published document: from memory while it is fresh, or while the provider is away."""
        at, found = self._kept.get(place, (-float(STALE_S), {}))
        age = time.monotonic() - at
        if found and age < FRESH_S:
            return found
        try:
            if time.monotonic() < self._away_until:
                raise self._gone()
            found = self._fetch(place)
        except (RequestException, ValueError, ProviderAway) as lost:
            if found and age < STALE_S:
                return found
            if isinstance(lost, ProviderAway):
                raise
            raise self._away(lost) from lost
        self._kept[place] = (time.monotonic(), found)
        return found

    def _fetch(self, place: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        with self._line() as line:
            answer = line.request("GET", place, withhold_token=True, allow_redirects=False, headers=headers)
        if answer.status_code != 200:
            raise ValueError(f"{place} answered {answer.status_code}")
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError(f"{place} answered no object")
        return found

    def _away(self, lost: Exception) -> ProviderAway:
        log.error("the organisation's provider %s is away: %s", self.settings.issuer, lost)
        self._away_until = time.monotonic() + LEFT_ALONE_S
        return self._gone()

    def _gone(self) -> ProviderAway:
        words = _("The organisation's sign-in does not answer at the moment. Nothing is wrong with your account.")
        return ProviderAway(words, "provider away")
