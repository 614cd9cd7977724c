"""Is the portal up? /healthz says the process lives, /readyz that the database, its schema and Redis answer."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.core.db import db
from portal.core.redis import connection

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 when officers can work, else 503 with the part that is missing."""
    found = {}
    try:
        db.session.execute(text("SELECT 1 FROM officer LIMIT 1"))
        found["database"] = "ok"
    except SQLAlchemyError as error:
        found["database"] = type(error).__name__
    try:
        connection().ping()
        found["redis"] = "ok"
    except RedisError as error:
        found["redis"] = type(error).__name__
    ok = set(found.values()) == {"ok"}
    return jsonify(status="ok" if ok else "waiting", **found), 200 if ok else 503
