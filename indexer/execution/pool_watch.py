"""Ends a pool that is lost although loky does not notice it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from multiprocessing import connection
from types import TracebackType
from typing import Any

# loky notices a worker that died within milliseconds, unless it is reading what that worker did not finish.
GRACE_SECONDS = 2.0
_LOOK_SECONDS = 0.25


class PoolWatch:
    """Looks after the workers of a loky executor for as long as the context lasts.

    A worker that dies while it sends a result leaves half of it in the pipe. loky reads on and waits for the rest,
    which never comes: the other workers, and this process, hold the pipe open. `torn`: process ids of such workers;
    all others are ended then, and so is the reading, which tells loky that the pool is broken.
    """

    def __init__(self, executor: Any) -> None:
        self.torn: frozenset[int] = frozenset()
        self._executor = executor
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pool-watch", daemon=True)

    def __enter__(self) -> PoolWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        since: dict[int, float] = {}
        while not self._ended.wait(_LOOK_SECONDS):
            now = time.monotonic()
            since = {pid: since.get(pid, now) for pid in self._dead()}
            overdue = frozenset(pid for pid, seen in since.items() if now - seen > GRACE_SECONDS)
            if overdue:
                self.torn = overdue
                self._break()
                return

    def _dead(self) -> list[int]:
        """The workers that ended, and that loky still counts among its own."""
        sentinels = {process.sentinel: process.pid for process in list(self._executor._processes.values())}
        try:
            return [sentinels[ready] for ready in connection.wait(list(sentinels), timeout=0)]
        except (OSError, ValueError, KeyError):
            return []  # loky closed one of them just now

    def _break(self) -> None:
        for process in list(self._executor._processes.values()):
            with contextlib.suppress(OSError):
                os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        with contextlib.suppress(OSError):
            self._executor._result_queue._writer.close()
