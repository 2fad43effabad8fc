"""Runs a plan in loky workers; the one module that knows joblib."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any

from metta_index.indexer.execution.guard import Failure, Item, Limits
from metta_index.indexer.execution.plan import ExecutionPlan
from metta_index.indexer.execution.pool_watch import PoolWatch
from metta_index.indexer.execution.rates import Meter, RunMeasurement
from metta_index.indexer.execution.run import Results, run_here
from metta_index.indexer.execution.workers import TORN, BatchResult, CrashSlots, post_mortem, run_batch, start_worker

# Enough that no worker waits for its next batch.
BATCHES_UNDER_WAY_PER_WORKER = 3
# A pool may break this often in a row with nothing done and no item to blame before we do without.
FRUITLESS_POOLS = 2


def execute_parallel(
    plan: ExecutionPlan,
    items: Sequence[Item],
    work: Callable[[Item], bytes],
    *,
    limits: Limits | None = None,
    on_start: Callable[[], None] | None = None,
    on_finish: Callable[[RunMeasurement], None] | None = None,
) -> Results:
    """Do what `execute` says in `plan.workers` processes.

    When a worker dies, what it and its siblings were at becomes suspect, and the rest goes on in a new pool. At the
    end each suspect is tried alone: one that kills its worker again is a failure. None of them ever runs here. If
    processes cannot be had at all, the rest runs in this process, and the measurement's note says so.
    """
    limits = Limits() if limits is None else limits
    meter = Meter(plan.loads)
    waiting: list[tuple[int, ...]] = list(plan.batches)
    suspects: list[int] = []
    done: set[int] = set()
    fruitless, note = 0, ""
    with contextlib.closing(CrashSlots.create()) as slots:
        initargs = (os.getpid(), slots.path, limits)
        while (waiting or suspects) and fruitless < FRUITLESS_POOLS:
            alone = not waiting
            one_by_one = alone or plan.workers == 1
            batches = [(index,) for index in suspects] if alone else waiting
            pool = _run_pool(
                # joblib runs a pool of one in this process.
                max(2, plan.workers),
                1 if one_by_one else BATCHES_UNDER_WAY_PER_WORKER * plan.workers,
                ([(index, items[index]) for index in batch] for batch in batches),
                work,
                initargs,
                meter,
                on_start,
            )
            on_start = None
            slots.clear()
            done_before = len(done)
            try:
                with contextlib.closing(pool):
                    for result in pool:
                        meter.add_batch(
                            result.pid, result.started, dict(zip(result.indexes, result.busy_ms, strict=True))
                        )
                        for index, outcome in zip(result.indexes, result.outcomes, strict=True):
                            done.add(index)
                            yield index, outcome
            except _PoolLostError as lost:
                meter.pools_lost += 1
                undone = {index for batch in batches for index in batch} - done
                noted = [last for last in slots.last_items() if last.index in undone]
                # What was finished, and whose result was lost, is to blame only where nothing else is.
                seen = [last.index for last in noted if last.running] or [last.index for last in noted]
                if lost.torn:
                    seen = _unsent([last.index for last in slots.last_items(lost.torn)], batches, undone)
                guilty = None
                if seen and (alone or (one_by_one and not lost.torn)):
                    guilty = seen[-1]
                elif seen and lost.cause == "SIGALRM" and limits.seconds_per_item is not None:
                    # All alarms have the same length, so the one set first went off.
                    guilty = seen[0]
                if guilty is not None:
                    done.add(guilty)
                    yield guilty, post_mortem(lost.cause, limits)
                if not one_by_one or guilty is None:
                    suspects += seen
                fruitless = 0 if seen or len(done) > done_before else fruitless + 1
                if lost.fatal:
                    fruitless = FRUITLESS_POOLS
                note = str(lost)
            suspects = [index for index in suspects if index not in done]
            settled = done.union(suspects)
            waiting = [rest for batch in waiting if (rest := tuple(i for i in batch if i not in settled))]
    for index in suspects:
        yield index, Failure("crash", "its worker died, and no other could be started to try it alone")
    yield from run_here(waiting, items, work, meter)
    if on_finish is not None:
        if waiting:
            note = f"no worker processes, so {sum(map(len, waiting))} items ran in this one: {note}"
            on_finish(meter.measurement("sequential", 1, note))
        else:
            on_finish(meter.measurement("loky", plan.workers, ""))


def _unsent(last: Sequence[int], batches: Sequence[tuple[int, ...]], undone: set[int]) -> list[int]:
    """What the batches that end in these items hold and did not deliver: any of it may have been too much to send."""
    return [index for batch in batches if batch[-1] in last for index in batch if index in undone]


class _PoolLostError(Exception):
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


def _run_pool(
    processes: int,
    under_way: int,
    batches: Iterable[Sequence[tuple[int, Item]]],
    work: Callable[[Item], bytes],
    initargs: tuple[object, ...],
    meter: Meter,
    on_start: Callable[[], None] | None,
) -> Generator[BatchResult, None, None]:
    """Yield the results of `batches` as they complete; raises _PoolLostError. The workers are gone when it ends."""
    try:
        import joblib  # type: ignore[import-untyped]
        from joblib.externals.loky import reusable_executor  # type: ignore[import-untyped]
        from joblib.externals.loky.process_executor import BrokenProcessPool  # type: ignore[import-untyped]

        if joblib.effective_n_jobs(processes) < 2:
            raise OSError("this system lacks the semaphores that worker processes need")
        _prepare_loky()
        _silence_manager()
    except (ImportError, OSError, NotImplementedError) as error:
        raise _PoolLostError(error, fatal=True) from error
    parallel = joblib.Parallel(
        n_jobs=processes,
        backend="loky",
        return_as="generator_unordered",
        # The batches are ours, cut by cost.
        batch_size=1,
        pre_dispatch=under_way,
        # Memory maps are for arrays; there are none.
        max_nbytes=None,
        initializer=start_worker,
        initargs=initargs,
    )
    results: Any = None
    watch: PoolWatch | None = None
    try:
        with _interrupts_held_back():
            results = parallel(joblib.delayed(run_batch)(work, batch) for batch in batches)
        if on_start is not None:
            on_start()
        with PoolWatch(reusable_executor._executor) as watch:
            yield from results
    except BrokenProcessPool as error:
        torn = watch.torn if watch is not None else frozenset()
        raise _PoolLostError(error, cause=TORN if torn else _cause_of_death(error), torn=torn) from error
    except (OSError, NotImplementedError) as error:
        if results is not None:
            raise
        raise _PoolLostError(error, fatal=True) from error
    finally:
        ending = time.monotonic()
        _end_pool(results)
        meter.ending_ms = (time.monotonic() - ending) * 1000


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


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Hold Ctrl-C and its like back while workers are started: they inherit that, and none dies before it is ready."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_pool(results: Any) -> None:
    """End the workers now: left to themselves they take 40 ms, or finish what they were given."""
    from joblib.externals.loky import reusable_executor

    if results is not None:
        results.close()
    executor = reusable_executor._executor
    if executor is not None:
        executor.terminate(kill_workers=True)


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
