"""Decides, from sizes and measured rates alone, whether work runs in worker processes, and its batches."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import NamedTuple

from metta_index.indexer.execution.rates import Backend, Load, Rates, RunMeasurement, learn
from metta_index.indexer.execution.wanted import Wanted

__all__ = ["ExecutionPlan", "Load", "Rates", "RunMeasurement", "Wanted", "learn", "plan_execution", "usable_cpus"]

# A worker that gets less than this much work returns too little for what it costs to start.
WORK_PER_WORKER_MS = 250.0
# Gains smaller than this are noise: the simpler way wins.
MARGIN_MS = 30.0
# Below 20 ms the hand-over of a batch (about 0.1 ms) shows; above 250 ms progress and recovery are coarse.
SHORTEST_BATCH_MS = 20.0
LONGEST_BATCH_MS = 250.0
BATCHES_PER_WORKER = 16
# A batch costs Dask some milliseconds, and a worker somewhere else more than that to get its texts.
SHORTEST_DASK_BATCH_MS = 100.0


class ExecutionPlan(NamedTuple):
    """How the work will run and why; every index of `loads` is in exactly one batch.

    `scheduler`: of Dask, the address as it was asked for.
    """

    backend: Backend
    workers: int
    reason: str
    estimated_sequential_ms: float
    estimated_parallel_ms: float
    batches: tuple[tuple[int, ...], ...]
    loads: tuple[Load, ...]
    scheduler: str | None = None


def usable_cpus() -> int:
    """Processors this process may run on, which a container or `taskset` may have limited."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def plan_execution(
    loads: Sequence[Load], rates: Rates, cpus: int, wanted: Wanted, *, starts_early: bool = False
) -> ExecutionPlan:
    """Return how to run `loads`: sequentially, or in workers: of loky when that pays, or those that were asked for.

    `cpus`: how many items can run at once here, or in the cluster that was asked for. `starts_early`: the workers
    that the plan may want start, or have started, while this process is still busy with something else.
    """
    if starts_early:
        rates = rates._replace(pool_start_ms=rates.pool_wait_ms)
    costs = [rates.cost_ms(load) for load in loads]
    sequential_ms = math.fsum(costs)
    workers = _worker_count(len(costs), sequential_ms, cpus, wanted)
    parallel_ms = _parallel_ms(costs, sequential_ms, max(workers, 1), rates)
    parallel, reason = _decide(len(costs), sequential_ms, parallel_ms, workers, rates, cpus, wanted)
    of_dask = wanted.backend == "dask"
    shortest_ms = SHORTEST_DASK_BATCH_MS if of_dask else SHORTEST_BATCH_MS
    batches = _cut(costs, sequential_ms, workers, shortest_ms) if parallel else (tuple(range(len(costs))),)
    return ExecutionPlan(
        ("dask" if of_dask else "loky") if parallel else "sequential",
        workers if parallel else 1,
        reason,
        sequential_ms,
        parallel_ms,
        batches if costs else (),
        tuple(loads),
        wanted.scheduler if of_dask else None,
    )


def _worker_count(items: int, sequential_ms: float, cpus: int, wanted: Wanted) -> int:
    if wanted.jobs is not None:
        return max(1, min(wanted.jobs, items))
    if wanted.scheduler is not None:  # its workers are there already
        return max(1, min(cpus, items))
    return max(1, min(cpus, items, max(2, math.ceil(sequential_ms / WORK_PER_WORKER_MS))))


def _parallel_ms(costs: Sequence[float], sequential_ms: float, workers: int, rates: Rates) -> float:
    # No number of workers finishes before the largest item does.
    return rates.pool_start_ms + max(sequential_ms / (workers * rates.efficiency), max(costs, default=0.0))


def _decide(
    items: int,
    sequential_ms: float,
    parallel_ms: float,
    workers: int,
    rates: Rates,
    cpus: int,
    wanted: Wanted,
) -> tuple[bool, str]:
    if items == 0:
        return False, "there is nothing to do"
    if wanted.backend != "auto":
        return wanted.backend != "sequential", f"{wanted.backend} was asked for"
    if wanted.jobs == 1:
        return False, "one job was asked for"
    if items == 1:
        return False, "there is only one item, and one item cannot be shared"
    work = f"estimated {sequential_ms:.0f} ms of work"
    if wanted.threshold_ms is not None:
        above = sequential_ms > wanted.threshold_ms
        relation = "above" if above else "not above"
        return above, f"{work} is {relation} the threshold of {wanted.threshold_ms:g} ms that was asked for"
    if workers == 1:
        return False, f"only {max(cpus, 1)} CPU is available, so processes would not help"
    if parallel_ms + MARGIN_MS < sequential_ms:
        return True, f"{work} takes about {parallel_ms:.0f} ms in {workers} processes"
    # Above 1 / workers, the time saved for each millisecond of work.
    saved = 1 - 1 / (workers * rates.efficiency)
    if saved <= 0:
        return False, f"{work} gains nothing from {workers} processes at the measured efficiency"
    pays_ms = (rates.pool_start_ms + MARGIN_MS) / saved
    if sequential_ms <= pays_ms:
        return False, f"{work} is below the {pays_ms:.0f} ms where starting {workers} processes pays"
    return False, f"{work} is mostly one large item, which cannot be shared between processes"


def _cut(costs: Sequence[float], sequential_ms: float, workers: int, shortest_ms: float) -> tuple[tuple[int, ...], ...]:
    # Large items first, so that the last batches, which decide when the slowest worker ends, are small.
    target = min(max(sequential_ms / (BATCHES_PER_WORKER * workers), shortest_ms), LONGEST_BATCH_MS)
    target = min(target, sequential_ms / workers)
    batches: list[tuple[int, ...]] = []
    batch: list[int] = []
    batch_ms = 0.0
    for index in sorted(range(len(costs)), key=lambda index: (-costs[index], index)):
        if batch and batch_ms + costs[index] > target:
            batches.append(tuple(batch))
            batch, batch_ms = [], 0.0
        batch.append(index)
        batch_ms += costs[index]
    if batch:
        batches.append(tuple(batch))
    return tuple(batches)
