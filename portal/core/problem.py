"""Refusals for machines: application/problem+json with a pointer to each field at fault (RFC 9457, RFC 6901)."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, jsonify


def problem(
    status: int, title: Any, detail: Any = "", errors: Mapping[str, Iterable[Any]] | None = None, **more: Any
) -> Response:
    """`errors` maps a field to what is wrong with it; `more` are extension members, such as `theirs`."""
    faults = [{"pointer": f"#/{name}", "detail": str(text)} for name, texts in (errors or {}).items() for text in texts]
    body = {"type": "about:blank", "status": status, "title": str(title)}
    if detail:
        body["detail"] = str(detail)
    answer = jsonify(body | ({"errors": faults} if faults else {}) | more)
    answer.status_code, answer.content_type = status, "application/problem+json"
    return answer
