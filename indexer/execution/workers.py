"""What runs inside a worker process: its precautions, its batches, the crash slot."""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import signal
import struct
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from metta_index.indexer.execution.guard import Failure, Item, Limits, call_guarded

PARENT_POLL_SECONDS = 0.5
#: What ends a worker in the middle of a result, for `post_mortem`.
TORN = "while it sent its result"
# Linux: <sys/prctl.h>, deliver this signal when the parent thread ends.
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a worker returns for a batch; `started` is `time.monotonic()`, the same clock in all processes."""

    pid: int
    started: float
    indexes: tuple[int, ...]
    busy_ms: tuple[float, ...]
    outcomes: tuple[bytes | Failure, ...]


@dataclass(frozen=True, slots=True)
class LastItem:
    """The item a worker was last seen at, since when (`time.monotonic_ns()`), and whether it was still at it."""

    index: int
    since_ns: int
    running: bool


class CrashSlots:
    """A table in shared memory where each worker notes the item it starts, to be read after it died.

    A worker's place is its process id modulo the size. Should two workers ever share a place, one of them
    goes unnoticed: its item is then simply run again.
    """

    _RECORD = struct.Struct("=qq")
    _PLACES = 4096
    _BYTES = _RECORD.size * _PLACES

    def __init__(self, path: str, file: int | None = None) -> None:
        self.path = path
        self._file = file
        with Path(path).open("r+b") as table:
            self._table = mmap.mmap(table.fileno(), self._BYTES)

    @classmethod
    def create(cls) -> CrashSlots:
        """Return an empty table; on Linux it is not on disk, so that a killed run leaves nothing behind."""
        if hasattr(os, "memfd_create"):
            file = os.memfd_create("metta-index-crash-slots")
            path = f"/proc/{os.getpid()}/fd/{file}"
            if Path(path).exists():
                os.ftruncate(file, cls._BYTES)
                return cls(path, file)
            os.close(file)
        import tempfile

        file, path = tempfile.mkstemp(prefix="metta-index-")
        os.ftruncate(file, cls._BYTES)
        return cls(path, file)

    def note(self, index: int, *, running: bool) -> None:
        """Note that this process starts the item `index`, or is through with it; under 1 µs."""
        place = os.getpid() % self._PLACES
        # 0 is an empty place; negative numbers are items that are done.
        mark = index + 1 if running else -index - 1
        self._RECORD.pack_into(self._table, place * self._RECORD.size, mark, time.monotonic_ns())

    def last_items(self, pids: Collection[int] | None = None) -> list[LastItem]:
        """Return what every worker, or these, noted last, in the order of time."""
        places = None if pids is None else {pid % self._PLACES for pid in pids}
        records = [
            LastItem(abs(mark) - 1, since_ns, mark > 0)
            for place, (mark, since_ns) in enumerate(self._RECORD.iter_unpack(self._table[:]))
            if mark and (places is None or place in places)
        ]
        return sorted(records, key=lambda record: record.since_ns)

    def clear(self) -> None:
        """Forget all notes; no worker may be running."""
        self._table[:] = bytes(self._BYTES)

    def close(self) -> None:
        """Release the table, and remove its file where it has one."""
        self._table.close()
        if self._file is not None:
            os.close(self._file)
            if not self.path.startswith("/proc/"):
                with contextlib.suppress(OSError):
                    Path(self.path).unlink()


def start_worker(parent_pid: int, slots_path: str, limits: Limits, thresholds: tuple[int, int, int]) -> None:
    """Prepare a new worker: deaf to Ctrl-C, ended with its parent, within its limits, silent when it dies.

    `thresholds`: how often it looks for garbage, as `gc.get_threshold` tells of its parent.
    """
    global _slots, _limits
    gc.freeze()
    gc.set_threshold(*thresholds)
    # A signal to the whole group is the parent's to act on: a worker that dies while it sends blocks the pool.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGHUP})
    _end_with_parent(parent_pid)
    _slots = CrashSlots(slots_path)
    _limits = limits
    if limits.memory_bytes is not None:
        _limit_memory(limits.memory_bytes)
    if "PYTHONFAULTHANDLER" not in os.environ:
        _silence_fault_handler()


def run_batch(work: Callable[[Item], bytes], batch: Sequence[tuple[int, Item]]) -> BatchResult:
    """Return the outcomes of `batch`, pairs of index and item, in order; it never raises."""
    started = time.monotonic()
    busy_ms: list[float] = []
    outcomes: list[bytes | Failure] = []
    for index, item in batch:
        if _slots is not None:
            _slots.note(index, running=True)
        _set_alarm(on=True)
        item_started = time.perf_counter()
        outcome = call_guarded(work, item, _limits)
        busy_ms.append((time.perf_counter() - item_started) * 1000)
        outcomes.append(outcome)
    _set_alarm(on=False)
    if _slots is not None and batch:
        # The slot keeps the last item, for a worker that dies while it sends the batch.
        _slots.note(batch[-1][0], running=False)
    indexes = tuple(index for index, _ in batch)
    return BatchResult(os.getpid(), started, indexes, tuple(busy_ms), tuple(outcomes))


def set_limits(limits: Limits | None) -> None:
    """Has the items of this process stay within limits from now on, as far as time goes; None: within none."""
    global _limits
    _limits = limits


@contextlib.contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Hold Ctrl-C and its like back while workers are started: they inherit that, and none dies before it is ready."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def post_mortem(cause: str, limits: Limits) -> Failure:
    """Return the failure of the item whose worker died of `cause`."""
    if cause == "SIGALRM" and limits.seconds_per_item is not None:
        return Failure("timeout", f"took longer than {limits.seconds_per_item:g} s, so its worker was stopped")
    if cause == "SIGABRT" and limits.memory_bytes is not None:
        return Failure("memory", f"worker died: SIGABRT, with {limits.memory_bytes / 2**20:.0f} MiB allowed")
    if cause == TORN:
        return Failure("crash", f"worker died {TORN}, most often because memory ran out")
    if cause == "SIGKILL":
        return Failure("crash", "worker died: SIGKILL, most often because memory ran out")
    hint = "; PYTHONFAULTHANDLER=1 shows where" if cause.startswith("SIG") else ""
    return Failure("crash", f"worker died: {cause or 'cause unknown'}{hint}")


def _set_alarm(*, on: bool) -> None:
    # The default action of SIGALRM ends the process even inside C code, which no Python handler can.
    if _limits is not None and _limits.seconds_per_item is not None and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, _limits.seconds_per_item if on else 0)


def _limit_memory(memory_bytes: int) -> None:
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _silence_fault_handler() -> None:
    # loky turns the fault handler on unless it is on already, and a dump of every thread would land between
    # the progress lines. PYTHONFAULTHANDLER=1 brings it back.
    import faulthandler

    faulthandler.enable(os.open(os.devnull, os.O_WRONLY))


def _end_with_parent(parent_pid: int) -> None:
    """End this process soon after its parent, or its caller would wait on the pipes that it holds."""
    import threading

    if sys.platform == "linux":
        # At once, and even while C code holds the interpreter.
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    def watch() -> None:
        while os.getppid() == parent_pid:
            time.sleep(PARENT_POLL_SECONDS)
        os._exit(1)

    if os.getppid() != parent_pid:
        os._exit(1)
    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


_slots: CrashSlots | None = None
_limits: Limits | None = None
