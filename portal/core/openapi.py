"""OpenAPI 3.1 from the tables of operations, with x-module and x-access on every one; and a page to read it."""

import re
from functools import partial
from typing import Any

import wtforms
from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue
from wtforms import validators

from portal.core.api import MULTIPART, TABLES, Operation, options_of
from portal.core.fields import ListField
from portal.core.forms import Form
from portal.core.usecases import DOORS

bp = Blueprint("openapi", __name__, url_prefix="/api/v1")
REFUSALS = {
    "400": "Malformed request",
    "401": "No valid access token",
    "403": "The role does not include this",
    "404": "No such record, or not within your projects",
    "409": "Not possible as things stand",
    "422": "A field needs another look",
    "429": "Too many requests",
}


FIELD_KINDS: tuple[tuple[type, dict[str, Any]], ...] = (
    (wtforms.BooleanField, {"type": "boolean"}),
    (wtforms.IntegerField, {"type": "integer"}),
    (wtforms.DecimalField, {"type": "string", "format": "decimal"}),
    (wtforms.DateField, {"type": "string", "format": "date"}),
    (ListField, {"type": "array", "items": {"type": "string"}}),
)


def _values(field: Any) -> list[str]:
    return [choice.value for choice in field.choices]


def _property(field: Any) -> dict[str, Any]:
    """A form field as JSON Schema; amounts are text, so that no paisa is lost to binary fractions."""
    shown: dict[str, Any] = {"title": str(field.label.text)}
    shown |= next((kind for sort, kind in FIELD_KINDS if isinstance(field, sort)), {"type": "string"})
    if isinstance(field, wtforms.SelectMultipleField):
        shown |= {"type": "array", "items": {"type": "string", "enum": _values(field)}}
    elif isinstance(field, wtforms.SelectField) and field.choices:
        shown["enum"] = _values(field)
    for rule in field.validators:
        if isinstance(rule, validators.Length) and rule.max > 0:
            shown["maxLength"] = rule.max
    if field.description:
        shown["description"] = str(field.description)
    return shown


def _read_from_records(form: type[Form], name: str) -> bool:
    """Whether the choices are read from the database, such as officers: this document is public and names nobody."""
    return callable(getattr(getattr(form, name, None), "kwargs", {}).get("choices"))


def _schema(form: type[Form]) -> dict[str, Any]:
    fields = form()._fields
    needed = [n for n, f in fields.items() if f.flags.required]
    shown = {n: _property(f) for n, f in fields.items()}
    for name in filter(partial(_read_from_records, form), fields):
        shown[name].pop("enum", None)
    shape: dict[str, Any] = {"type": "object", "properties": shown}
    return shape | ({"required": needed} if needed else {})


def _body(operation: Operation) -> dict[str, Any]:
    if not operation.form and not operation.file:
        return {}
    schema: dict[str, Any] = _schema(operation.form) if operation.form else {"type": "object", "properties": {}}
    kind = "application/json"
    if operation.file:
        kind = MULTIPART
        schema["properties"][operation.file] = {"type": "string", "format": "binary"}
        schema["required"] = [*schema.get("required", []), operation.file]
    return {"requestBody": {"required": operation.load is None, "content": {kind: {"schema": schema}}}}


KINDS = {int: {"type": "integer"}, bool: {"type": "boolean"}}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": _path_kind(kind)}
        for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", operation.path)
    ]
    if operation.method == "GET":
        for name, kind in options_of(operation).items():
            found.append({"name": name, "in": "query", "schema": KINDS.get(kind, {"type": "string"})})
    if operation.load:
        found.append({"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}})
    if operation.method == "POST" and not operation.secret:
        found.append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200}})
    return found


def _path_kind(kind: str) -> dict[str, Any]:
    return {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer"}}.get(kind, {"type": "string"})


def _describe(module: str, operation: Operation) -> dict[str, Any]:
    use_case = operation.use_case
    act = DOORS.get(f"{use_case.__module__}.{use_case.__qualname__}", f"{module}.read")
    lines = (use_case.__doc__ or "").strip().split("\n", 1)
    refusals = dict(REFUSALS)
    if operation.load:
        refusals |= {"412": "Changed since you read it", "428": "If-Match is missing"}
    return {
        "operationId": f"{module}_{operation.method.lower()}_{use_case.__name__}",
        "summary": lines[0],
        "description": " ".join(lines[1].split()) if len(lines) > 1 else "",
        "tags": [module.replace("_", "-")],
        "x-module": module.replace("_", "-"),
        "x-access": "read" if act.endswith(".read") else "write",
        "x-act": act,
        "parameters": _parameters(operation),
        **_body(operation),
        "responses": {
            str(operation.status or "2XX"): {"description": "Done", "content": {"application/hal+json": {}}},
            **{
                code: {"description": text, "$ref": "#/components/responses/Problem"} for code, text in refusals.items()
            },
        },
    }


PAIR = {"username": {"type": "string"}, "password": {"type": "string"}, "otp": {"type": "string"}}
GIVEN = {
    "access_token": {"type": "string"},
    "token_type": {"type": "string"},
    "expires_in": {"type": "integer"},
}
TOKENS = "RS256 bearer token; the refresh token is set as a cookie that only /api/v1/auth sees"


def _auth(name: str, summary: str, status: str, description: str) -> dict[str, Any]:
    """One of the three addresses of tokens, which are no use cases of a module."""
    answer = {"description": description}
    if status == "200":
        answer |= {"content": {"application/json": {"schema": {"type": "object", "properties": GIVEN}}}}  # type: ignore[dict-item]
    refused = {code: {"$ref": "#/components/responses/Problem"} for code in ("401", "422", "429")}
    return {
        "post": {
            "operationId": f"auth_post_{name}",
            "summary": summary,
            "tags": ["auth"],
            "security": [],
            "x-module": "auth",
            "x-access": "read",
            "responses": {status: answer, **refused},
        }
    }


def _of_tokens() -> dict[str, dict[str, Any]]:
    summary = "An access token of 15 minutes for a user name, a password and, with a second factor, a code."
    token = _auth("token", summary, "200", TOKENS)
    schema = {"type": "object", "properties": PAIR, "required": ["username", "password"]}
    token["post"]["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {
        "/api/v1/auth/token": token,
        "/api/v1/auth/refresh": _auth("refresh", "New tokens for the refresh token of the cookie.", "200", TOKENS),
        "/api/v1/auth/revoke": _auth("revoke", "End the session of the cookie or of the access token.", "204", "Ended"),
    }


def specification() -> dict[str, Any]:
    """The whole document."""
    paths = _of_tokens()
    for module, table in TABLES.items():
        for operation in table:
            path = re.sub(r"<(?:[a-z]+:)?(\w+)>", r"{\1}", operation.path)
            place = f"/api/v1/{module.replace('_', '-')}{path}"
            paths.setdefault(place, {})[operation.method.lower()] = _describe(module, operation)
    fault = {"type": "object", "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}}}
    fields = {name: {"type": "string"} for name in ("type", "title", "detail")}
    problem = {
        "type": "object",
        "properties": {**fields, "status": {"type": "integer"}, "errors": {"type": "array", "items": fault}},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stage 2 portal",
            "version": "1",
            "description": "DPR and approvals: the same use cases as the pages.",
        },
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {"Problem": problem},
            "responses": {
                "Problem": {
                    "description": "A refusal (RFC 9457)",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            },
        },
    }


@bp.get("/openapi.json")
def document() -> ResponseReturnValue:
    """For machines."""
    return jsonify(specification())


@bp.get("/")
def reference() -> ResponseReturnValue:
    """For people."""
    return render_template("reference.html", spec=specification())
