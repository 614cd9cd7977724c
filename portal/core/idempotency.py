"""Idempotency-Key: the same POST sent twice acts once and is answered the same (IETF draft idempotency-key-header)."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable

from flask import Response, request
from sqlalchemy import LargeBinary, UniqueConstraint, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.access import Actor
from portal.core.db import Base, db, now, transaction
from portal.core.errors import NotFound
from portal.core.i18n import _
from portal.core.problem import problem

KEEP = dt.timedelta(hours=24)
KEPT = ("Content-Type", "Location", "ETag")


class IdempotencyKey(Base):
    """One answered request of one officer; written in the transaction of what it did."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("actor_id", "key"),)
    actor_id: Mapped[uuid.UUID]
    key: Mapped[str]
    request_hash: Mapped[str]
    status: Mapped[int]
    headers: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)


class _Refused(Exception):
    """Carries a refusal out of the transaction, which is rolled back with it."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


def once(actor: Actor, act: Callable[[], Response]) -> Response:
    """Run `act`, or give back what it answered the first time, for a day. 422 for a key used with another request.

    An answer about a project the actor no longer reaches is not given again. Raises NotFound.
    """
    actor_id = actor.id
    key = request.headers["Idempotency-Key"][:200]
    seen = hashlib.sha256(f"{request.method} {request.full_path}\n".encode() + _fingerprint()).hexdigest()
    try:
        with transaction(actor_id):
            old = delete(IdempotencyKey).where(IdempotencyKey.actor_id == actor_id)
            db.session.execute(old.where(IdempotencyKey.created_at < now() - KEEP))
            first = insert(IdempotencyKey).values(
                id=uuid.uuid4(), actor_id=actor_id, key=key, request_hash=seen, status=0, headers="", body=b""
            )
            if db.session.execute(first.on_conflict_do_nothing().returning(IdempotencyKey.id)).first() is None:
                return _replay(actor, key, seen)
            answer = act()
            if answer.status_code >= 400:
                raise _Refused(answer)
            row = _row(actor_id, key)
            row.status, row.body = answer.status_code, answer.get_data()
            row.headers = "\n".join(f"{name}: {answer.headers[name]}" for name in KEPT if name in answer.headers)
            return answer
    except _Refused as refused:
        return refused.answer


def _fingerprint() -> bytes:
    """The body; of an upload its fields and the bytes of its files, which were streamed to disk already."""
    if not request.files:
        return request.get_data(cache=True)
    digest = hashlib.sha256(repr(sorted(request.form.items(multi=True))).encode())
    for name, file in request.files.items(multi=True):
        digest.update(f"{name}/{file.filename}/".encode())
        while piece := file.stream.read(1 << 20):
            digest.update(piece)
        file.stream.seek(0)
    return digest.digest()


def _row(actor_id: uuid.UUID, key: str) -> IdempotencyKey:
    found = select(IdempotencyKey).where(IdempotencyKey.actor_id == actor_id, IdempotencyKey.key == key)
    return db.session.scalars(found).one()


def _still_known(actor: Actor, body: bytes) -> None:
    told = json.loads(body) if body.startswith(b"{") else {}
    project = told.get("project_id")
    if project and not actor.knows(uuid.UUID(project)):
        raise NotFound(_("There is no such record."))


def _replay(actor: Actor, key: str, seen: str) -> Response:
    row = _row(actor.id, key)
    _still_known(actor, row.body)
    if row.request_hash != seen:
        return problem(422, _("This Idempotency-Key was used for another request."))
    answer = Response(row.body, status=row.status)
    for line in row.headers.splitlines():
        name, _colon, value = line.partition(": ")
        answer.headers[name] = value
    answer.headers["Idempotency-Replayed"] = "true"
    return answer
