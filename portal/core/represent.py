"""How a record looks in JSON: nothing lost, links to itself, and only what a form or function names."""

import dataclasses
import datetime as dt
import enum
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from portal.core.forms import Form

Shows = type[Form] | Callable[[Any], dict[str, Any]]
ALWAYS = ("id", "project_id", "status", "version", "created_at", "updated_at")


def plain(value: Any) -> Any:
    """JSON without loss: decimals as text, dates as ISO 8601."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    return value if isinstance(value, str | int | float | bool | type(None)) else str(value)


def represent(row: Any, shows: Shows, base: str) -> dict[str, Any]:
    """A form shows id, status, version and its fields; a function what it returns. `base` adds `_links.self`."""
    if isinstance(shows, type):
        names = [*ALWAYS, *(name for name in shows()._fields if name not in ALWAYS and name != "password")]
        shown = {name: getattr(row, name) for name in names if hasattr(row, name)}
    else:
        shown = shows(row)
    links = {"self": {"href": f"{base}/{shown['id']}"}} if base and "id" in shown else {}
    return {**plain(shown), "_links": links | plain(shown.get("_links", {}))}
