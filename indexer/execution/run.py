"""Runs a plan, in this process or in others."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing

from metta_index.indexer.execution.guard import Failure, Item, Limits, Terminated, call_guarded
from metta_index.indexer.execution.plan import ExecutionPlan
from metta_index.indexer.execution.rates import Meter, RunMeasurement
from metta_index.indexer.execution.worker_processes import Workers

__all__ = [
    "Failure",
    "Limits",
    "Terminated",
    "execute",
    "execute_sequential",
    "install_termination_handlers",
]

Results = Generator[tuple[int, bytes | Failure], None, None]


def execute(
    plan: ExecutionPlan,
    items: Sequence[Item],
    work: Callable[[Item], bytes],
    *,
    limits: Limits | None = None,
    workers: Workers | None = None,
    ship: Callable[[Item], Item] | None = None,
    on_start: Callable[[], None] | None = None,
    on_finish: Callable[[RunMeasurement], None] | None = None,
) -> Results:
    """Yield (index, outcome or failure) once for each of `items`, as they complete.

    `work` is a function of a module; items can be pickled, outcomes are bytes. Whatever it raises costs that item only;
    in workers so does a crash or a hang. `on_start` is called once work is under way and before the first result
    is awaited, `on_finish` with the measurement when all is done. A caller that may stop early closes the
    generator (`contextlib.closing`), which ends the workers. Only one parallel run per process at a time.
    `workers`: those to use, which stay for another run; without them a run has its own. `ship`: what an item is sent
    as to workers that do not share our files; what it raises costs that item. Raises ClusterError where a cluster
    was asked for and cannot be used.
    """
    if plan.backend == "sequential":
        yield from execute_sequential(plan, items, work, on_start=on_start, on_finish=on_finish)
        return
    with closing(Workers()) as own:
        if plan.backend == "dask":
            cluster = (workers or own).cluster(plan.scheduler, plan.workers)
            yield from cluster.run(plan, items, work, limits=limits, ship=ship, on_start=on_start, on_finish=on_finish)
            return
        from metta_index.indexer.execution.pool import execute_parallel

        pool = (workers or own).pool(plan, limits or Limits())
        yield from execute_parallel(plan, items, work, pool, on_start=on_start, on_finish=on_finish)


def execute_sequential(
    plan: ExecutionPlan,
    items: Sequence[Item],
    work: Callable[[Item], bytes],
    *,
    on_start: Callable[[], None] | None = None,
    on_finish: Callable[[RunMeasurement], None] | None = None,
) -> Results:
    """Do what `execute` says in this process.

    No limits bind here: no handler of ours could interrupt C code. Who wants them plans for loky with one job.
    """
    if on_start is not None:
        on_start()
    meter = Meter(plan.loads)
    yield from run_here(plan.batches, items, work, meter)
    if on_finish is not None:
        on_finish(meter.measurement("sequential", 1, ""))


def install_termination_handlers() -> None:
    """Turn SIGTERM and SIGHUP into `Terminated`, a SystemExit of status 128 + signal, so that pools are ended.

    Raises ValueError in any thread but the main one. A signal that is ignored (nohup) stays so. A second signal
    ends the process at once.
    """

    def terminate(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise Terminated(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, terminate)


def run_here(
    batches: Iterable[tuple[int, ...]], items: Sequence[Item], work: Callable[[Item], bytes], meter: Meter
) -> Results:
    """Yield (index, outcome or failure) of each item of `batches`, done one after the other in this process."""
    for batch in batches:
        for index in batch:
            started = time.perf_counter()
            outcome = call_guarded(work, items[index])
            meter.add(index, (time.perf_counter() - started) * 1000)
            yield index, outcome
