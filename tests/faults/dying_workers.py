"""Work whose worker dies at a bad moment; worker processes import it."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import signal
import tempfile
from multiprocessing import connection
from typing import Any

#: More than any pipe holds.
LARGE = 20_000_000


def die(item: str) -> bytes:
    """Gives the item back, unless it says how its worker is to die."""
    deed = item.partition(" ")[0]
    if deed == "half":
        _die_while_sending()
        return bytes(LARGE)
    if deed == "large":
        return bytes(LARGE)
    if deed == "bus":
        _read_what_was_cut_off()
    if deed == "abort":
        os.abort()
    if deed == "wild":
        ctypes.string_at(0)
    return item.encode()


def _die_while_sending() -> None:
    """Ends this process, as the kernel ends one for want of memory, once half of a large message is in the pipe."""
    send: Any = connection.Connection._send  # type: ignore[attr-defined]

    def send_half(self: Any, data: Any, write: Any = os.write) -> None:
        if len(data) < LARGE:
            send(self, data)
            return
        view = memoryview(data)
        sent = 0
        while sent < len(data) // 2:
            sent += write(self._handle, view[sent : len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    connection.Connection._send = send_half  # type: ignore[attr-defined]


def _read_what_was_cut_off() -> None:
    """As when the file of an extension module is overwritten while it is mapped."""
    with tempfile.TemporaryFile() as file, contextlib.suppress(ValueError):
        file.truncate(mmap.PAGESIZE)
        mapped = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        os.truncate(file.fileno(), 0)
        mapped[0]
