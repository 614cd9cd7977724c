"""Access tokens of the API: RS256, 15 minutes, verified by keys of this installation only.

RFC 7519, RFC 8725, RFC 9068. A token is good by a key of ours that its `kid` names, by nothing it says of itself.
"""

import base64
import binascii
import datetime as dt
import json
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from flask import Flask, current_app
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import RSAKey
from sqlalchemy.exc import OperationalError

from portal.core.db import db, now
from portal.core.errors import PortalError
from portal.core.registry import supplied
from portal.core.sealing import unseal

LIFE_S = 15 * 60
LEEWAY_S = 60
ISSUER = "portal"
AUDIENCE = "portal-api"
HEADER = {"alg": "RS256", "typ": "at+jwt"}
LONGEST = 16_384
MOST_PROJECTS = 100  # more would not fit into a header line; rights are asked anew at each request anyway
AGAIN_S = 20.0  # keys made or retired by another process are noticed after this long
SELDOM_S = 3.0  # and an unknown kid asks the database at most this often
log = logging.getLogger("portal.tokens")


class NotSignedIn(PortalError):
    """No token, or none the portal can trust; the answer never says which part was wrong."""

    status = 401
    title = "Sign in first"

    def __init__(self, message: Any, on_record: Callable[[], None] = lambda: None) -> None:
        super().__init__(message)
        self.on_record = on_record  # called once the request was counted: nobody fills the trail faster than that


class BadToken(Exception):
    """Why a token is refused, for the audit trail only; `forged` when nobody but a forger could have made it."""

    def __init__(self, why: str, *, forged: bool = True, officer: uuid.UUID | None = None) -> None:
        super().__init__(why)
        self.why, self.forged, self.officer = why, forged, officer


class TokenKey(NamedTuple):
    """A key as the database has it; the private part stays sealed until it first signs."""

    kid: str
    public: RSAKey
    private_sealed: str
    starts_at: dt.datetime
    retires_at: dt.datetime | None

    @property
    def retired(self) -> bool:
        """Signs nothing and verifies nothing any more."""
        return self.retires_at is not None and self.retires_at <= now()


class KeyRing:
    """The keys of this installation, as this process last read them."""

    def __init__(self) -> None:
        self.lock, self.read_at = Lock(), float("-inf")
        self.kept: dict[str, TokenKey] = {}
        self.opened: dict[str, RSAKey] = {}

    def signing(self) -> RSAKey:
        """The newest key that signs by now; the first need of one makes it."""
        self._look(AGAIN_S)
        if not self._at_work():
            (make,) = supplied("token.first_key")
            make()
            self._look(0)
        newest = max(self._at_work(), key=lambda kept: kept.starts_at)
        if newest.kid not in self.opened:
            pem = unseal(newest.private_sealed, purpose_of(newest.kid))
            self.opened[newest.kid] = RSAKey.import_key(pem, {"kid": newest.kid})
        return self.opened[newest.kid]

    def verifying(self, kid: str) -> RSAKey:
        """The key of that name, while it is good. Raises BadToken."""
        self._look(AGAIN_S)
        if kid not in self.kept:
            self._look(SELDOM_S)
        kept = self.kept.get(kid)
        if kept is None:
            raise BadToken("unknown key")
        if kept.retired:
            raise BadToken("retired key", forged=False)
        return kept.public

    def published(self) -> list[dict[str, Any]]:
        """The public keys as JWK, those included that will sign in a moment (RFC 7517)."""
        self._look(AGAIN_S)
        good = [kept for kept in self.kept.values() if not kept.retired]
        return [{**kept.public.as_dict(private=False), "use": "sig", "alg": "RS256"} for kept in good]

    def _at_work(self) -> list[TokenKey]:
        return [kept for kept in self.kept.values() if kept.starts_at <= now() and not kept.retired]

    def _look(self, seldom: float) -> None:
        """Read the keys again, unless that was done within the last seconds; without the database the known ones do."""
        with self.lock:
            if time.monotonic() - self.read_at < seldom:
                return
            self.read_at = time.monotonic()
        (read,) = supplied("token.keys")
        try:
            self.kept = {kept.kid: kept for kept in read()}
        except OperationalError as away:
            if not self.kept:
                raise
            db.session.rollback()
            log.warning("the token keys are those read before: %s", away.orig)


def ring() -> KeyRing:
    """The keys of the running app."""
    found: KeyRing = current_app.extensions["token_keys"]
    return found


def purpose_of(kid: str) -> str:
    """What the private part of a key is sealed for."""
    return f"signing key {kid}"


def issue(
    officer_id: uuid.UUID,
    role: str,
    session: str,
    *,
    permissions: Iterable[str] = (),
    projects: Iterable[uuid.UUID] | None = None,
    proven_at: float | None = None,
) -> str:
    """A token that says who, in which role and until when; rights are looked up again at each request.

    `projects` None means every project; `proven_at` is when the officer proved who they are (OpenID Connect auth_time).
    """
    key, moment = ring().signing(), int(time.time())
    reached = ["*"] if projects is None else sorted(map(str, projects))
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(officer_id),
        "role": role,
        "permissions": list(permissions),
        "project_access": reached[:MOST_PROJECTS],
        "sid": session,
        "auth_time": int(proven_at or moment),
        "iat": moment,
        "nbf": moment,
        "exp": moment + LIFE_S,
        "jti": uuid.uuid4().hex,
    }
    return jwt.encode({**HEADER, "kid": key.kid}, claims, key)


def read(token: str) -> dict[str, Any]:
    """The claims of a token of ours that is in time. Raises BadToken."""
    header = _header(token)
    if {name: header.get(name) for name in HEADER} != HEADER or set(header) != {*HEADER, "kid"}:
        raise BadToken("header")
    if not isinstance(header["kid"], str):
        raise BadToken("unknown key")
    key = ring().verifying(header["kid"])
    try:
        found = jwt.decode(token, key, algorithms=["RS256"], decoder_cls=_Strict).claims
    except (JoseError, ValueError):
        raise BadToken("signature") from None
    return _in_force(found)


def _in_force(claims: dict[str, Any]) -> dict[str, Any]:
    """What our own signature stands under, if it is a token for this API and in time. Raises BadToken."""
    needed = {name: {"essential": True} for name in ("sub", "sid", "jti", "exp", "nbf", "iat", "auth_time")}
    exact = {"iss": {"essential": True, "value": ISSUER}, "aud": {"essential": True, "value": AUDIENCE}}
    rules = jwt.JWTClaimsRegistry(leeway=LEEWAY_S, **{**needed, **exact})  # type: ignore[arg-type]
    try:
        officer = uuid.UUID(claims["sub"])
        rules.validate({name: claim for name, claim in claims.items() if name != "exp"} | {"exp": claims["exp"]})
    except ExpiredTokenError:
        raise BadToken("expired", forged=False, officer=officer) from None
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise BadToken(getattr(wrong, "claim", None) or "claims") from None
    return claims


def _header(token: str) -> dict[str, Any]:
    """The header, of a text in three parts, each in the one spelling base64url has for it. Raises BadToken."""
    parts = token.split(".") if len(token) <= LONGEST else []
    if len(parts) != 3:
        raise BadToken("unreadable", forged=False)
    try:
        header, _payload, _signature = (_decoded(part) for part in parts)
        found = json.loads(header, cls=_Strict)
    except (ValueError, RecursionError):
        raise BadToken("encoding") from None
    if not isinstance(found, dict):
        raise BadToken("header")
    return found


def _decoded(part: str) -> bytes:
    try:
        found = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as wrong:
        raise ValueError(part) from wrong
    if base64.urlsafe_b64encode(found).decode().rstrip("=") != part:
        raise ValueError(part)
    return found


class _Strict(json.JSONDecoder):
    """JSON in which no name comes twice, so that two readers cannot read two things (RFC 8725, 2.4)."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**{**more, "object_pairs_hook": _once})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def earlier_key() -> Path:
    """Where versions before the first kept their only key in plain; it becomes the first of the ring."""
    return Path(current_app.config["VAR"]) / "token-key.pem"


def init_app(app: Flask) -> None:
    """Keys are read when they are first needed."""
    app.extensions["token_keys"] = KeyRing()
