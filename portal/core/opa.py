"""The policy for an Open Policy Agent server: the bundle it loads, the question it is asked, the answers it gave.

With OPA_URL set every decision is the server's (Data API: POST /v1/data/portal/decision). A verdict is kept in Redis
beside the card of the officer, an hour at most and not past midnight, and dropped with the card. Where the server does
not answer and nothing is kept, nothing is allowed.
"""

import datetime as dt
import gzip
import hashlib
import io
import json
import logging
import tarfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import urllib3
from flask import Flask
from redis.exceptions import RedisError

from portal.core import cards, http
from portal.core.access import NOTHING, POLICY, About, Actor, Decision, Instrument, whole_paise
from portal.core.calendar import today
from portal.core.errors import PolicyAway
from portal.core.i18n import _
from portal.core.redis import connection

REGO = Path(__file__).with_name("policy.rego").read_text()
REVISION = hashlib.sha256(json.dumps(POLICY, sort_keys=True).encode() + REGO.encode()).hexdigest()
KEEP = """
if (redis.call('GET', KEYS[2]) or '0') == ARGV[3] then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
end
"""
RETRY = urllib3.Retry(total=2, redirect=0, backoff_factor=0.05, allowed_methods=None)
TIMEOUT = urllib3.Timeout(connect=1, read=2)
log = logging.getLogger("portal.opa")


class Verdict(msgspec.Struct, frozen=True):
    """What the server answered, and by which revision of the policy."""

    allow: bool
    why: str
    instrument: str = ""
    revision: str = ""

    @property
    def decision(self) -> Decision:
        """The same as portal.core.access says it."""
        return Decision(self.allow, self.why, self.instrument)


class _Answer(msgspec.Struct, frozen=True):
    result: Verdict


_ANSWER = msgspec.json.Decoder(_Answer)
_VERDICT = msgspec.json.Decoder(Verdict)


def data() -> dict[str, Any]:
    """The document the rules read: policy.toml, and the hash of policy and rules."""
    return {"policy": {**POLICY, "revision": REVISION}}


def bundle() -> bytes:
    """A bundle for the server, the same bytes for the same policy (OPA documentation, Bundle File Format)."""
    manifest = {"revision": REVISION, "roots": ["portal", "policy"], "rego_version": 1}
    parts = {".manifest": json.dumps(manifest), "data.json": json.dumps(data(), indent=1), "policy.rego": REGO}
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as out, tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in parts.items():
            content = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def question(actor: Actor, act: str, about: About = NOTHING, on: dt.date | None = None) -> dict[str, Any]:
    """What decide() is handed, as JSON: amounts in whole paise, days as ISO 8601."""
    return {
        "role": actor.role,
        "act": act,
        "on": (on or today()).isoformat(),
        "projects": sorted(map(str, actor.projects)),
        "circles": sorted(actor.circles),
        "divisions": sorted(actor.divisions),
        "scopes": None if actor.scopes is None else sorted(actor.scopes),
        "instruments": [_lent(one) for one in actor.instruments],
        "about": {
            "project": str(about.project) if about.project else None,
            "circle": about.circle,
            "division": about.division,
            "amount": None if about.amount is None else _paise(about.amount),
            "project_class": about.project_class,
            "restricted": about.restricted,
            "done": sorted(about.done),
        },
    }


def _lent(one: Instrument) -> dict[str, Any]:
    return {
        "number": one.number,
        "charge": one.charge,
        "floor": _paise(one.floor),
        "ceiling": _paise(one.ceiling),
        "classes": sorted(one.classes),
        "circles": sorted(one.circles),
        "starts": one.starts.isoformat(),
        "ends": one.ends.isoformat() if one.ends else None,
    }


def _paise(amount: Decimal) -> int:
    return int(whole_paise(amount) * 100)


class PolicyServer:
    """The server at an address, asked once for each question while its verdict is kept."""

    def __init__(self, url: str) -> None:
        self.url = f"{url.rstrip('/')}/v1/data/portal/decision"
        self.pool = urllib3.PoolManager(maxsize=20, retries=RETRY, timeout=TIMEOUT)

    def decide(self, actor: Actor, act: str, about: About = NOTHING) -> Decision:
        """The kept verdict, else the server's. Raises PolicyAway where there is neither."""
        asked = msgspec.json.encode({"input": question(actor, act, about)})
        field = f"{REVISION[:16]}:{hashlib.sha256(asked).hexdigest()}"
        kept, generation = self._kept(actor, field)
        if kept is not None:
            return kept.decision
        found = self._ask(asked)
        if found.revision == REVISION:
            if generation is not None:
                _keep(actor, field, found, generation)
        else:  # the server's word counts; nothing is kept of another policy than the one at hand
            log.warning("the policy server decides by revision %.16s, the portal is at %.16s", found.revision, REVISION)
            cards.forget_verdicts(actor.id)
        return found.decision

    def _kept(self, actor: Actor, field: str) -> tuple[Verdict | None, bytes | None]:
        try:
            with connection().pipeline(transaction=False) as line:
                line.hget(f"verdicts:{actor.id}", field)
                line.get(f"card-generation:{actor.id}")
                kept, generation = line.execute()
        except RedisError as lost:
            log.warning("verdicts are asked for anew: %s", lost)
            return None, None
        return (_VERDICT.decode(kept) if kept else None), generation or b"0"

    def _ask(self, asked: bytes) -> Verdict:
        try:
            answer = self.pool.request("POST", self.url, body=asked, headers={"Content-Type": "application/json"})
            if answer.status == 200:
                return _ANSWER.decode(answer.data).result
            log.error("the policy server answered %s: %.200s", answer.status, answer.data)
        except (urllib3.exceptions.HTTPError, msgspec.MsgspecError) as lost:
            log.error("the policy server gave no answer: %s", lost)
        raise PolicyAway(_("Rights cannot be checked at this moment, so nothing is shown and nothing was changed."))


def _keep(actor: Actor, field: str, verdict: Verdict, generation: bytes) -> None:
    keys = [f"verdicts:{actor.id}", f"card-generation:{actor.id}"]
    try:
        connection().eval(KEEP, 2, *keys, field, msgspec.json.encode(verdict), generation, cards.life_s())
    except RedisError as lost:
        log.warning("a verdict was not kept: %s", lost)


def init_app(app: Flask) -> None:
    """Ask the server where one is set; its silence is answered 503."""
    app.register_error_handler(PolicyAway, http.answer_outage)
    if app.config["OPA_URL"]:
        app.extensions["opa"] = PolicyServer(app.config["OPA_URL"])
