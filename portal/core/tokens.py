"""Bearer tokens for the API: RS256, 15 minutes, signed by a key of this installation (RFC 7519, RFC 8725)."""

import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from portal.core.errors import PortalError
from portal.core.i18n import _

LIFE_S = 15 * 60
ISSUER = "portal"
AUDIENCE = "portal-api"


class NotSignedIn(PortalError):
    """No token, or none the portal can trust; the answer never says which part was wrong."""

    status = 401
    title = "Sign in first"


def issue(
    officer_id: uuid.UUID,
    role: str,
    session: str,
    *,
    permissions: Iterable[str] = (),
    projects: Iterable[uuid.UUID] = (),
    proven_at: float | None = None,
) -> str:
    """A token that says who, in which role and until when; rights are looked up again at each request."""
    key, moment = _key(), int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(officer_id),
        "role": role,
        "permissions": list(permissions),
        "project_access": [str(project) for project in projects],
        "sid": session,
        "auth_time": int(proven_at or moment),
        "iat": moment,
        "nbf": moment,
        "exp": moment + LIFE_S,
        "jti": uuid.uuid4().hex,
    }
    return jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "JWT"}, claims, key)


def read(token: str) -> dict[str, Any]:
    """The claims of a token of ours that is in time. Raises NotSignedIn."""
    rules = jwt.JWTClaimsRegistry(
        leeway=60,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True},
        sid={"essential": True},
        exp={"essential": True},
    )
    try:
        found = jwt.decode(token, _key(), algorithms=["RS256"])
        rules.validate(found.claims)
        uuid.UUID(found.claims["sub"])
        return dict(found.claims)
    except (JoseError, ValueError):
        raise NotSignedIn(_("The access token is not valid, or no longer. Ask for a new one.")) from None


def _key() -> RSAKey:
    key: RSAKey = current_app.extensions["token_key"]
    return key


def init_app(app: Flask) -> None:
    """Read the signing key from the data folder; the first start makes it, readable by its owner only."""
    place = Path(app.config["VAR"]) / "token-key.pem"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        made = RSAKey.generate_key(2048, auto_kid=True)
        draft = place.with_suffix(f".{uuid.uuid4().hex}")
        draft.touch(mode=0o600)
        draft.write_bytes(made.as_pem(private=True))
        with suppress(FileExistsError):  # the first of several processes wins, and none reads half a key
            place.hardlink_to(draft)
        draft.unlink()
    key = RSAKey.import_key(place.read_bytes())
    key.ensure_kid()
    app.extensions["token_key"] = key
