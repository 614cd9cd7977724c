"""`make run`: the whole portal from one folder, until Ctrl-C."""

import errno
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.config import ROOT, BadSetting, Settings, private_folder, settings
from portal.local.servers import ServerFailed
from portal.local.supervise import Supervisor, is_ready

EVERYWHERE = "0.0.0.0"  # nosec B104  # noqa: S104 - compared, not bound
READY_S = 60
LEAVING_S = 20


class CannotStart(SystemExit):
    """The one line that says why."""


def main() -> None:
    """Start everything, say where it is, and stop everything when told to."""
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.default_int_handler)
    try:
        own = settings()
        with _alone_in(own), _supervised(own) as supervisor:
            _serve(own, supervisor)
    except KeyboardInterrupt:
        _say("Stopped.")
    except (ServerFailed, BadSetting, OSError) as failed:
        raise CannotStart(f"The portal cannot start: {failed}") from None


@contextmanager
def _alone_in(own: Settings) -> Iterator[None]:
    """One portal in one data folder; a predecessor that is still leaving is waited for."""
    private_folder(own.var)
    with (own.var / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(f"The portal already runs in {own.var} (process {lock.read()}).") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _wait_for_predecessor(own)
        _check_port(own)
        yield


def _wait_for_predecessor(own: Settings) -> None:
    until = time.monotonic() + LEAVING_S
    while Supervisor(own).alive():
        if time.monotonic() > until:
            raise CannotStart(
                f"An earlier portal in {own.var} does not end; see {own.var / 'log' / 'supervisord.log'}."
            )
        time.sleep(0.2)


def _check_port(own: Settings) -> None:
    family = socket.AF_INET6 if ":" in own.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((own.host, own.port))
        except OSError as refused:
            if refused.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"Port {own.port} is taken. Choose another one: make run PORT={own.port + 1}"
                ) from None
            raise CannotStart(f"Port {own.port} of {own.host} cannot be used: {refused.strerror}.") from None


@contextmanager
def _supervised(own: Settings) -> Iterator[Supervisor]:
    """A supervisor with the embedded servers running, all stopped at the end, whatever happens."""
    supervisor = Supervisor(own)
    try:
        for server in supervisor.servers:
            server.prepare()
        supervisor.start()
        supervisor.start_servers()
        yield supervisor
    finally:
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)
        supervisor.stop()


def _serve(own: Settings, supervisor: Supervisor) -> None:
    password = own.sample_password or secrets.token_urlsafe(9)
    made = _prepare_database(supervisor.logs, password)
    supervisor.start_web()
    _wait_until_ready(own, supervisor)
    supervisor.start_portal()
    _say(f"\nThe portal is ready: {_address(own)}\n")
    _say("Sign in as ce, dce, ee, ae, to, qr, fa, ec (a sample officer of each role) or admin;")
    _say(_password(own, made, password))
    _say(f"Data: {own.var}   Logs: {supervisor.logs}   Ctrl-C stops it.")
    if supervisor.process is not None:
        supervisor.process.wait()
    raise CannotStart(f"The supervisor ended; see {supervisor.logs / 'supervisord.log'}.")


def _prepare_database(logs: Path, password: str) -> bool:
    """Migrate and load the samples, in a process of its own; True when the sample officers were made just now."""
    done = subprocess.run(
        [sys.executable, "-m", "portal.local.prepare"],
        cwd=ROOT,
        env=os.environ | {"SAMPLE_PASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        trace = logs / "prepare.log"
        trace.write_text(done.stderr)
        said = done.stderr.strip().splitlines() or ["no reason was given"]
        raise CannotStart(f"The database could not be prepared: {said[-1]} ({trace})")
    return "made" in done.stdout.split()


def _wait_until_ready(own: Settings, supervisor: Supervisor) -> None:
    until = time.monotonic() + READY_S
    while not is_ready(_address(own)):
        if time.monotonic() > until:
            raise CannotStart(f"The portal is not ready after {READY_S} s; see {supervisor.logs}.")
        time.sleep(0.1)


def _address(own: Settings) -> str:
    host = {EVERYWHERE: "127.0.0.1", "::": "[::1]"}.get(own.host, own.host)
    return f"http://{host}:{own.port}"


def _password(own: Settings, made: bool, password: str) -> str:
    if not made:
        return "their password is the one of the first start with this data folder."
    if own.sample_password:
        return "the password is the one in SAMPLE_PASSWORD."
    return f"the password of all of them is {password} (shown this once)."


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
