"""Looking into a hostile file in a process of its own, with a limit on memory and on time."""

import json
import logging
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

MEMORY_BYTES = 2 << 30
SECONDS = 60
log = logging.getLogger("portal.sandbox")


def look(function: str, path: Path) -> dict[str, Any]:
    """Call `module:function` on the path elsewhere and return its dictionary.

    A crash, too much memory or too much time gives {"refused": "damaged"}: the file is to blame. An error of our own
    code is logged and raised as RuntimeError.
    """
    call = [sys.executable, "-m", "portal.core.sandbox", function, str(path)]
    try:
        done = subprocess.run(call, capture_output=True, timeout=SECONDS + 5, check=False)
    except subprocess.TimeoutExpired:
        return {"refused": "damaged"}
    if done.returncode < 0:  # ended by a signal: a crash, or a limit reached
        return {"refused": "damaged"}
    if done.returncode:
        log.error("%s failed: %s", function, done.stderr.decode(errors="replace"))
        raise RuntimeError(f"{function} failed in the sandbox")
    return dict(json.loads(done.stdout))


def main() -> None:
    """The other side: limit oneself, look, print."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    module, _colon, name = sys.argv[1].partition(":")
    try:
        found = getattr(import_module(module), name)(Path(sys.argv[2]))
    except (MemoryError, RecursionError):
        found = {"refused": "damaged"}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
