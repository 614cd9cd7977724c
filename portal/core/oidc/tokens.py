"""Reading what a provider signed: identity tokens (Core 1.0, 3.1.3.7) and logout tokens (Back-Channel Logout, 2.6)."""

import datetime as dt
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from portal.core.i18n import _
from portal.core.oidc.errors import NotVouched
from portal.core.oidc.provider import Provider

SKEW_S = 60
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]  # none with a secret
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
STRONG = {"mfa", "otp", "hwk"}  # RFC 8176: the ways to sign in that are, or include, a second factor
STRONG_CLASSES = STRONG | {"phr", "phrh", "https://refeds.org/profile/mfa"}
clock: Callable[[], float] = time.time


@dataclass(frozen=True, kw_only=True)
class Vouched:
    """Whom the provider vouches for. `email` only where it has verified it; `role` "none" for one the portal lacks."""

    issuer: str
    subject: str
    name: str
    username: str
    email: str
    role: str
    session: str
    second_factor: bool
    proven_at: dt.datetime | None
    id_token: str = field(repr=False)


@dataclass(frozen=True)
class SignedOut:
    """Which sessions the provider has ended: one by its number, or all of a subject. `number` is the token's own."""

    number: str
    session: str
    subject: str
    until: float


def read_id_token(provider: Provider, token: Mapping[str, Any], nonce: str, *, since: float | None = None) -> Any:
    """The claims of an identity token that is ours, in time, and answers this very request. Raises NotVouched.

    `since` is for a request that asked to prove anew: the officer must have proven themselves after it.
    """
    own, issuer = provider.settings, provider.metadata()["issuer"]
    found = _signed(provider, str(token.get("id_token") or ""))
    rules: dict[str, Any] = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": own.client_id},
    }
    params = {"nonce": nonce, "client_id": own.client_id, "access_token": token.get("access_token")}
    claims = CodeIDToken(found.claims, found.header, rules, params)
    try:
        claims.validate(now=int(clock()), leeway=SKEW_S)
    except ExpiredTokenError as late:
        raise NotVouched(_("The sign-in took too long. Start again."), "expired") from late
    except (JoseError, ValueError, TypeError) as wrong:
        raise _forged(wrong) from wrong
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise _forged("no subject")
    if since is not None and claims.get("auth_time", 0) < since - SKEW_S:
        raise NotVouched(_("The provider did not ask you to prove that it is you. Start again."), "not proven anew")
    return claims


def read_logout_token(provider: Provider, text: str) -> SignedOut:
    """What a provider tells at the back channel (Back-Channel Logout 1.0, 2.4 and 2.6). Raises NotVouched."""
    own, found = provider.settings, _signed(provider, text)
    claims = found.claims
    rules = jwt.JWTClaimsRegistry(
        now=int(clock()),
        leeway=SKEW_S,
        iss={"essential": True, "value": provider.metadata()["issuer"]},
        aud={"essential": True, "value": own.client_id},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        rules.validate(claims)
    except JoseError as wrong:
        raise _forged(wrong) from wrong
    events, session, subject = claims.get("events"), claims.get("sid", ""), claims.get("sub", "")
    told = isinstance(events, dict) and isinstance(events.get(LOGOUT), dict)
    named = isinstance(session, str) and isinstance(subject, str) and (session or subject)
    until = float(claims.get("exp", claims["iat"] + SKEW_S)) + SKEW_S
    if not (told and named) or "nonce" in claims or until <= clock():
        raise _forged("no logout token")
    return SignedOut(claims["jti"], session, subject, until)


def vouched(provider: Provider, claims: Mapping[str, Any], token: Mapping[str, Any]) -> Vouched:
    """The claims in the portal's words; what the identity token leaves out is asked of the provider."""
    said = dict(claims)
    if token.get("access_token") and not {"email", "name"} <= set(said):
        more = provider.userinfo(str(token["access_token"]))
        if more and not hmac.compare_digest(str(more.get("sub", "")).encode(), str(said["sub"]).encode()):
            raise _forged("userinfo of another")  # Core 1.0, 5.3.2
        said = more | said
    at, ways = said.get("auth_time"), said.get("amr")
    strong = bool(STRONG & set(ways)) if isinstance(ways, list) else False
    email = _text(said, "email", 254)
    return Vouched(
        issuer=str(said["iss"]),
        subject=str(said["sub"]),
        name=_text(said, "name", 120),
        username=_text(said, "preferred_username", 80),
        email=email.lower() if said.get("email_verified") is True and "@" in email else "",
        role=provider.settings.role_of(said),
        session=_text(said, "sid", 200),
        second_factor=strong or said.get("acr") in STRONG_CLASSES,
        proven_at=dt.datetime.fromtimestamp(min(at, clock()), dt.UTC) if at else None,
        id_token=str(token["id_token"]),
    )


def _signed(provider: Provider, text: str) -> jwt.Token:
    """A token with a signature of the provider. A key that is not known yet is asked for once."""
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        try:
            return jwt.decode(text, provider.keys(), registry=registry)
        except InvalidKeyIdError:
            return jwt.decode(text, provider.keys(renewed=True), registry=registry)
    except (JoseError, ValueError, TypeError) as wrong:
        raise _forged(wrong) from wrong


def _forged(why: object) -> NotVouched:
    words = _("What came back from the provider cannot be trusted. Nothing was opened. Start again.")
    return NotVouched(words, f"token: {why}", forged=True)


def _text(claims: Mapping[str, Any], name: str, length: int) -> str:
    found = claims.get(name)
    return " ".join(found.replace("\x00", "").split())[:length] if isinstance(found, str) else ""
