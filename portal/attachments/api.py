"""Attachments as JSON, under /api/v1/attachments."""

from typing import Any
from uuid import UUID

from flask import Response

from portal.attachments import commands, queries
from portal.attachments.forms import AttachmentForm
from portal.core.access import Actor
from portal.core.api import Operation, api_blueprint
from portal.core.audit import witness
from portal.core.http import send

SHOWN = ("id", "project_id", "title", "number", "kind", "dated", "filename", "mimetype", "sha256", "bytes", "pages")


def shown(row: Any) -> dict[str, Any]:
    """An attachment with links to its file and its project."""
    own = f"/api/v1/attachments/{row.id}"
    links = {"file": {"href": f"{own}/file"}, "project": {"href": f"/api/v1/projects/{row.project_id}"}}
    facts = {name: getattr(row, name) for name in (*SHOWN, "page_sizes", "repaired", "status", "version", "created_at")}
    return {**facts, "_links": links}


def file_of(actor: Actor, attachment_id: UUID) -> Response:
    """The untouched file; ranges work."""
    row = queries.get_attachment(actor, attachment_id)
    witness("attachments.read", "read", actor=actor, subjects=[row.id])
    return send(row.sha256, row.filename, row.mimetype)


OPERATIONS = [
    Operation("GET", "/of/<uuid:project_id>", queries.page_attachments),
    Operation("POST", "/of/<uuid:project_id>", commands.add_attachment, AttachmentForm, file="file"),
    Operation("GET", "/<uuid:attachment_id>", queries.get_attachment),
    Operation("PATCH", "/<uuid:attachment_id>", commands.edit_attachment, AttachmentForm, load=queries.get_attachment),
    Operation("POST", "/<uuid:attachment_id>/withdraw", commands.withdraw_attachment, status=200),
    Operation("GET", "/<uuid:attachment_id>/file", file_of, raw=True),
]
bp = api_blueprint("attachments", shown, OPERATIONS)
