"""One supervisord for all processes of an installation: it restarts what dies, and ends them in the right order."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from xmlrpc.client import Fault, ServerProxy  # nosec B411

from supervisor.xmlrpc import SupervisorTransport

from portal.config import ROOT, Settings, private_folder
from portal.local.servers import Postgres, Server, Valkey, bound_to_parent

CONFIGURATION = Path(__file__).with_name("supervisord.conf")
STOP_S = 25


class Supervisor:
    """The supervisord of one data folder; any process that knows the folder can speak to it."""

    def __init__(self, own: Settings) -> None:
        self.own = own
        self.logs = own.var / "log"
        self.socket = own.sockets / "supervisor.sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def servers(self) -> list[Server]:
        """The embedded servers: those for which no other address is given."""
        embedded: list[Server] = [Postgres(self.own.var)] if self.own.embedded_postgres else []
        return [*embedded, Valkey(self.own.var)] if self.own.embedded_valkey else embedded

    def start(self) -> None:
        """Start supervisord, without a program yet; it stops them all when this process ends."""
        for folder in (self.logs, self.own.sockets):
            private_folder(folder)
        command = [*bound_to_parent(), sys.executable, "-m", "supervisor.supervisord", "-c", str(CONFIGURATION)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | self._environment(), stdin=subprocess.DEVNULL, start_new_session=True
        )
        until = time.monotonic() + 10
        while not self.alive():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"supervisord did not start; see {self.logs / 'supervisord.log'}")
            time.sleep(0.05)

    def alive(self) -> bool:
        """Whether a supervisord of this data folder answers, whoever started it."""
        try:
            return bool(self.ask("getState"))
        except (OSError, Fault):
            return False

    def start_servers(self) -> None:
        """Start the embedded servers and wait until they answer. Raises ServerFailed."""
        for server in self.servers:
            self.ask("startProcess", f"servers:{server.name}", False)
        for server in self.servers:
            server.wait_until_it_answers()

    def start_web(self) -> None:
        """Start the pages alone: they are what officers wait for."""
        self.ask("startProcess", "portal:web", False)

    def start_portal(self) -> None:
        """Start what does not run yet of web, workers and event processes; they wait for each other by themselves."""
        self.ask("startProcessGroup", "portal", False)

    def restart(self, program: str) -> None:
        """Stop a program (servers:postgres, portal:web, portal:worker-1) in an orderly way and start it again."""
        self.ask("stopProcess", program)
        self.ask("startProcess", program)

    def pid(self, program: str) -> int:
        """The process number of a program, 0 while it does not run."""
        return int(self.ask("getProcessInfo", program)["pid"])

    def stop(self) -> None:
        """End every program, the servers last, then supervisord itself."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def ask(self, method: str, *arguments: Any) -> Any:
        """One call of supervisor's XML-RPC over its private socket."""
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        with ServerProxy("http://127.0.0.1", transport=transport) as line:
            return getattr(line.supervisor, method)(*arguments)

    def _environment(self) -> dict[str, str]:
        """What supervisord.conf refers to; commands are quoted for its own splitting."""
        own = self.own
        host = f"[{own.host}]" if ":" in own.host else own.host
        commands = {server.name: server.command() for server in self.servers}
        return {
            "PORTAL_ROOT": str(ROOT),
            "PORTAL_VAR": str(own.var),
            "PORTAL_LOGS": str(self.logs),
            "PORTAL_SOCKETS": str(own.sockets),
            "PORTAL_USER": str(os.geteuid()),
            "PORTAL_POSTGRES": shlex.join(commands.get("postgres", ["false"])),
            "PORTAL_VALKEY": shlex.join(commands.get("valkey", ["false"])),
            "PORTAL_PYTHON": shlex.join([*bound_to_parent(), sys.executable]),
            "PORTAL_BIND": f"{host}:{own.port}",
            "PORTAL_WEB_WORKERS": str(own.web_workers),
            "PORTAL_JOB_WORKERS": str(own.job_workers),
        }


def is_ready(address: str) -> bool:
    """Whether officers can work with the portal there."""
    try:
        with urlopen(f"{address}/readyz", timeout=5) as answer:  # nosec B310  # noqa: S310  (the address is http)
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
