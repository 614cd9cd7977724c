"""How often: a moving window in Redis, shared by all web processes; a local one while Redis is away.

Answers carry `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers): the policy by name with quota
and window in seconds, and what is left of the one that is nearest to its end. `Retry-After` comes with a refusal only.
"""

import logging
import math
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter, RequestLimit
from flask_limiter.util import get_remote_address
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from werkzeug.datastructures import Headers
from werkzeug.middleware.proxy_fix import ProxyFix

STORAGE_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 2, "retry": Retry(NoBackoff(), 1)}
FREE = ("static", "health.alive", "health.ready")
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"


def who() -> str:
    """An officer counts as one wherever they sit; strangers count by address."""
    actor = getattr(g, "actor", None)
    return str(actor.id) if actor else get_remote_address()


def allowed() -> str:
    """The quota of whoever asks, over all pages and the API together."""
    known = getattr(g, "actor", None) is not None
    quota = current_app.config["USER_REQUESTS" if known else "STRANGER_REQUESTS"]
    return f"{quota}/minute"


def tries() -> str:
    """How often one address may try to sign in."""
    return f"{current_app.config['SIGN_IN_TRIES']}/minute"


limiter = Limiter(
    who,
    strategy="moving-window",
    in_memory_fallback_enabled=True,
    key_prefix="limit",
    request_identifier=lambda: request.endpoint or "nowhere",
    application_limits=[allowed],
    application_limits_exempt_when=lambda: request.endpoint in FREE,
)


limiter.logger = logging.getLogger("portal.limits")  # says once that Redis is away, and that it is back


def tell(answer: Response) -> Response:
    """The two header fields, from the limits this request was measured by; none when Redis went away meanwhile."""
    with suppress(RedisError):
        _describe(answer.headers, {one.key: one for one in (*g.get("measured", ()), *limiter.current_limits)}.values())
    return answer


def _describe(headers: Headers, measured: Collection[RequestLimit]) -> None:
    if not measured:
        return
    policies = {_name(one): one for one in measured}
    nearest = min(policies, key=lambda name: policies[name].remaining / policies[name].limit.amount)
    quotas = [f'"{name}";q={one.limit.amount};w={one.limit.get_expiry()}' for name, one in policies.items()]
    headers["RateLimit-Policy"] = ", ".join(quotas)
    headers["RateLimit"] = f'"{nearest}";r={policies[nearest].remaining};t={_seconds(policies[nearest])}'


def seconds_to_wait() -> int:
    """How long whoever was refused has to wait until the next request is taken."""
    measured = [one for one in limiter.current_limits if one.breached]
    return max((_seconds(one) for one in measured), default=60)


def exceeded() -> dict[str, Any]:
    """Members of the problem: its type, and the names of the quotas that are used up."""
    return {"type": QUOTA_EXCEEDED, "violated-policies": [_name(one) for one in limiter.current_limits if one.breached]}


def _name(limit: RequestLimit) -> str:
    if not limit.shared:
        return "tries"
    return "officer" if getattr(g, "actor", None) else "stranger"


def _seconds(limit: RequestLimit) -> int:
    return max(1, math.ceil(limit.window.reset_time - time.time()))


def _remember() -> None:
    """The limit of all addresses, before that of the one asked for takes its place."""
    g.measured = list(limiter.current_limits)


def init_app(app: Flask) -> None:
    """Count before the form of a request is read, and tell after it."""
    if proxies := app.config["PROXIES"]:  # so many in front are believed when they say who asks; nobody else is
        trusted = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)
        app.wsgi_app = trusted  # type: ignore[method-assign]
    limiter.init_app(app)
    app.before_request(_remember)
    app.after_request(tell)


def storage_url(redis_url: str) -> str:
    """The address of Redis as the limits library spells it."""
    return redis_url.replace("unix://", "redis+unix://", 1) if redis_url.startswith("unix://") else redis_url
