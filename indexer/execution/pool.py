"""Runs a plan in worker processes, and finds out which item is to blame where one dies."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from metta_index.indexer.execution.guard import Failure, Item
from metta_index.indexer.execution.loky_pool import LokyPool, PoolLostError
from metta_index.indexer.execution.plan import ExecutionPlan
from metta_index.indexer.execution.rates import Meter, RunMeasurement
from metta_index.indexer.execution.run import Results, run_here
from metta_index.indexer.execution.workers import post_mortem

# Enough that no worker waits for its next batch.
BATCHES_UNDER_WAY_PER_WORKER = 3
# A pool may break this often in a row with nothing done and no item to blame before we do without.
FRUITLESS_POOLS = 2


def execute_parallel(
    plan: ExecutionPlan,
    items: Sequence[Item],
    work: Callable[[Item], bytes],
    pool: LokyPool,
    *,
    on_start: Callable[[], None] | None = None,
    on_finish: Callable[[RunMeasurement], None] | None = None,
) -> Results:
    """Do what `execute` says in the processes of `pool`.

    When a worker dies, what it and its siblings were at becomes suspect, and the rest goes on in a new pool. At the
    end each suspect is tried alone: one that kills its worker again is a failure. None of them ever runs here. If
    processes cannot be had at all, the rest runs in this process, and the measurement's note says so.
    """
    limits, slots = pool.limits, pool.slots
    meter = Meter(plan.loads)
    waiting: list[tuple[int, ...]] = list(plan.batches)
    suspects: list[int] = []
    done: set[int] = set()
    fruitless, note = 0, ""
    while (waiting or suspects) and fruitless < FRUITLESS_POOLS:
        alone = not waiting
        one_by_one = alone or plan.workers == 1
        batches = [(index,) for index in suspects] if alone else waiting
        running = pool.run(
            1 if one_by_one else BATCHES_UNDER_WAY_PER_WORKER * plan.workers,
            ([(index, items[index]) for index in batch] for batch in batches),
            work,
            meter,
            on_start,
        )
        on_start = None
        slots.clear()
        done_before = len(done)
        try:
            with contextlib.closing(running):
                for result in running:
                    meter.add_batch(result.pid, result.started, dict(zip(result.indexes, result.busy_ms, strict=True)))
                    for index, outcome in zip(result.indexes, result.outcomes, strict=True):
                        done.add(index)
                        yield index, outcome
        except PoolLostError as lost:
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
