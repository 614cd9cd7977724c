"""The trail as JSON, under /api/v1/audit-trail. Files are given out by the page alone, after a fresh proof."""

from typing import Any

from flask import g

from portal.audit_trail import queries
from portal.core.api import Operation, api_blueprint
from portal.core.mask import needed, personal

FACTS = (
    *("id", "at", "day", "number", "actor_id", "actor_name", "role", "instrument", "session", "act", "use_case"),
    *("outcome", "subjects", "touched", "door", "device", "request_id", "previous", "digest"),
)
SEAL = ("id", "day", "count", "root", "kid", "signature", "sealed_at")


def shown(row: Any) -> dict[str, Any]:
    """A record of the list."""
    facts = {name: getattr(row, name) for name in FACTS}
    texts = {name: needed(getattr(row, name), g.actor) for name in ("why", "changes")}
    return facts | texts | {"address": personal(row.address, "address", g.actor)}


def shown_opened(opened: queries.Opened) -> dict[str, Any]:
    """One record; `chain` says whether it stands."""
    links = {"self": {"href": f"/api/v1/audit-trail/{opened.record.id}"}}
    return shown(opened.record) | {"chain": opened.broken or "stands", "_links": links}


def shown_seal(row: Any) -> dict[str, Any]:
    """A seal as it is verified by anybody who has the public key."""
    return {name: getattr(row, name) for name in SEAL}


OPERATIONS = [
    Operation("GET", "", queries.list_records),
    Operation("GET", "/<uuid:record_id>", queries.get_record, shows=shown_opened),
    Operation("GET", "/seals", queries.list_seals, shows=shown_seal),
]
bp = api_blueprint("audit_trail", shown, OPERATIONS)
