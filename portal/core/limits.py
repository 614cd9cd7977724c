"""How often: a moving window in Redis, shared by all web processes; a local one while Redis is away."""

from flask import g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address


def who() -> str:
    """An officer counts as one wherever they sit; strangers count by address."""
    actor = getattr(g, "actor", None)
    return str(actor.id) if actor else get_remote_address()


limiter = Limiter(
    who,
    strategy="moving-window",
    headers_enabled=True,
    in_memory_fallback_enabled=True,
    key_prefix="limit",
    default_limits=[lambda: "1000/minute"],
    default_limits_exempt_when=lambda: not request.path.startswith("/api/"),
)


def storage_url(redis_url: str) -> str:
    """The address of Redis as the limits library spells it."""
    return redis_url.replace("unix://", "redis+unix://", 1) if redis_url.startswith("unix://") else redis_url
