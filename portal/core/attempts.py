"""Guessing gets slow: after a few wrong tries each further one has to wait, twice as long each time.

Counted in Redis by name and network together, and by the name alone with more patience, so that a guesser elsewhere
does not keep the officer out. A name that does not exist is counted like any other. A try counts as failed until it
has succeeded: a hundred at the same moment are no way around the delay (NIST SP 800-63B, 5.2.2).
"""

import hashlib
import ipaddress
import logging
import math
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from portal.core.errors import TooMany
from portal.core.i18n import _
from portal.core.origin import ORIGIN
from portal.core.redis import connection

FREE, FREE_ANYWHERE = 3, 20
LONGEST_S = 15 * 60
KEPT_S = 3600
SAID_S = 60
BEGIN = """
local clock = redis.call('TIME')
local now, wait = clock[1] * 1000 + math.floor(clock[2] / 1000), 0
for _, key in ipairs(KEYS) do
  wait = math.max(wait, tonumber(redis.call('HGET', key, 'until') or '0') - now)
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  local over = redis.call('HINCRBY', key, 'failed', 1) - tonumber(ARGV[i + 2])
  if over >= 0 then
    redis.call('HSET', key, 'until', now + math.min(tonumber(ARGV[1]), 2 ^ math.min(over + 1, 30)) * 1000)
  end
  redis.call('EXPIRE', key, ARGV[2])
end
return 0
"""
GIVE_BACK = """
redis.call('DEL', KEYS[1])
if redis.call('HINCRBY', KEYS[2], 'failed', -1) <= 0 then redis.call('DEL', KEYS[2])
else redis.call('HDEL', KEYS[2], 'until') end
"""
log = logging.getLogger("portal.attempts")


class TooManyTries(TooMany):
    """Guessing, or somebody who looks like it; the same words for every name."""

    title = "Too many tries"

    def __init__(self, seconds: int) -> None:
        super().__init__(_("Too many tries went wrong. %(when)s", when=try_again(seconds)), retry_after=seconds)


@dataclass(frozen=True)
class Attempt:
    """One try that counts as failed until it is told to have succeeded."""

    pair: str
    name: str

    def succeeded(self) -> None:
        """Forget the failures of this name from this network; those from elsewhere stay."""
        try:
            connection().eval(GIVE_BACK, 2, self.pair, self.name)
        except RedisError as lost:
            log.warning("a success was not told: %s", lost)


def delay_after(failures: int, free: int = FREE) -> int:
    """The seconds to wait after so many failures: none below `free`, then 2, 4, 8 … up to fifteen minutes."""
    return 0 if failures < free else min(LONGEST_S, 2 ** min(failures - free + 1, 30))


def try_again(seconds: int) -> Any:
    """When to try again, in words."""
    if seconds < 2:
        return _("Try again in a moment.")
    if seconds < 60:
        return _("Try again in %(seconds)s seconds.", seconds=seconds)
    if seconds == 60:
        return _("Try again in a minute.")
    return _("Try again in %(minutes)s minutes.", minutes=math.ceil(seconds / 60))


def network_of(address: str) -> str:
    """The network an address counts with: /24, or /48 with IPv6, where one customer holds a whole /64."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "nowhere"
    known = getattr(known, "ipv4_mapped", None) or known
    return str(ipaddress.ip_network((known, 24 if known.version == 4 else 48), strict=False))


def begin(kind: str, name: str) -> Attempt:
    """Count one try of `name`. Raises TooMany, with the seconds to wait, while tries are delayed.

    While Redis is away tries are not delayed: the limit by address, which then counts in the process, still holds.
    """
    known = hashlib.sha256(name.strip().lower().encode()).hexdigest()
    attempt = Attempt(f"tries:{kind}:{known}:{network_of(ORIGIN.get().address)}", f"tries:{kind}:{known}")
    try:
        wait_ms = connection().eval(BEGIN, 2, attempt.pair, attempt.name, LONGEST_S, KEPT_S, FREE, FREE_ANYWHERE)
    except RedisError as lost:
        log.warning("a try was not counted: %s", lost)
        return attempt
    if wait_ms:
        raise TooManyTries(math.ceil(int(wait_ms) / 1000))
    return attempt


def first_time(*what: str) -> bool:
    """Whether this address did not do the same within a minute: nobody fills the record. True while Redis is away."""
    mark = hashlib.sha256("\0".join([ORIGIN.get().address, *what]).encode()).hexdigest()
    try:
        return bool(connection().set(f"refused:{mark}", "", nx=True, ex=SAID_S))
    except RedisError:
        return True
