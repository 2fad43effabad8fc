"""What worker processes cost and bring, engine by engine: one process, loky, workers of Dask, a Dask cluster.

python tests/benchmarks/engines.py FOLDER [ROUNDS]    prints the table of DASK.md

Every figure is from a process of its own, the engines in turns. FOLDER holds MeTTa, some 20 MB of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from statistics import median

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.parse_to_encode import items_in
from metta_index.indexer.building.work import index_item_to_bytes, with_text
from metta_index.indexer.execution.plan import Load, Rates, Wanted, plan_execution
from metta_index.indexer.execution.run import Failure, execute
from metta_index.indexer.execution.worker_processes import Workers

ENGINES = ("sequential", "loky", "dask", "scheduler")
JOBS = 2
_EMPTY_BATCHES = 300


def nothing(_item: str) -> bytes:
    return b""


def measure(engine: str, folder: Path, scheduler: str) -> dict[str, float]:
    """Milliseconds of one engine: to its first result, a batch of nothing, all work once it is up, and its end."""
    backend = "dask" if engine == "scheduler" else engine
    wanted = Wanted(JOBS, backend, scheduler=scheduler if engine == "scheduler" else None)  # type: ignore[arg-type]
    items = items_in(folder, sorted(folder.rglob("*.metta")))
    workers = Workers()
    began = time.perf_counter()
    with closing(workers):
        one = plan_execution([Load("metta", 1)] * JOBS, Rates(), JOBS, wanted)
        _finish(execute(one, ["nothing"] * JOBS, nothing, workers=workers))
        started = time.perf_counter()
        # As many batches as items: each is as long as the longest that a plan makes.
        plan = plan_execution([Load("metta", 10**7)] * _EMPTY_BATCHES, Rates(), JOBS, wanted)
        _finish(execute(plan, ["nothing"] * _EMPTY_BATCHES, nothing, workers=workers))
        handed = time.perf_counter()
        loads = [Load(item.language, item.size) for item in items]
        plan = plan_execution(loads, Rates(), JOBS, wanted)
        _finish(execute(plan, items, index_item_to_bytes, workers=workers, ship=with_text))
        worked = time.perf_counter()
    ended = time.perf_counter()
    return {
        "to the first result": (started - began) * 1000,
        "a batch of nothing": (handed - started) * 1000 / _EMPTY_BATCHES,
        "all work": (worked - handed) * 1000,
        "end": (ended - worked) * 1000,
        "batches": len(plan.batches),
    }


def _finish(results: object) -> None:
    assert not any(isinstance(outcome, Failure) for _index, outcome in results)  # type: ignore[attr-defined]


def main(folder: Path, rounds: int) -> None:
    import distributed

    found: dict[str, list[dict[str, float]]] = {engine: [] for engine in ENGINES}
    with distributed.LocalCluster(
        n_workers=JOBS, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0"
    ) as own:
        for _round in range(rounds):
            for engine in ENGINES:
                command = [sys.executable, __file__, "--one", engine, str(folder), own.scheduler_address]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found[engine].append(json.loads(done.stdout))
                print(engine, done.stdout.strip(), f"load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    size = sum(path.stat().st_size for path in folder.rglob("*.metta"))
    print(f"{size / 1e6:.1f} MB, {JOBS} workers, medians of {rounds} rounds in turns, ms; × against one process\n")
    print("| engine | to the first result | a batch of nothing | all work | × | end |\n|---|---|---|---|---|---|")
    for engine in ENGINES:
        one = {name: median(run[name] for run in found[engine]) for name in found[engine][0]}
        # Pair by pair, as the load of the machine changes.
        pairs = zip(found["sequential"], found[engine], strict=True)
        faster = median(first["all work"] / second["all work"] for first, second in pairs)
        print(
            f"| {engine} | {one['to the first result']:,.0f} | {one['a batch of nothing']:.2f} | "
            f"{one['all work']:,.0f} | {faster:.2f} | {one['end']:,.0f} |"
        )


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]), sys.argv[4])))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
