"""Sections, builds and versions as JSON, under /api/v1/doc-assembly."""

from typing import Any
from uuid import UUID

from flask import Response, g

from portal.core.access import About, Actor
from portal.core.api import Operation, api_blueprint
from portal.core.http import send
from portal.doc_assembly import commands, queries
from portal.doc_assembly.commands.copies import PDF, _hand_out
from portal.doc_assembly.forms import SectionForm

BASE = "/api/v1/doc-assembly"
BUILD = (
    *("id", "project_id", "kind", "label", "status", "attempt", "percent", "step", "item", "counts", "eta_low"),
    *("eta_high", "warnings", "error_code", "error_text", "error_unit", "version_id", "frozen_at", "started_at"),
    *("finished_at", "version", "created_at"),
)
VERSION = (
    *("id", "project_id", "label", "kind", "number", "title", "content_hash", "input_hash", "template_version"),
    *("engine_version", "say_amount", "pages", "bytes", "sha256", "warnings", "build_id", "frozen_at", "created_at"),
)
PRICES = ("say_amount",)  # of a version, and closed to those who get a copy of it
PART = ("position", "volume", "path", "mimetype", "pages", "bytes", "sha256")


def _facts(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def show_build(row: Any) -> dict[str, Any]:
    """A build with what can be done with it."""
    own = f"{BASE}/builds/{row.id}"
    links = {"self": {"href": own}, "project": {"href": f"/api/v1/projects/{row.project_id}"}}
    if row.active:
        links["cancel"] = {"href": f"{own}/cancel"}
    if row.version_id:
        links["version"] = {"href": f"{BASE}/versions/{row.version_id}"}
    return {**_facts(row, BUILD), "_links": links}


def show_version(row: Any) -> dict[str, Any]:
    """A version with the address of its report."""
    own = f"{BASE}/versions/{row.id}"
    links = {
        "self": {"href": own},
        "project": {"href": f"/api/v1/projects/{row.project_id}"},
        "build": {"href": f"{BASE}/builds/{row.build_id}"},
        "file": {"href": f"{own}/files/1"},
        "moved": {"href": f"{own}/moved"},
    }
    seen = g.actor.can("doc_assembly.read", About(project=row.project_id, restricted=True))
    closed = () if seen else PRICES
    return {name: value for name, value in _facts(row, VERSION).items() if name not in closed} | {"_links": links}


def show_whole_version(row: Any) -> dict[str, Any]:
    """A version with its files and sources; `whole` where the reader gets the report as it is, not a marked copy."""
    whole = queries.sees_everything(g.actor, row.project_id)
    files = [
        {**_facts(part, PART), "_links": {"file": {"href": f"{BASE}/versions/{row.id}/files/{part.position}"}}}
        for part in row.parts
        if whole or part.mimetype == PDF
    ]
    sources = [_facts(source, ("module", "record_id", "record_version", "title")) for source in row.sources]
    return {**show_version(row), "whole": whole, "parts": files, "sources": sources}


def show_section(row: Any) -> dict[str, Any]:
    """A section's text and state."""
    own = f"{BASE}/of/{row.project_id}/sections/{row.code}"
    facts = _facts(row, ("project_id", "code", "state", "text", "text_te", "revision", "version", "updated_at"))
    return {**facts, "_links": {"self": {"href": own}}}


def show_offered(row: Any) -> dict[str, Any]:
    """A section of the template and how far it is."""
    facts = {"code": row.section.code, "title": row.section.title, "need": row.need, "state": row.state}
    return facts | {"closed": row.closed}


def file_of(actor: Actor, version_id: UUID, position: int) -> Response:
    """A file of a version, or the reader's own copy of it; ranges work."""
    return send(*_hand_out(actor, version_id, position))


SECTION = "/of/<uuid:project_id>/sections/<code>"
OPERATIONS = [
    Operation("GET", "/builds", queries.recent_builds),
    Operation("GET", "/of/<uuid:project_id>/builds", queries.list_builds),
    Operation("POST", "/of/<uuid:project_id>/builds", commands.request_build, status=202),
    Operation("POST", "/of/<uuid:project_id>/builds/anew", commands.request_fresh_build, status=202),
    Operation("GET", "/builds/<uuid:build_id>", queries.get_build),
    Operation("POST", "/builds/<uuid:build_id>/cancel", commands.cancel_build, status=202),
    Operation("POST", "/builds/<uuid:build_id>/retry", commands.retry_build, status=202),
    Operation("GET", "/of/<uuid:project_id>/sections", queries.page_sections, shows=show_offered),
    Operation("GET", SECTION, queries.get_section, shows=show_section),
    Operation("PATCH", SECTION, commands.write_section, SectionForm, load=queries.get_section, shows=show_section),
    Operation("GET", "/of/<uuid:project_id>/versions", queries.list_versions, shows=show_version),
    Operation("GET", "/versions/<uuid:version_id>", queries.get_version, shows=show_whole_version),
    Operation("GET", "/versions/<uuid:version_id>/moved", queries.page_moved, shows=lambda row: row._asdict()),
    Operation("GET", "/versions/<uuid:version_id>/files/<int:position>", file_of, raw=True),
]
bp = api_blueprint("doc_assembly", show_build, OPERATIONS)
