"""Signing in with a password, eight officers at once, against the bare hash of a password on two processes."""

import time
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from multiprocessing import get_context
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, build_opener

from argon2 import PasswordHasher

from bench.report import figure, heading, percentile
from bench.running import portal
from portal.local.trial import PASSWORD, Trial, form_token

WORKERS, SECONDS = 2, 12
OFFICERS = ("ce", "dce", "ee", "ae", "to", "qr", "fa", "admin")


def measure() -> None:
    """Sign-ins a second: the page, the form, the hash, the session, its event and audit record."""
    heading("Signing in, 8 officers at once, 2 web processes")
    with portal(WEB_WORKERS=str(WORKERS)) as running, ThreadPoolExecutor(len(OFFICERS)) as pool:
        running.browser("ee")  # warm
        found = [took for times in pool.map(lambda name: _again_and_again(running, name), OFFICERS) for took in times]
    with get_context("spawn").Pool(WORKERS) as processes:
        least = sum(processes.map(_hashes, [SECONDS / 2] * WORKERS)) / (SECONDS / 2)
    figure("sign-ins a second", len(found) / SECONDS, "/s", baseline=least)
    figure("median, page and form together", 1000 * percentile(found, 50), "ms")
    figure("95th percentile", 1000 * percentile(found, 95), "ms")


def _again_and_again(running: Trial, username: str) -> list[float]:
    """One officer, each time in a new browser."""
    times, until = [], time.monotonic() + SECONDS
    while (begun := time.monotonic()) < until:
        _sign_in(running, username)
        times.append(time.monotonic() - begun)
    return times


class _Stay(HTTPRedirectHandler):
    """The page after signing in is not measured."""

    def http_error_303(self, request: Any, answer: Any, *said: Any) -> Any:
        """The answer itself."""
        return answer


def _sign_in(running: Trial, username: str) -> None:
    browser = build_opener(HTTPCookieProcessor(CookieJar()), _Stay())
    with browser.open(f"{running.address}/sign-in", timeout=30) as shown:
        token = form_token(shown.read().decode())
    given = urlencode({"csrf_token": token, "username": username, "password": PASSWORD}).encode()
    with browser.open(f"{running.address}/sign-in", given, timeout=30) as answer:
        if answer.status != 303:
            raise RuntimeError(f"{username} was not signed in: {answer.status}")


def _hashes(seconds: float) -> int:
    """How often one process compares a password with its hash, at the parameters of the portal."""
    hasher, done = PasswordHasher(), 0
    kept, until = hasher.hash("correct horse battery staple"), time.monotonic() + seconds
    while time.monotonic() < until:
        hasher.verify(kept, "correct horse battery staple")
        done += 1
    return done
