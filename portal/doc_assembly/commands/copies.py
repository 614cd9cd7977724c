"""Handing out the files of a version: whole, or as a marked copy without the volumes that are closed to the reader.

The stored report stays as it is (doc-assembly, section 10). Every file handed out is on record, each time.
"""

import datetime as dt
import json
import os
import tempfile
from functools import partial
from pathlib import Path, PurePath
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from portal.core import audit, sandbox, storage
from portal.core.access import SYSTEM, Actor, require
from portal.core.calendar import IST
from portal.core.db import after_commit, db, now, transaction
from portal.core.origin import ORIGIN
from portal.core.registry import supplies
from portal.doc_assembly.models import DprCopy, DprVersion, VersionPart
from portal.doc_assembly.queries import get_part, get_version, sees_everything
from portal.doc_assembly.queries.versions import _closed
from portal.doc_assembly.rules.desk import Imprinted
from portal.doc_assembly.rules.frozen import thaw
from portal.doc_assembly.rules.template import RESTRICTED
from portal.doc_assembly.rules.unpriced import without_prices

MAKE = "portal.core.pdf.excerpt:excerpt"
KEPT = dt.timedelta(hours=1)
PDF, JSON = "application/pdf", "application/json"


class Handed(NamedTuple):
    """A file of the store as it is handed out."""

    sha256: str
    name: str
    mimetype: str


def _hand_out(actor: Actor, version_id: UUID, position: int) -> Handed:
    """A file of a version, as this officer may have it. Raises NotFound, also for a closed listing."""
    version, part = get_version(actor, version_id), get_part(actor, version_id, position)
    if sees_everything(actor, version.project_id):
        handed, why = Handed(part.sha256, part.path, part.mimetype), ""
    else:
        if part.mimetype != PDF:  # the manifest names what is in every volume
            require(actor, "doc_assembly.read", _closed(actor, version.project_id))
        handed, why = _copy(actor, version, part), f"copy without {', '.join(sorted(RESTRICTED))}"
    audit.witness("doc_assembly.read", "read", actor=actor, why=why, subjects=[version_id, part.id])
    return handed


def _copy(actor: Actor, version: DprVersion, part: VersionPart) -> Handed:
    """The copy made for this officer at this address within the hour, or a new one."""
    name, address = PurePath(part.path), ORIGIN.get().address
    found = select(DprCopy.sha256).where(DprCopy.version_id == version.id, DprCopy.officer_id == actor.id)
    found = found.where(DprCopy.address == address, DprCopy.made_at > now() - KEPT / 2)  # the other half is for reading
    sha256 = db.session.scalar(found.order_by(DprCopy.made_at.desc()).limit(1))
    return Handed(sha256 or _made(actor, version, part, address), f"{name.stem}-copy{name.suffix}", PDF)


def _made(actor: Actor, version: DprVersion, part: VersionPart, address: str) -> str:
    made_at, version_id = now(), version.id
    printed = Imprinted(thaw(storage.read(version.frozen_sha256)), version.label, version.kind)
    order = {
        "drop": _closed_pages(version),
        "swap": without_prices(printed),
        "words": [actor.name or actor.role, f"{made_at.astimezone(IST):%d-%m-%Y %H:%M} IST · {address or '–'}"],
    }
    sha256 = part.sha256
    db.session.rollback()  # hold no connection while another process works
    kept = _carried_out(order, sha256)
    with transaction(actor.id):
        row = DprCopy(version_id=version_id, officer_id=actor.id, address=address, made_at=made_at, sha256=kept)
        db.session.add(row)
    return kept


def _carried_out(order: dict[str, object], sha256: str) -> str:
    """The copy in the store, made in a process of its own; until it is sealed it has no name on the disk."""
    disk = storage.store().root / "incoming"
    with (
        storage.opened(sha256) as source,
        tempfile.TemporaryFile(dir=disk) as target,
        tempfile.NamedTemporaryFile("w", dir=disk) as told,
    ):
        place = Path(f"/proc/{os.getpid()}/fd/{target.fileno()}")
        json.dump(order | {"source": str(source), "target": str(place)}, told)
        told.flush()
        if "pages" not in sandbox.look(MAKE, Path(told.name)):
            raise RuntimeError("a copy of a report took too much time or memory")
        return storage.put(place)


def _closed_pages(version: DprVersion) -> list[tuple[int, int]]:
    """First page, from 0, and number of pages of each closed volume, as the manifest of the version has them."""
    listing = next(part for part in version.parts if part.mimetype == JSON)
    volumes = json.loads(storage.read(listing.sha256))["volumes"]
    return [(one["first"] - 1, one["pages"]) for one in volumes if one["volume"] in RESTRICTED]


@supplies("schedule.tick")
def _sweep_copies() -> None:
    """Copies older than an hour are taken out of the store again; that they were made stays on record."""
    over = db.session.scalars(select(DprCopy).where(DprCopy.made_at < now() - KEPT).limit(100)).all()
    if not over:
        return
    with transaction(SYSTEM.id):
        for row in over:
            db.session.delete(row)
            after_commit(partial(storage.remove, row.sha256))
