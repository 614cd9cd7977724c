"""The way to the provider and back: what left is remembered under a state that works once (RFC 9700, 2.1)."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

import msgspec

from portal.core.i18n import _
from portal.core.oidc import tokens
from portal.core.oidc.errors import NotVouched, ProviderAway
from portal.core.oidc.provider import Provider
from portal.core.oidc.tokens import SignedOut, Vouched, read_id_token, read_logout_token, vouched
from portal.core.redis import connection

MINUTES = 10


class Journey(msgspec.Struct, frozen=True):
    """One officer on the way: from which browser, what for, and where they go afterwards."""

    issuer: str
    nonce: str
    verifier: str
    back: str
    browser: str
    began: float
    prove: bool = False
    target: str = ""


_READER = msgspec.json.Decoder(Journey)


def depart(provider: Provider, back: str, browser: str, *, target: str = "", prove: bool = False) -> str:
    """The address at the provider to send a browser to; `prove` asks that the officer proves themselves anew."""
    state = secrets.token_urlsafe(32)
    issuer = provider.settings.issuer
    gone = Journey(
        issuer, secrets.token_urlsafe(32), secrets.token_urlsafe(48), back, browser, tokens.clock(), prove, target
    )
    more = {"prompt": "login", "max_age": 0} if prove else {}
    url = provider.start(back, state=state, code_verifier=gone.verifier, nonce=gone.nonce, **more)
    connection().set(_place(state), msgspec.json.encode(gone), ex=MINUTES * 60)
    return url


def returned(args: Mapping[str, str], browser: str) -> Journey:
    """Who left with this state, from this browser, and has not been back yet. Raises NotVouched."""
    kept = connection().getdel(_place(args.get("state", "")))
    gone = _READER.decode(kept) if kept else None
    if gone is None or not hmac.compare_digest(gone.browser.encode(), browser.encode()):
        words = _(
            "This sign-in was used before, took longer than ten minutes, or began in another browser. Start again."
        )
        raise NotVouched(words, "state")
    return gone


def arrive(provider: Provider, gone: Journey, args: Mapping[str, str]) -> Vouched:
    """Whom the provider vouches for, from what the browser brought back. Raises NotVouched, ProviderAway."""
    said = provider.metadata()
    named = args.get("iss")
    expected = said.get("authorization_response_iss_parameter_supported") is True
    if (named or gone.issuer) != gone.issuer or gone.issuer != said["issuer"] or (expected and not named):
        words = _("The answer came from another provider than the one that was asked. Nothing was opened.")
        raise NotVouched(words, "issuer", forged=True)  # RFC 9207: a mix-up
    if "error" in args:
        raise _told(args["error"])
    if not args.get("code"):
        raise NotVouched(_("The provider sent no answer that can be used. Start again."), "no code")
    token = provider.exchange(args["code"], gone.back, gone.verifier)
    claims = read_id_token(provider, token, gone.nonce, since=gone.began if gone.prove else None)
    return vouched(provider, claims, token)


def _told(error: str) -> NotVouched:
    """The provider's refusal in words (RFC 6749, 4.1.2.1; Core 1.0, 3.1.2.6)."""
    if error in ("temporarily_unavailable", "server_error"):
        return ProviderAway(_("The organisation's sign-in is out of order at the moment. Try again soon."), error)
    if error == "access_denied":
        return NotVouched(_("The sign-in was cancelled, or the organisation does not let you in here."), error)
    return NotVouched(_("The organisation's sign-in ended without an answer. Start again."), f"provider: {error[:60]}")


def signed_out(provider: Provider, text: str) -> SignedOut:
    """A logout token that was not told before. Raises NotVouched."""
    told = read_logout_token(provider, text)
    left = max(1, int(told.until - tokens.clock()) + 1)
    if not connection().set(_place(f"{provider.settings.issuer} {told.number}"), b"1", nx=True, ex=left):
        raise NotVouched(_("This was told before."), "logout token: told twice", forged=True)
    return told


def _place(key: str) -> str:
    return "oidc:" + hashlib.sha256(key.encode()).hexdigest()
