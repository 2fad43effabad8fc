"""LokyPool: worker processes of joblib's loky; the one module that knows joblib."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

from metta_index.indexer.execution.guard import Item, Limits
from metta_index.indexer.execution.pool_watch import PoolWatch
from metta_index.indexer.execution.rates import Meter
from metta_index.indexer.execution.workers import (
    TORN,
    BatchResult,
    CrashSlots,
    interrupts_held_back,
    run_batch,
    start_worker,
)


class PoolLostError(Exception):
    """A pool broke or could not start; `cause` names what ended the worker, `fatal` says that none can start.

    `torn`: the workers that died while they sent a result, where that is known.
    """

    def __init__(
        self, error: BaseException, *, cause: str = "", fatal: bool = False, torn: frozenset[int] = frozenset()
    ) -> None:
        super().__init__(str(error).strip().partition("\n")[0])
        self.cause = cause
        self.fatal = fatal
        self.torn = torn


class LokyPool:
    """Worker processes, started with the first run or before it, and kept for further runs until `close`.

    Only one can be open in a process.
    """

    def __init__(self, processes: int, limits: Limits) -> None:
        self.processes = processes
        self.limits = limits
        self.slots = CrashSlots.create()
        self._is_new = True
        # Of a start before the first run: when, and what tells when each worker was ready.
        self._began = 0.0
        self._ready: Any = None

    def start(self, work: Callable[[Item], bytes]) -> None:
        """Has the workers start, and load what `work` needs, while this process does something else.

        Whatever prevents that is for the first run to tell.
        """
        with contextlib.suppress(PoolLostError, OSError, NotImplementedError):
            self._began = time.monotonic()
            parallel = self._parallel(self.processes)
            with interrupts_held_back():
                self._ready = parallel((run_batch, (work, ()), {}) for _ in range(self.processes))

    def run(
        self,
        under_way: int,
        batches: Iterable[Sequence[tuple[int, Item]]],
        work: Callable[[Item], bytes],
        meter: Meter,
        on_start: Callable[[], None] | None,
    ) -> Generator[BatchResult, None, None]:
        """Yield the results of `batches` as they complete; raises PoolLostError.

        Whatever ends it before its time ends the workers, too.
        """
        # Modules that are cut off while they load say so in tracebacks of their own, or fail with other errors.
        with interrupts_held_back():
            from joblib.externals.loky import reusable_executor  # type: ignore[import-untyped]
            from joblib.externals.loky.process_executor import BrokenProcessPool  # type: ignore[import-untyped]

        results: Any = None
        watch: PoolWatch | None = None
        is_done = False
        try:
            parallel = self._parallel(under_way)
            with interrupts_held_back():
                results = parallel((run_batch, (work, batch), {}) for batch in batches)
            if on_start is not None:
                on_start()
            with PoolWatch(reusable_executor._executor) as watch:
                yield from results
            is_done = True
            meter.pool_boot_ms = self._boot_ms(meter)
            self._is_new = False
        except BrokenProcessPool as error:
            torn = watch.torn if watch is not None else frozenset()
            raise PoolLostError(error, cause=TORN if torn else _cause_of_death(error), torn=torn) from error
        except (OSError, NotImplementedError) as error:
            if results is not None:
                raise
            raise PoolLostError(error, fatal=True) from error
        finally:
            if results is not None:
                results.close()
            if not is_done:
                ending = time.monotonic()
                self._end()
                meter.ending_ms = (time.monotonic() - ending) * 1000

    def _boot_ms(self, meter: Meter) -> float:
        """What it took to start, of which a run may have seen a part only; 0 where an earlier run did that."""
        if self._ready is None:
            return meter.boot_ms() if self._is_new else 0.0
        boots: list[float] = [ready.started - self._began for ready in self._ready]
        self._ready = None
        return sum(boots) / len(boots) * 1000

    def close(self) -> None:
        """Ends the workers."""
        self._end()
        self.slots.close()

    def _parallel(self, under_way: int) -> Any:
        try:
            with interrupts_held_back():
                import joblib  # type: ignore[import-untyped]

            # joblib runs a pool of one in this process.
            if joblib.effective_n_jobs(2) < 2:
                raise OSError("this system lacks the semaphores that worker processes need")
            _prepare_loky()
            _silence_manager()
        except (ImportError, OSError, NotImplementedError) as error:
            raise PoolLostError(error, fatal=True) from error
        return joblib.Parallel(
            n_jobs=self.processes,
            backend="loky",
            return_as="generator_unordered",
            # The batches are ours, cut by cost.
            batch_size=1,
            pre_dispatch=under_way,
            # Memory maps are for arrays; there are none.
            max_nbytes=None,
            initializer=start_worker,
            initargs=(os.getpid(), self.slots.path, self.limits, gc.get_threshold()),
        )

    def _end(self) -> None:
        """Ends the workers now: left to themselves they take 40 ms, or finish what they were given."""
        import multiprocessing

        from joblib.externals.loky import reusable_executor

        executor = reusable_executor._executor
        if executor is not None:
            executor.terminate(kill_workers=True)
        if self._ready is not None:
            with contextlib.suppress(Exception):
                self._ready.close()
            self._ready = None
        self._is_new = True
        # Forgets those that have ended, and with them their semaphores.
        multiprocessing.active_children()


def _prepare_loky() -> None:
    """Work around what loky does at the ends of processes."""
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_tracker  # type: ignore[import-untyped]

    # Its warnings speak of stopped generators and killed workers: both are our doing.
    warnings.filterwarnings("ignore", module=r"joblib\.")
    # They unblock SIGINT when they start, so they start before we hold it back.
    resource_tracker.ensure_running()
    loky_tracker.ensure_running()
    if os.name == "posix":
        from joblib.externals.loky.backend.popen_loky_posix import Popen  # type: ignore[import-untyped]

        # Without `pgrep`, as in slim container images, loky kills workers by a method that its Popen lacks, and
        # then waits for them for ever.
        if not hasattr(Popen, "kill"):
            Popen.kill = _kill


def _kill(process: Any) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)


def _silence_manager() -> None:
    """Ending a pool takes batches away from loky's manager thread, which may trip over that: nobody's news."""
    report = threading.excepthook

    def report_others(failed: threading.ExceptHookArgs) -> None:
        if failed.thread is None or failed.thread.name != "ExecutorManagerThread":
            report(failed)

    threading.excepthook = report_others


def _cause_of_death(error: BaseException) -> str:
    """Return `SIGSEGV` or `exit status 3`, or nothing where loky's text does not say."""
    found = re.search(r"exit codes of the workers are \{(\w+)\((-?\d+)\)", str(error))
    if found is None:
        return ""
    name, code = found.groups()
    return name if code.startswith("-") else f"exit status {code}"
