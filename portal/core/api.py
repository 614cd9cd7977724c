"""The JSON API as tables: each module lists its operations, everything else about HTTP is here, once.

HAL links and embedded items (draft-kelly-json-hal), RFC 9457 problems, ETag with If-Match on edits (RFC 9110: 412,
428), Idempotency-Key on POST, cursor paging.
"""

import hashlib
import inspect
import json
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.datastructures import FileStorage

from portal.core.db import Base
from portal.core.errors import Invalid, Malformed, Stale, WrongType
from portal.core.forms import Form
from portal.core.i18n import _
from portal.core.idempotency import once
from portal.core.problem import problem
from portal.core.represent import Shows, represent
from portal.core.usecases import permit

MULTIPART = "multipart/form-data"


@dataclass(frozen=True)
class Operation:
    """One line of a module's table.

    `form` is the body; `file` the name of an uploaded file, handed to the use case as a FileStorage before the form's
    values; `load` the query that finds what an edit changes (makes If-Match required), and `current` what the form
    reads of it, where that is not the record itself; `shows` overrides how the answer is shown; `status` the status of
    success; `raw` marks use cases that answer a Response themselves; `secret` those whose answer is shown this once:
    nothing of it is kept, so a repeated Idempotency-Key acts again.
    """

    method: str
    path: str
    use_case: Callable[..., Any]
    form: type[Form] | None = None
    file: str = ""
    load: Callable[..., Any] | None = None
    current: Callable[[Any], Any] = lambda record: record
    shows: Shows | None = None
    status: int = 0
    raw: bool = False
    secret: bool = False


TABLES: dict[str, Sequence[Operation]] = {}


def api_blueprint(module: str, shows: Shows, operations: Iterable[Operation]) -> Blueprint:
    """The operations as routes under /api/v1/<module>."""
    table = TABLES[module] = tuple(operations)
    slug = module.replace("_", "-")
    bp = Blueprint(f"{module}_api", module, url_prefix=f"/api/v1/{slug}")
    for operation in table:
        name = f"{operation.method.lower()}_{getattr(operation.use_case, '__name__', 'answer')}"
        own = "" if operation.shows else f"/api/v1/{slug}"  # what is shown otherwise says itself where it is
        view = _view(operation, operation.shows or shows, own)
        bp.add_url_rule(operation.path, name, view, methods=[operation.method])
    return bp


def _view(operation: Operation, shows: Shows, base: str) -> Callable[..., Any]:
    def view(**path: Any) -> Any:
        keyed = operation.method == "POST" and not operation.secret
        if keyed and request.headers.get("Idempotency-Key"):
            permit(operation.use_case, g.actor, *path.values())
            return once(g.actor, lambda: _answer(operation, shows, base, path))
        return _answer(operation, shows, base, path)

    return view


def _answer(operation: Operation, shows: Shows, base: str, path: Mapping[str, Any]) -> Response:
    if operation.load is not None:
        return _edit(operation, shows, base, path)
    if not operation.raw:
        permit(operation.use_case, g.actor, *path.values())
    args: list[Any] = [g.actor, *path.values()]
    if operation.file:
        args.append(_uploaded(operation.file))
    if operation.form is None:
        found = operation.use_case(*args, **_options(operation))
        return found if operation.raw else _shown(found, operation, shows, base)
    form = operation.form(request.form) if operation.file else operation.form.from_json(_json())
    found = form.run(operation.use_case, *args)
    return _refused(form) if form.errors else _shown(found, operation, shows, base)


def _edit(operation: Operation, shows: Shows, base: str, path: Mapping[str, Any]) -> Response:
    """Only the version the caller has seen is changed: 428 without If-Match, 412 when it moved on."""
    assert operation.load is not None
    current = operation.load(g.actor, *path.values())
    seen = request.headers.get("If-Match", "").removeprefix("W/").strip('"')
    if not seen:
        detail = _("Send If-Match with the ETag of the record as you read it.")
        return problem(428, _("Which version do you mean to change?"), detail)
    seen = str(current.version) if seen == "*" else seen
    if not seen.isdigit():
        return _moved_on(Stale(_("This ETag is none of this record's.")), operation, shows, base, path)
    args = [g.actor, *path.values()]
    try:
        if operation.form is None:
            return _shown(operation.use_case(*args, seen=int(seen)), operation, shows, base)
        form = operation.form.from_json(_json(), operation.current(current))
        found = form.run(operation.use_case, *args, seen=int(seen))
        return _refused(form) if form.errors else _shown(found, operation, shows, base)
    except Stale as stale:
        return _moved_on(stale, operation, shows, base, path)


def _moved_on(stale: Stale, operation: Operation, shows: Shows, base: str, path: Mapping[str, Any]) -> Response:
    assert operation.load is not None
    now = operation.load(g.actor, *path.values())
    answer = problem(412, stale.title, str(stale), current=represent(now, shows, base))
    answer.set_etag(str(now.version))
    return answer


def _json() -> Any:
    if not request.is_json:
        raise WrongType(_("Send the body as application/json."))
    body = request.get_json(silent=True)
    if body is None:
        raise Malformed(_("The body is not JSON, or is empty. A comma or a quotation mark may be missing."))
    return body


def _uploaded(name: str) -> FileStorage:
    found = request.files.get(name)
    if found is None or not found.filename:
        raise Invalid(_("Send the file as multipart/form-data, in the part “%(name)s”.", name=name), name)
    return found


def _refused(form: Form) -> Response:
    errors = {name: list(texts) for name, texts in form.errors.items() if name}
    return problem(422, _("Some of it needs another look"), _("See each field."), errors)


def options_of(operation: Operation) -> dict[str, Any]:
    """The query parameters an operation takes: the keyword arguments of its use case, with their types."""
    kinds = typing.get_type_hints(inspect.unwrap(operation.use_case))
    found = inspect.signature(inspect.unwrap(operation.use_case)).parameters.values()
    return {p.name: kinds.get(p.name, str) for p in found if p.kind is p.KEYWORD_ONLY and p.name != "seen"}


def _options(operation: Operation) -> dict[str, Any]:
    if operation.method != "GET":
        return {}
    known, given = options_of(operation), {}
    for name, texts in request.args.lists():
        if name not in known:
            choices = ", ".join(sorted(known)) or "-"
            raise Invalid(_("There is no parameter “%(name)s”. Known: %(known)s.", name=name, known=choices), name)
        given[name] = _typed(name, known[name], texts)
    return given


def _typed(name: str, kind: Any, texts: list[str]) -> Any:
    try:
        if kind is int:
            return int(texts[0])
        if kind is bool:
            return texts[0].lower() in ("1", "true", "yes")
        if typing.get_origin(kind) in (list, tuple, Sequence):
            return [part for text in texts for part in text.split(",") if part]
    except ValueError:
        raise Invalid(_("“%(text)s” is not a number.", text=texts[0]), name) from None
    return texts[0].replace("\x00", "")


def _shown(found: Any, operation: Operation, shows: Shows, base: str) -> Response:
    if found is None:
        return Response(status=204)
    if isinstance(found, tuple):
        return _collection(*found, shows=shows, base=base)
    body = represent(found, shows, base)
    answer = jsonify(body)
    answer.content_type = "application/hal+json"
    answer.status_code = operation.status or (201 if operation.method == "POST" and isinstance(found, Base) else 200)
    if answer.status_code == 201:
        answer.headers["Location"] = body["_links"]["self"]["href"]
    version = getattr(found, "version", None)
    answer.set_etag(str(version) if isinstance(version, int) else _hash(body))
    if operation.method == "GET":
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.make_conditional(request)
    return answer


def _collection(rows: Iterable[Any], cursor: str, *, shows: Shows, base: str) -> Response:
    links = {"self": {"href": request.full_path.rstrip("?")}}
    if cursor:
        query = request.args.to_dict(flat=False) | {"after": [cursor]}
        links["next"] = {"href": f"{request.path}?{_encode(query)}"}
    body = {"_embedded": {"items": [represent(row, shows, base) for row in rows]}, "_links": links}
    answer = jsonify(body)
    answer.content_type = "application/hal+json"
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(_hash(body), weak=True)
    answer.make_conditional(request)
    return answer


def _encode(query: Mapping[str, Sequence[str]]) -> str:
    return urlencode([(name, text) for name, texts in query.items() for text in texts])


def _hash(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()[:32]
