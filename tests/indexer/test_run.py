"""Running a plan: the same results in one process and in several, whatever the work does to its worker."""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import worker_functions
from parents import alive, parent_at_work, started_parent, wait_until_gone

from metta_index.indexer.execution.plan import ExecutionPlan, Load, Rates, RunMeasurement, Wanted, plan_execution
from metta_index.indexer.execution.run import Failure, Limits, Terminated, execute
from metta_index.indexer.execution.worker_processes import Workers

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals end workers on Unix only")

GOOD = [f"good {number}" for number in range(60)]
# One millisecond an item, so that there are many batches to lose.
RATES = Rates(per_file_ms=1.0)


def plan_for(items: Sequence[str], *, jobs: int = 2, backend: str = "loky") -> ExecutionPlan:
    wanted = Wanted(jobs=jobs, backend=backend)  # type: ignore[arg-type]
    return plan_execution([Load("metta", len(item)) for item in items], RATES, 2, wanted)


def run(
    items: Sequence[str], work: Callable[[str], Any], *, limits: Limits | None = None, **wanted: Any
) -> tuple[dict[int, Any], RunMeasurement]:
    """Run `items` to the end; every index must come exactly once."""
    measurements: list[RunMeasurement] = []
    results = list(execute(plan_for(items, **wanted), items, work, limits=limits, on_finish=measurements.append))
    assert sorted(index for index, _ in results) == list(range(len(items)))
    return dict(results), measurements[0]


def check(items: Sequence[str], outcomes: dict[int, Any], failures: dict[str, str]) -> None:
    """Fail unless the items in `failures` failed in that way and all others have their own outcome."""
    found = {items[index]: outcome for index, outcome in outcomes.items() if isinstance(outcome, Failure)}
    assert {item: f"{failure.kind}: {failure.message}" for item, failure in found.items()} == failures
    for index, outcome in outcomes.items():
        if items[index] not in failures:
            assert outcome == worker_functions.digest(items[index])


def test_processes_and_one_process_give_the_same() -> None:
    sequential, measured = run(GOOD, worker_functions.digest, backend="sequential")
    assert (measured.backend, measured.workers, measured.pool_start_ms) == ("sequential", 1, 0.0)
    parallel, measured = run(GOOD, worker_functions.digest)
    assert parallel == sequential
    assert (measured.backend, measured.workers, measured.pools_lost) == ("loky", 2, 0)
    assert measured.items == len(GOOD)
    assert measured.bytes == sum(map(len, GOOD))
    assert 0 < measured.busy_ms < measured.wall_ms
    assert 0 < measured.pool_start_ms < measured.wall_ms
    assert sum(times.items for times in measured.languages) == len(GOOD)


RAISING = {
    "raise": "error: ValueError: bad atom",
    "recurse": "error: RecursionError: maximum recursion depth exceeded",
    "memory": "error: MemoryError",
    "exit": "error: SystemExit: 3",
    "silent": "error: SilentError",
}


@pytest.mark.parametrize("backend", ["sequential", "loky"])
def test_work_that_raises_costs_its_item(backend: str) -> None:
    items = [*GOOD[:30], *RAISING, *GOOD[30:]]
    outcomes, measured = run(items, worker_functions.misbehave, backend=backend)
    shortened = {
        index: Failure(outcome.kind, outcome.message.partition(" while")[0])
        if isinstance(outcome, Failure)
        else outcome
        for index, outcome in outcomes.items()
    }
    check(items, shortened, RAISING)
    assert measured.pools_lost == 0


@pytest.mark.parametrize("backend", ["sequential", "loky"])
def test_only_bytes_come_back(backend: str) -> None:
    items = [*GOOD[:30], "lambda", "text", *GOOD[30:]]
    outcomes, measured = run(items, worker_functions.misbehave, backend=backend)
    check(
        items,
        outcomes,
        {"lambda": "error: its result is function, not bytes", "text": "error: its result is str, not bytes"},
    )
    assert measured.pools_lost == 0


def test_an_interrupt_in_a_worker_costs_its_item() -> None:
    items = [*GOOD[:30], "interrupt", *GOOD[30:]]
    outcomes, measured = run(items, worker_functions.misbehave)
    check(items, outcomes, {"interrupt": "error: KeyboardInterrupt"})
    assert measured.pools_lost == 0


def test_workers_that_die_cost_one_item_each() -> None:
    items = [*GOOD[:20], "segfault", *GOOD[20:40], "vanish", "segfault twice", *GOOD[40:], "raise"]
    outcomes, measured = run(items, worker_functions.misbehave)
    check(
        items,
        outcomes,
        {
            "segfault": "crash: worker died: SIGSEGV; PYTHONFAULTHANDLER=1 shows where",
            "segfault twice": "crash: worker died: SIGSEGV; PYTHONFAULTHANDLER=1 shows where",
            "vanish": "crash: worker died: exit status 7",
            "raise": RAISING["raise"],
        },
    )
    assert measured.pools_lost >= 4


def test_a_crash_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    items = [*GOOD, "kill"]
    outcomes, _ = run(items, worker_functions.misbehave)
    check(items, outcomes, {"kill": "crash: worker died: SIGKILL, most often because memory ran out"})
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows semaphores as files")
def test_no_semaphores_are_left_behind() -> None:
    def ours() -> list[Path]:
        return [path for path in Path("/dev/shm").glob(f"*loky-{os.getpid()}-*") if path not in before]

    before: set[Path] = set()  # of pools that other tests had and that nobody collected yet
    before.update(ours())
    during: list[Path] = []
    items = [*GOOD, "kill"]
    results = execute(plan_for(items), items, worker_functions.misbehave, on_start=lambda: during.extend(ours()))
    assert len(list(results)) == len(items)
    assert during
    # A process of loky's removes them, a little later.
    deadline = time.monotonic() + 5
    while ours() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ours() == []


def test_an_item_that_hangs_is_stopped_and_named_at_once() -> None:
    items = [*GOOD[:20], "hang", *GOOD[20:]]
    outcomes, measured = run(items, worker_functions.misbehave, limits=Limits(seconds_per_item=0.3))
    check(items, outcomes, {"hang": "timeout: took longer than 0.3 s, so its worker was stopped"})
    assert measured.pools_lost == 1


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not enforce RLIMIT_AS")
def test_memory_has_a_limit() -> None:
    items = [*GOOD[:20], "allocate", *GOOD[20:]]
    outcomes, _ = run(items, worker_functions.misbehave, limits=Limits(memory_bytes=2 << 30))
    check(items, outcomes, {"allocate": "memory: MemoryError"})


def test_one_job_in_a_process_of_its_own_isolates_without_retries() -> None:
    items = [*GOOD, "segfault"]
    pids, _ = run(GOOD, worker_functions.where, jobs=1)
    assert str(os.getpid()).encode() not in pids.values()
    outcomes, measured = run(items, worker_functions.misbehave, jobs=1)
    check(items, outcomes, {"segfault": "crash: worker died: SIGSEGV; PYTHONFAULTHANDLER=1 shows where"})
    assert measured.pools_lost == 1


def test_without_pgrep_pools_still_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    items = [*GOOD, "segfault"]
    outcomes, _ = run(items, worker_functions.misbehave)
    check(items, outcomes, {"segfault": "crash: worker died: SIGSEGV; PYTHONFAULTHANDLER=1 shows where"})


def test_without_semaphores_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.effective_n_jobs", lambda _: 1)
    outcomes, measured = run(GOOD, worker_functions.where)
    assert set(outcomes.values()) == {str(os.getpid()).encode()}
    assert measured.backend == "sequential"
    assert measured.note.startswith("no worker processes, so 60 items ran in this one: this system lacks")


def test_what_killed_a_worker_never_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    # The first pool starts, no other does.
    answers = iter([2])
    monkeypatch.setattr("joblib.effective_n_jobs", lambda _: next(answers, 1))
    items = ["segfault", *GOOD]
    outcomes, _ = run(items, worker_functions.misbehave)
    assert outcomes[0] == Failure("crash", "its worker died, and no other could be started to try it alone")
    # What the other worker was at just then is suspect too, and not risked.
    failed = [index for index, outcome in outcomes.items() if isinstance(outcome, Failure)]
    assert len(failed) <= 2


def test_workers_that_cannot_start_leave_the_work_to_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    # The items are fine: no worker ever gets to one.
    monkeypatch.setattr("metta_index.indexer.execution.loky_pool.start_worker", worker_functions.refuse)
    outcomes, measured = run(GOOD, worker_functions.where)
    assert set(outcomes.values()) == {str(os.getpid()).encode()}
    assert measured.pools_lost == 2
    assert measured.note.startswith("no worker processes, so 60 items ran in this one: ")


def test_stopping_early_ends_the_workers() -> None:
    results = execute(plan_for(GOOD), GOOD, worker_functions.where)
    with contextlib.closing(results):
        _, worker = next(results)
    assert isinstance(worker, bytes)
    assert not alive(int(worker))


def test_an_error_of_the_consumer_ends_the_workers() -> None:
    workers: set[int] = set()
    with pytest.raises(ZeroDivisionError):
        for _, worker in execute(plan_for(GOOD), GOOD, worker_functions.where):
            assert isinstance(worker, bytes)
            workers.add(int(worker))
            _ = 1 / 0
    assert workers
    assert not any(alive(worker) for worker in workers)


def run_with(workers: Workers, items: Sequence[str]) -> tuple[set[int], RunMeasurement]:
    """The processes that did the items, apart from those that cost their worker."""
    measurements: list[RunMeasurement] = []
    plan = plan_for(items)
    results = list(execute(plan, items, worker_functions.where, workers=workers, on_finish=measurements.append))
    return {int(worker) for _, worker in results if isinstance(worker, bytes)}, measurements[0]


def test_workers_stay_for_another_run_and_are_gone_when_closed() -> None:
    with contextlib.closing(Workers()) as workers:
        first, measured = run_with(workers, GOOD)
        assert os.getpid() not in first
        assert measured.pool_boot_ms > 0
        second, measured = run_with(workers, GOOD)
        assert len(first | second) <= 2
        assert measured.pool_boot_ms == 0
    assert not any(alive(worker) for worker in first | second)


def test_workers_that_start_early_do_the_work_and_say_what_their_start_took() -> None:
    with contextlib.closing(Workers()) as workers:
        workers.start(plan_for(GOOD), worker_functions.where)
        time.sleep(1)
        found, measured = run_with(workers, GOOD)
        assert measured.pool_boot_ms > measured.pool_start_ms
    assert found
    assert not any(alive(worker) for worker in found)


def test_workers_that_start_for_nothing_are_ended() -> None:
    from joblib.externals.loky import reusable_executor

    with contextlib.closing(Workers()) as workers:
        workers.start(plan_for(GOOD), worker_functions.where)
        started = list(reusable_executor._executor._processes)
        assert started
    assert not any(alive(worker) for worker in started)


def test_a_run_that_lost_its_workers_leaves_none_of_them_to_the_next() -> None:
    with contextlib.closing(Workers()) as workers:
        items = [*GOOD, "kill"]
        results = dict(execute(plan_for(items), items, worker_functions.misbehave, workers=workers))
        assert isinstance(results[len(GOOD)], Failure)
        found, measured = run_with(workers, GOOD)
        assert len(found) <= 2
        assert measured.pools_lost == 0


def test_on_start_is_called_once_before_any_result() -> None:
    events: list[object] = []
    items = [*GOOD, "vanish"]
    for index, _ in execute(
        plan_for(items), items, worker_functions.misbehave, on_start=lambda: events.append("start")
    ):
        events.append(index)
    assert events[0] == "start"
    assert events.count("start") == 1


def test_a_request_to_end_is_no_failure_of_the_item() -> None:
    items = ["good", "terminate", "never"]
    seen = []
    with pytest.raises(Terminated):
        for index, _ in execute(plan_for(items, backend="sequential"), items, worker_functions.misbehave):
            seen.append(index)
    assert seen == [0]


def test_neither_planning_nor_importing_the_run_imports_joblib() -> None:
    script = (
        "import sys; import metta_index.indexer.execution.run as run, metta_index.indexer.execution.plan as plan;"
        "p = plan.plan_execution([plan.Load('metta', 1)], plan.Rates(), 8, plan.Wanted());"
        "list(run.execute(p, [1], abs));"
        "print([m for m in ('joblib', 'multiprocessing', 'asyncio', 'ctypes', 'tree_sitter') if m in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert ast.literal_eval(printed) == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_terminated_parent_closes_its_pipe_and_takes_its_workers_along(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with parent_at_work(tmp_path) as (parent, workers):
        parent.send_signal(number)
        # The reader sees the end only when no worker holds the pipe any more.
        output, _ = parent.communicate(timeout=5)
        assert (output, parent.returncode) == ("ready\n", status)
        assert wait_until_gone(workers, 1)


def test_ctrl_c_ends_everything_with_one_traceback(tmp_path: Path) -> None:
    with parent_at_work(tmp_path) as (parent, workers):
        # A terminal sends it to the whole group.
        os.killpg(parent.pid, signal.SIGINT)
        output, _ = parent.communicate(timeout=5)
        assert parent.returncode == -signal.SIGINT
        assert output.count("Traceback (most recent call last)") == 1
        assert output.endswith("KeyboardInterrupt\n")
        assert wait_until_gone(workers, 1)


def test_ctrl_c_while_workers_start_is_as_quiet(tmp_path: Path) -> None:
    for delay in (0.05, 0.1, 0.15, 0.2):
        with started_parent(tmp_path) as parent:
            assert parent.stdout is not None
            parent.stdout.readline()
            time.sleep(delay)
            os.killpg(parent.pid, signal.SIGINT)
            output, _ = parent.communicate(timeout=5)
            assert parent.returncode == -signal.SIGINT
            assert output.count("Traceback (most recent call last)") == 1, output


def test_workers_do_not_survive_a_killed_parent(tmp_path: Path) -> None:
    with parent_at_work(tmp_path) as (parent, workers):
        parent.kill()
        parent.wait()
        assert wait_until_gone(workers, 2)


def test_the_portable_watch_alone_ends_orphans(tmp_path: Path) -> None:
    """Without the parent-death signal of Linux, the thread that polls the parent's id does it."""
    script = (
        "import os, subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-c', 'import os, sys, time;"
        'from metta_index.indexer.execution import workers; sys.platform = "other";'
        'workers._end_with_parent(os.getppid()); open(sys.argv[1] + "/" + str(os.getpid()), "w").close();'
        "time.sleep(600)', sys.argv[1]]);"
        "child.wait()"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    deadline = time.monotonic() + 10
    while not (found := [int(file.name) for file in tmp_path.iterdir()]) and time.monotonic() < deadline:
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    assert found
    assert wait_until_gone(found, 2)
