"""The bundle of the policy, unpacked and evaluated as a policy server does, and one such server on a port."""

import io
import json
import tarfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

import regopy

from portal.core import opa


def unpacked(bundle):
    """The parts of a bundle by name."""
    with tarfile.open(fileobj=io.BytesIO(bundle)) as tar:
        return {entry.name: tar.extractfile(entry).read().decode() for entry in tar}


class Rego:
    """An interpreter with a bundle loaded."""

    def __init__(self, bundle=None):
        parts = unpacked(bundle or opa.bundle())
        self.engine = regopy.Interpreter()
        self.engine.add_data_json(parts["data.json"])
        self.engine.add_module("policy.rego", parts["policy.rego"])

    def decision(self, question):
        self.engine.set_input(question)
        return self._value("data.portal.decision")

    def decisions(self, questions):
        self.engine.set_input({"questions": questions})
        return self._value("data.portal.decisions")

    def _value(self, query):
        (result,) = json.loads(str(self.engine.query(query)))["expressions"]
        return result


@contextmanager
def policy_server(rego):
    """The Data API of a policy server, POST /v1/data/portal/decision: it notes what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with server.lock:
                server.asked.append(body["input"])
                status, answer = server.reply(self.path, body["input"])
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked, server.lock = [], Lock()
    server.reply = lambda path, asked: (200, {"result": rego.decision(asked)} if path.endswith("/decision") else {})
    server.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
