"""The certified provider of npm, started for these tests, and a browser that walks between it and the portal."""

import re
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pyotp
import pytest
import requests

from portal.accounts.commands import factors
from portal.accounts.queries.officers import _as_actor
from portal.core.oidc import Provider, ProviderSettings

MODULES = Path(".venv/oidc")
HERE = "http://localhost"
SECRET = "not a secret & only for tests"
BACK = "/sign-in/organisation/back"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(scope="session")
def issuer():
    """The address of the running provider."""
    assert (MODULES / "node_modules").is_dir(), "make test installs the provider from tests/oidc/package-lock.json"
    program = ["node", str(Path(__file__).with_name("provider.mjs")), str(MODULES)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as running:
        yield running.stdout.readline().strip()
        running.terminate()


@pytest.fixture
def tell(issuer):
    """Tell the provider something: tell("person", sub="…", claims={…}), tell("portal"), tell("keys")."""

    def told(what, **facts):
        answer = requests.post(f"{issuer}/control/{what}", json=facts, timeout=5)
        assert answer.text == "done"

    return told


@pytest.fixture
def logout_token(issuer):
    """A logout token as this provider signs it; logout_token(aud="another", nonce=…, jti=None, header={…})."""

    def made(header=None, **changed):
        moment = int(time.time())
        sound = {"iss": issuer, "aud": "portal", "iat": moment, "exp": moment + 120, "jti": uuid.uuid4().hex}
        claims = sound | {"events": {LOGOUT: {}}} | changed
        told = {name: value for name, value in claims.items() if value is not None}
        given = {"claims": told, "header": {"typ": "logout+jwt"} | (header or {})}
        return requests.post(f"{issuer}/control/sign", json=given, timeout=5).text

    return made


@pytest.fixture(scope="session")
def ear():
    """Where the provider tells of sign-outs, for the portal of a test has no server: (its address, what it heard)."""
    heard = []

    class Listening(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words):
            pass

    with HTTPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", heard
        server.shutdown()


@pytest.fixture
def portal(app, session, redis, issuer, tell, ear):
    """The app with this provider, and known to it."""
    ear[1].clear()
    tell(
        "portal",
        redirect_uris=[HERE + BACK],
        post_logout_redirect_uris=[f"{HERE}/sign-in"],
        backchannel_logout_uri=ear[0],
        backchannel_logout_session_required=True,
    )
    before = app.extensions["oidc"]
    app.extensions["oidc"] = Provider(
        ProviderSettings(issuer=issuer, client_id="portal", client_secret=SECRET, name="the HMDA account")
    )
    yield app
    app.extensions["oidc"] = before


@pytest.fixture
def add_app(session):
    """An officer gets an authenticator app: add_app(officer, secret); its code of this moment was not used yet."""

    def added(who, secret):
        sealed = factors.seal(secret.encode(), factors._purpose(who.id))
        code = pyotp.TOTP(secret).at(int(time.time()) - 30)
        factors.add_app(_as_actor(who), {"name": "Phone", "code": code}, sealed=sealed)

    return added


class Officer:
    """A person before one browser: `portal` is its window on the portal, `provider` on the provider."""

    def __init__(self, app, issuer, tell, sub, role="", **more):
        self.portal, self.provider, self.tell, self.sub = app.test_client(), requests.Session(), tell, sub
        self.issuer = issuer
        self.is_now(role, **more)

    def is_now(self, role="", amr=None, acr=None, **claims):
        """What the provider says of them from now on."""
        said = {"name": f"Officer {self.sub}", "preferred_username": self.sub, "email": f"{self.sub}@example.org"}
        said |= {"email_verified": True, "realm_access": {"roles": ["offline_access", *role.split()]}}
        self.tell("person", sub=self.sub, claims=said | claims, amr=amr, acr=acr)

    def ask(self, address="/sign-in/organisation"):
        """Where the portal sends the browser."""
        answer = self.portal.get(address)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def at_provider(self, url, login=None):
        """Through the provider's pages until it sends the browser away; returns where to."""
        while not url.startswith(HERE):
            answer = self.provider.get(url, allow_redirects=False, timeout=5)
            if answer.status_code == 200 and "/interaction/" in url:
                answer = self.provider.post(url, {"login": login or self.sub}, allow_redirects=False, timeout=5)
            if "Submitting Callback" in answer.text:  # another account than before: that one is signed out there first
                answer = self._submitted(answer.text)
            assert answer.status_code in (302, 303), answer.text
            url = urljoin(url, answer.headers["Location"])
        return url

    def back(self, url):
        """Back at the portal with what the provider sent along."""
        return self.portal.get(url.removeprefix(HERE))

    def sign_in(self, address="/sign-in/organisation", login=None):
        """The whole way; returns the portal's answer at its end."""
        return self.back(self.at_provider(self.ask(address), login))

    def ask_to_leave(self):
        """The provider's own sign-out page, without the portal."""
        return self.provider.get(f"{self.issuer}/.well-known/openid-configuration", timeout=5).json()[
            "end_session_endpoint"
        ]

    def sign_out_there(self, url):
        """The provider's sign-out page, confirmed; returns where the browser is sent."""
        return self._submitted(self.provider.get(url, timeout=5).text).headers["Location"]

    def _submitted(self, shown):
        """The provider's answer to the form of a page that signs out."""
        form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', shown)) | {"logout": "yes"}
        action = re.search(r'action="([^"]*)"', shown)[1]
        return self.provider.post(action, form, allow_redirects=False, timeout=5)


@pytest.fixture
def officer(portal, issuer, tell):
    """Somebody the provider knows: officer("asha", "ee")."""
    return lambda sub, role="", **more: Officer(portal, issuer, tell, sub, role, **more)


def asked(url):
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
