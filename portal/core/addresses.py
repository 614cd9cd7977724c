"""Addresses that leave the portal: whole, below PUBLIC_URL where that is set."""

from typing import Any

from flask import current_app, url_for


def whole(endpoint: str, **values: Any) -> str:
    """The address of a page as somebody outside types it."""
    base = str(current_app.config.get("PUBLIC_URL") or "").rstrip("/")
    return base + url_for(endpoint, **values) if base else url_for(endpoint, _external=True, **values)
