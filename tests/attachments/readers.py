"""Readers that go wrong, for the sandbox."""

import os
import signal


def crash(_path):
    """As a broken C library would."""
    os.kill(os.getpid(), signal.SIGSEGV)


def eat(_path):
    """More memory than there is for one file."""
    return bytearray(3 << 30)


def err(_path):
    """A fault of our own."""
    raise KeyError("ours")
