"""Runs a plan, here or in loky workers; the one module that knows joblib."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from metta_index.indexer.plan import ExecutionPlan, RunMeasurement, summarise
from metta_index.indexer.workers import (
    BatchResult,
    CrashSlots,
    Failure,
    Limits,
    Terminated,
    call_guarded,
    run_batch,
    start_worker,
    unpack,
)

__all__ = [
    "Failure",
    "Limits",
    "Terminated",
    "execute",
    "execute_parallel",
    "execute_sequential",
    "install_termination_handlers",
]

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Results = Generator[tuple[int, Outcome | Failure], None, None]

# Enough batches under way that no worker waits, few enough that the results do not pile up.
BATCHES_UNDER_WAY_PER_WORKER = 3
# A pool may break this often in a row with nothing done and no item to blame before we do without.
FRUITLESS_POOLS = 2


def execute(
    plan: ExecutionPlan,
    items: Sequence[Item],
    work: Callable[[Item], Outcome],
    *,
    limits: Limits | None = None,
    on_start: Callable[[], None] | None = None,
    on_finish: Callable[[RunMeasurement], None] | None = None,
) -> Results[Outcome]:
    """Yield (index, outcome or failure) once for each of `items`, as they complete.

    `work` is a function of a module; items and outcomes can be pickled. Whatever it raises costs that item only;
    in workers so does a crash or a hang. `on_start` is called once work is under way and before the first result
    is awaited, `on_finish` with the measurement when all is done. A caller that may stop early closes the
    generator (`contextlib.closing`), which ends the workers. Only one parallel run per process at a time.
    """
    run = execute_parallel if plan.backend == "loky" else execute_sequential
    return run(plan, items, work, limits=limits, on_start=on_start, on_finish=on_finish)


def execute_sequential(
    plan: ExecutionPlan,
    items: Sequence[Item],
    work: Callable[[Item], Outcome],
    *,
    limits: Limits | None = None,
    on_start: Callable[[], None] | None = None,
    on_finish: Callable[[RunMeasurement], None] | None = None,
) -> Results[Outcome]:
    """Do what `execute` says in this process.

    `limits` do not bind here: no handler of ours could interrupt C code. Who wants them plans for loky with one job.
    """
    meter = _Meter(plan)
    if on_start is not None:
        on_start()
    yield from _run_here(plan.batches, items, work, meter)
    if on_finish is not None:
        on_finish(meter.measurement("sequential", 1))


def execute_parallel(
    plan: ExecutionPlan,
    items: Sequence[Item],
    work: Callable[[Item], Outcome],
    *,
    limits: Limits | None = None,
    on_start: Callable[[], None] | None = None,
    on_finish: Callable[[RunMeasurement], None] | None = None,
) -> Results[Outcome]:
    """Do what `execute` says in `plan.workers` processes.

    When a worker dies, what it and its siblings were at becomes suspect, and the rest goes on in a new pool. At the
    end each suspect is tried alone: one that kills its worker again is a failure. None of them ever runs here. If
    processes cannot be had at all, the rest runs in this process, and the measurement's note says so.
    """
    limits = Limits() if limits is None else limits
    meter = _Meter(plan)
    waiting = [batch for batch in plan.batches if batch]
    suspects: list[int] = []
    done: set[int] = set()
    fruitless = 0
    with contextlib.closing(CrashSlots.create()) as slots:
        while (waiting or suspects) and fruitless < FRUITLESS_POOLS:
            alone = not waiting
            batches = [(index,) for index in suspects] if alone else waiting
            before = len(done)
            slots.clear()
            pool = _Pool(plan.workers, 1 if alone else BATCHES_UNDER_WAY_PER_WORKER * plan.workers)
            try:
                with contextlib.closing(pool.run(batches, items, work, slots, limits, on_start)) as results:
                    on_start = None
                    for result in results:
                        meter.add_batch(result)
                        for index, packed in zip(result.indexes, result.outcomes, strict=True):
                            done.add(index)
                            yield index, unpack(packed)
            except PoolLost as lost:
                meter.lost(lost)
                if not lost.started:
                    fruitless = FRUITLESS_POOLS
                undone = {index for batch in batches for index in batch} - done
                seen = [last for last in slots.last_items() if last.index in undone]
                timed_out = lost.cause == "SIGALRM" and limits.seconds_per_item is not None
                guilty = None
                if seen and alone:
                    # One at a time was under way: the last to start, whatever finished unseen before it.
                    guilty = seen[-1].index
                elif seen and timed_out:
                    # Of alarms set for the same time, the first one set goes off first.
                    guilty = seen[0].index
                if guilty is not None:
                    done.add(guilty)
                    yield guilty, _post_mortem(lost.cause, limits)
                elif not alone:
                    suspects += [last.index for last in seen]
                fruitless = 0 if seen or len(done) > before else fruitless + 1
            suspects = [index for index in suspects if index not in done]
            settled = done.union(suspects)
            waiting = [rest for batch in waiting if (rest := tuple(i for i in batch if i not in settled))]
    for index in suspects:
        yield index, Failure("crash", "a worker died while at it, and no other could be started to try it alone")
    if waiting:
        yield from _run_here(waiting, items, work, meter)
    if on_finish is not None:
        on_finish(meter.measurement("sequential" if waiting else "loky", 1 if waiting else plan.workers))


def install_termination_handlers() -> None:
    """Turn SIGTERM and SIGHUP into `Terminated`, a SystemExit of status 128 + signal, so that pools are ended.

    Call it in the main thread. A signal that is ignored (nohup) stays so. A second signal ends the process at once.
    """

    def terminate(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise Terminated(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, terminate)


class PoolLost(Exception):
    """A pool broke, or never started; `cause` names the signal or exit status of the worker that died."""

    def __init__(self, cause: str, text: str, started: bool) -> None:
        super().__init__(cause)
        self.cause = cause
        self.text = text
        self.started = started


class _Pool:
    """One pool of loky workers, from start to end."""

    def __init__(self, workers: int, batches_under_way: int) -> None:
        # joblib runs a pool of one in this process.
        self.processes = max(2, workers)
        self.batches_under_way = batches_under_way if workers > 1 else 1

    def run(
        self,
        batches: Iterable[tuple[int, ...]],
        items: Sequence[Item],
        work: Callable[[Item], object],
        slots: CrashSlots,
        limits: Limits,
        on_start: Callable[[], None] | None,
    ) -> Generator[BatchResult, None, None]:
        """Yield the results of `batches` as they complete; raises PoolLost. The workers are gone when it ends."""
        try:
            import joblib
            from joblib.externals.loky import process_executor

            if joblib.effective_n_jobs(self.processes) < 2:
                raise OSError("this system lacks the semaphores that worker processes need")
            _prepare_loky()
        except (ImportError, OSError, NotImplementedError) as error:
            raise PoolLost("", str(error), started=False) from error
        calls = (
            joblib.delayed(run_batch)(work, [(index, items[index]) for index in batch]) for batch in batches
        )
        parallel = joblib.Parallel(
            n_jobs=self.processes,
            backend="loky",
            return_as="generator_unordered",
            # The batches are ours, cut by cost.
            batch_size=1,
            pre_dispatch=self.batches_under_way,
            # Memory maps are for arrays; there are none.
            max_nbytes=None,
            initializer=start_worker,
            initargs=(os.getpid(), slots.path, limits),
        )
        results: Any = None
        try:
            try:
                with _interrupts_held_back():
                    results = parallel(calls)
            except (OSError, NotImplementedError) as error:
                raise PoolLost("", str(error), started=False) from error
            if on_start is not None:
                on_start()
            yield from results
        except process_executor.BrokenProcessPool as error:
            raise PoolLost(_cause_of_death(error), str(error), started=True) from error
        finally:
            _end_pool(results)


class _Meter:
    """Adds up what a run costs."""

    def __init__(self, plan: ExecutionPlan) -> None:
        self._plan = plan
        self._started = time.monotonic()
        self._busy_ms: dict[int, float] = {}
        self._first_batch: dict[int, float] = {}
        self._pools_lost = 0
        self._note = ""

    def add(self, index: int, busy_ms: float) -> None:
        self._busy_ms[index] = busy_ms

    def add_batch(self, result: BatchResult) -> None:
        self._first_batch.setdefault(result.pid, result.started)
        self._busy_ms.update(zip(result.indexes, result.busy_ms, strict=True))

    def lost(self, pool: PoolLost) -> None:
        self._pools_lost += 1
        self._note = f"worker processes could not be used ({pool.text.strip().splitlines()[0]})"

    def measurement(self, backend: Any, workers: int) -> RunMeasurement:
        raise NotImplementedError


def _run_here(
    batches: Iterable[tuple[int, ...]], items: Sequence[Item], work: Callable[[Item], Outcome], meter: _Meter
) -> Results[Outcome]:
    for batch in batches:
        for index in batch:
            started = time.perf_counter()
            outcome = call_guarded(work, items[index])
            meter.add(index, (time.perf_counter() - started) * 1000)
            yield index, outcome
