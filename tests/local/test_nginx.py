"""The nginx configuration that is shipped, in a real nginx: TLS 1.3 only, nobody is believed about their address."""

import datetime as dt
import http.server
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from http.client import HTTPSConnection

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from portal.config import ROOT

SHIPPED = ROOT / "docs" / "deploy" / "nginx.conf"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_certificate(folder):
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal")])
    today = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(today).not_valid_after(today + dt.timedelta(days=1))
    (folder / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


class Told(http.server.BaseHTTPRequestHandler):
    """In the portal's place: says what headers reached it; a stream goes on once its beginning was heard."""

    heard = threading.Event()

    def do_GET(self):
        if self.path.startswith("/live/"):
            self._stream()
            return
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"data: one\n\n")
        self.wfile.write(b"data: two\n\n" if self.heard.wait(10) else b"data: late\n\n")

    def log_message(self, *_said):
        pass


@pytest.fixture(scope="module")
def behind():
    """The port of what stands in the portal's place."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Told)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def secure(behind, tmp_path_factory):
    """The port on which nginx, with the shipped file but for ports and folders, answers."""
    folder, plain, secure = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    write_certificate(folder)
    text = re.sub(r"listen \[::\].*", "", SHIPPED.read_text())
    for shipped, here in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ": f"listen 127.0.0.1:{secure} ",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{behind};",
        "/etc/ssl/portal/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
    }.items():
        assert shipped in text
        text = text.replace(shipped, here)
    (folder / "nginx.conf").write_text(f"pid {folder}/pid; daemon off; error_log {folder}/errors;\n{text}")
    run = ["nginx", "-p", str(folder), "-e", f"{folder}/errors", "-c", f"{folder}/nginx.conf"]
    tried = subprocess.run([*run, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    with subprocess.Popen(run) as process:
        for _try in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", secure)) == 0:
                    break
            time.sleep(0.05)
        yield secure
        process.terminate()


def connection(port, highest):
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode, trusting.maximum_version = False, ssl.CERT_NONE, highest
    return HTTPSConnection("127.0.0.1", port, context=trusting, timeout=5)


def test_only_tls_1_3_is_spoken(secure):
    with pytest.raises(ssl.SSLError):
        connection(secure, ssl.TLSVersion.TLSv1_2).connect()
    line = connection(secure, ssl.TLSVersion.TLSv1_3)
    line.connect()
    assert line.sock.version() == "TLSv1.3"
    line.close()


def test_the_portal_hears_who_asks_from_nginx_alone(secure):
    line = connection(secure, ssl.TLSVersion.TLSv1_3)
    claims = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil",
        "Host": "portal:8443",
    }
    line.request("GET", "/projects/", headers=claims)
    told = json.loads(line.getresponse().read())
    line.close()
    assert (told["X-Forwarded-For"], told["X-Forwarded-Proto"]) == ("127.0.0.1", "https")
    assert told["Host"] == told["X-Forwarded-Host"] == "portal:8443"


def test_an_event_of_a_stream_arrives_before_the_next_is_sent(secure):
    line = connection(secure, ssl.TLSVersion.TLSv1_3)
    line.request("GET", "/live/a-ticket")
    events = line.getresponse()
    assert events.readline() == b"data: one\n"
    Told.heard.set()
    assert events.read() == b"\ndata: two\n\n"
    line.close()
