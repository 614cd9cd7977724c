"""One's own sessions and keys over the API."""

from typing import Any

from portal.accounts import commands, queries
from portal.accounts.commands.keys import MadeKey
from portal.accounts.forms import KeyForm
from portal.accounts.queries.sessions import SessionRow
from portal.core.api import Operation

PLACE = "/api/v1/accounts"
SHOWN = ("id", "kind", "method", "device", "place", "address", "started_at", "seen_at", "expires_at", "here")


def _session(row: SessionRow) -> dict[str, Any]:
    """A session in words, as on the page."""
    return {name: getattr(row, name) for name in SHOWN}


def _key(key: Any) -> dict[str, Any]:
    """A key without its secret."""
    names = ("id", "name", "prefix", "scopes", "expires_at", "revoked_at", "last_used_at", "last_used_from")
    return {name: getattr(key, name) for name in names} | {"_links": {"self": {"href": f"{PLACE}/keys/{key.id}"}}}


def _made(made: MadeKey) -> dict[str, Any]:
    """A new key with its secret, shown this once."""
    return _key(made.key) | {"secret": made.secret}


OWN = [
    Operation("GET", "/sessions", queries.list_sessions, shows=_session),
    Operation("DELETE", "/sessions/<uuid:session_id>", commands.end_session),
    Operation("DELETE", "/sessions", commands.end_other_sessions, shows=lambda ended: {"ended": ended}),
    Operation("GET", "/keys", queries.list_keys, shows=_key),
    Operation("GET", "/keys/<uuid:key_id>", queries.get_key, shows=_key),
    Operation("POST", "/keys", commands.make_key, KeyForm, shows=_made, status=201, secret=True),
    Operation("DELETE", "/keys/<uuid:key_id>", commands.revoke_key),
]
