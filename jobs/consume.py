"""The consumers: every registered group reads its topics and reacts. One long-running process, a thread a group."""

import os
import socket
from functools import partial
from threading import Thread

from jobs.process import repeat, start
from portal.core.bus import CONSUMERS, consume_once

BLOCK_MS = 1000


def main() -> None:
    """Until told to stop."""
    app = start()
    name = f"{socket.gethostname()}-{os.getpid()}"
    threads = [
        Thread(target=repeat, args=(app, partial(consume_once, group, name, BLOCK_MS), 0.05)) for group in CONSUMERS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
