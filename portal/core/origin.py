"""From where a use case was called: put into every audit record and log line."""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Origin:
    """`door` is web, api, job or cli; `address` the peer's network address and `device` its User-Agent, if any."""

    door: str = "job"
    address: str = ""
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    device: str = ""


ORIGIN: ContextVar[Origin] = ContextVar("origin", default=Origin(request_id=""))  # noqa: B039 frozen, so shared safely
