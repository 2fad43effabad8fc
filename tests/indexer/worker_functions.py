"""Work functions that worker processes import; an item is the text that says what becomes of it."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from metta_index.indexer.execution.guard import Terminated


class SilentError(Exception):
    """An error whose text cannot be had."""

    def __str__(self) -> str:
        raise ValueError("no text")


def digest(item: str) -> bytes:
    return hashlib.sha256(item.encode()).digest()


def misbehave(item: str) -> Any:
    """Return the digest of an item, unless its name begins with a known misdeed."""
    deed = item.partition(" ")[0]
    if deed == "raise":
        raise ValueError("bad atom")
    if deed == "recurse":
        return misbehave(item)
    if deed == "memory":
        raise MemoryError
    if deed == "exit":
        sys.exit(3)
    if deed == "silent":
        raise SilentError
    if deed == "terminate":
        raise Terminated(143)
    if deed == "interrupt":
        raise KeyboardInterrupt
    if deed == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if deed == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if deed == "vanish":
        os._exit(7)
    if deed == "hang":
        time.sleep(600)
    if deed == "allocate":
        return bytearray(8 << 30)
    if deed == "lambda":
        return lambda: None
    if deed == "text":
        return "no bytes"
    return digest(item)


def where(_item: str) -> bytes:
    return str(os.getpid()).encode()


def refuse(*_initargs: object) -> None:
    """End a worker before it does anything."""
    os._exit(9)


def linger(item: str) -> bytes:
    """Say in a file of the folder named by the item that the work began, and take for ever."""
    (Path(item) / str(os.getpid())).touch()
    time.sleep(600)
    return b""


OTHER_VERSIONS = "older"


def other_versions() -> str:
    """What a worker says of itself, where only the process that asks was told something else."""
    return OTHER_VERSIONS
