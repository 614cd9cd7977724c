"""Idempotency-Key: the same POST sent twice acts once and is answered the same (IETF draft idempotency-key-header)."""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, request
from sqlalchemy import LargeBinary, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, db, transaction
from portal.core.i18n import _
from portal.core.problem import problem

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


def once(actor_id: uuid.UUID, act: Callable[[], Response]) -> Response:
    """Run `act`, or give back what it answered the first time. 422 for a key used with another request."""
    key = request.headers["Idempotency-Key"][:200]
    seen = hashlib.sha256(f"{request.method} {request.full_path}\n".encode() + _fingerprint()).hexdigest()
    try:
        with transaction(actor_id):
            first = insert(IdempotencyKey).values(
                id=uuid.uuid4(), actor_id=actor_id, key=key, request_hash=seen, status=0, headers="", body=b""
            )
            if db.session.execute(first.on_conflict_do_nothing().returning(IdempotencyKey.id)).first() is None:
                return _replay(actor_id, key, seen)
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
    """The body; of an upload its parts by name and size, for it was streamed to disk already."""
    if request.files:
        parts: list[Any] = [(name, file.filename) for name, file in request.files.items(multi=True)]
        return repr((sorted(request.form.items(multi=True)), parts)).encode()
    return request.get_data(cache=True)


def _row(actor_id: uuid.UUID, key: str) -> IdempotencyKey:
    found = select(IdempotencyKey).where(IdempotencyKey.actor_id == actor_id, IdempotencyKey.key == key)
    return db.session.scalars(found).one()


def _replay(actor_id: uuid.UUID, key: str, seen: str) -> Response:
    row = _row(actor_id, key)
    if row.request_hash != seen:
        return problem(422, _("This Idempotency-Key was used for another request."))
    answer = Response(row.body, status=row.status)
    for line in row.headers.splitlines():
        name, _colon, value = line.partition(": ")
        answer.headers[name] = value
    answer.headers["Idempotency-Replayed"] = "true"
    return answer
