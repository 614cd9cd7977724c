"""How often: a moving window for each person over pages and API, shared by processes, local while Redis is away."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from portal.app import create_app
from portal.core.db import db
from portal.core.limits import limiter
from portal.core.redis import connect
from portal.local.servers import valkey
from portal.local.trial import free_port
from tests.conftest import Browser

PLACES = ("_storage", "_limiter", "_storage_dead", "enabled", "_fallback_limiter", "initialized")
SERVER = """
import json, sys
from werkzeug.serving import make_server
from portal.app import create_app
given = json.loads(sys.argv[1])
make_server("127.0.0.1", given.pop("port"), create_app(**given)).serve_forever()
"""


def settings(servers, tmp_path, redis=None):
    redis = str(redis or servers[1])
    return {
        "SQLALCHEMY_DATABASE_URI": str(servers[0]),
        "REDIS_URL": redis,
        "RATELIMIT_STORAGE_URI": redis.replace("unix://", "redis+unix://"),
        "RATELIMIT_ENABLED": True,
        "VAR": str(tmp_path),
        "FILES": str(tmp_path / "files"),
        "TESTING": True,
        "PROPAGATE_EXCEPTIONS": False,
        "WTF_CSRF_ENABLED": False,
        "USER_REQUESTS": 6,
        "STRANGER_REQUESTS": 4,
    }


@pytest.fixture
def limited(app, session, redis, servers, tmp_path):
    """Another app on the same servers, with small quotas; the one limiter of the process is put back afterwards."""
    before, connection, apps = {place: getattr(limiter, place) for place in PLACES}, db.engines[None], []

    def make(**given):
        made = create_app(**(settings(servers, tmp_path) | given))
        made.test_client_class = Browser
        with made.app_context():
            db.engine.dispose()
            db.engines[None] = connection  # the one transaction of the test
        apps.append(made)
        return made

    yield make
    for made in apps:
        made.extensions["redis"].close()
    for place, value in before.items():
        setattr(limiter, place, value)


def test_an_officer_has_one_quota_over_pages_and_api(limited, signed_in, api):
    small = limited()
    browser = signed_in("ee")
    caller = api("ee", browser.officer)
    pages, machine = small.test_client(), small.test_client()
    pages.set_cookie("portal", browser.get_cookie("portal").value)
    machine.environ_base["HTTP_AUTHORIZATION"] = caller.environ_base["HTTP_AUTHORIZATION"]
    for left in (5, 4, 3):
        answer = pages.get("/account")
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == '"officer";q=6;w=60'
        assert answer.headers["RateLimit"].startswith(f'"officer";r={left};t=')
        assert "Retry-After" not in answer.headers
    for _each in range(3):
        assert machine.get("/api/v1/projects").status_code == 200
    refused = machine.get("/api/v1/projects")
    assert (refused.status_code, refused.content_type) == (429, "application/problem+json")
    assert refused.json["type"].endswith("#quota-exceeded")
    assert refused.json["violated-policies"] == ["officer"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    page = pages.get("/account")
    assert page.status_code == 429
    assert "Too many requests" in page.text
    assert "Try again in" in page.text
    assert signed_in("ee").get("/account").status_code == 200


def test_a_stranger_has_less_and_counts_by_address(limited):
    visitor = limited().test_client()
    for _each in range(4):
        answer = visitor.get("/sign-in", environ_base={"REMOTE_ADDR": "203.0.113.7"})
        assert answer.status_code == 200
    assert answer.headers["RateLimit"].startswith('"stranger";r=0;t=')
    assert visitor.get("/sign-in", environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code == 429
    assert visitor.get("/sign-in", environ_base={"REMOTE_ADDR": "203.0.113.8"}).status_code == 200


@pytest.mark.parametrize(("proxies", "last"), [(0, 429), (1, 200)])
def test_only_a_proxy_of_the_installation_is_believed_about_addresses(limited, proxies, last):
    visitor = limited(PROXIES=proxies).test_client()
    for number in range(5):
        forged = {"X-Forwarded-For": f"203.0.113.9, 198.51.100.{number}"}
        answer = visitor.get("/sign-in", headers=forged)
    assert answer.status_code == last


@pytest.mark.parametrize("path", ["/no/such/address", "/projects/", "/api/v1/projects"])
def test_what_is_refused_is_counted_too(limited, path):
    visitor = limited().test_client()
    answers = [visitor.get(path, headers={"Authorization": "Bearer forged"}).status_code for _each in range(5)]
    assert answers[-1] == 429
    assert 429 not in answers[:4]


def test_files_of_the_portal_and_its_health_are_not_counted(limited):
    visitor = limited().test_client()
    for _each in range(8):
        assert visitor.get("/static/icon.svg", buffered=True).status_code == 200
        assert visitor.get("/healthz").status_code == 200


def test_signing_in_is_tried_less_often_than_pages_are_looked_at(limited):
    visitor = limited(STRANGER_REQUESTS=500).test_client()
    given = {"username": "", "password": ""}
    answers = [visitor.post("/sign-in", data=given) for _each in range(21)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    assert answers[0].headers["RateLimit-Policy"] == '"stranger";q=500;w=60, "tries";q=20;w=60'
    assert answers[0].headers["RateLimit"].startswith('"tries";r=19;')


def status(address):
    try:
        with urlopen(Request(address), timeout=20) as answer:
            return answer.status
    except HTTPError as refused:
        return refused.code


def test_the_quota_holds_across_processes(servers, redis, tmp_path):
    """Two web processes on one Redis: five requests by turns, and the sixth is refused by either."""
    ports = [free_port(), free_port()]
    given = settings(servers, tmp_path) | {"STRANGER_REQUESTS": 5}
    running = [
        subprocess.Popen([sys.executable, "-c", SERVER, json.dumps(given | {"port": port})], stderr=subprocess.DEVNULL)
        for port in ports
    ]
    try:
        for port in ports:
            until = time.monotonic() + 30
            while time.monotonic() < until:
                try:
                    urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
        by_turns = [status(f"http://127.0.0.1:{ports[n % 2]}/api/v1/") for n in range(5)]
        assert 429 not in by_turns
        assert [status(f"http://127.0.0.1:{port}/api/v1/") for port in ports] == [429, 429]
    finally:
        for process in running:
            process.terminate()
            process.wait(20)


def test_while_redis_is_away_the_limit_is_local_and_said_once(limited, tmp_path, api, caplog):
    """A Redis of its own, stopped under the app: the API goes on, counted in the process."""
    with valkey(tmp_path / "valkey") as own:
        given = {"REDIS_URL": str(own), "RATELIMIT_STORAGE_URI": str(own).replace("unix://", "redis+unix://")}
        small = limited(**given | {"USER_REQUESTS": 3})
        machine = small.test_client()
        machine.environ_base["HTTP_AUTHORIZATION"] = api("ee").environ_base["HTTP_AUTHORIZATION"]
        assert machine.get("/api/v1/projects").status_code == 200
        client = connect(str(own))
        os.kill(client.info()["process_id"], signal.SIGKILL)
        client.close()
        with caplog.at_level(logging.INFO):
            answers = [machine.get("/api/v1/projects") for _each in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit"].startswith('"officer";r=2;')
    assert sum("falling back to in-memory" in record.getMessage() for record in caplog.records) == 1
