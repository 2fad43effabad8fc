"""Workers that die at any moment cost one item each: the rest is done, and nothing hangs."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest
from dying_workers import LARGE, die
from program import Program
from workspaces import fresh

from metta_index.cli import session as session_module
from metta_index.indexer.building import indexing as indexing_module
from metta_index.indexer.building.build import BuildResult, Options, Workspace
from metta_index.indexer.building.work import Item, index_item
from metta_index.indexer.execution import pool_watch
from metta_index.indexer.execution.guard import Failure, Limits
from metta_index.indexer.execution.plan import Load, Rates, RunMeasurement, Wanted, plan_execution
from metta_index.indexer.execution.run import execute

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals end workers on Unix only")

GOOD = [f"good {number}" for number in range(40)]


def outcomes(
    items: list[str], jobs: int = 2, measured: list[RunMeasurement] | None = None
) -> dict[str, bytes | Failure]:
    plan = plan_execution(
        [Load("metta", 10)] * len(items), Rates(per_file_ms=1.0), 2, Wanted(jobs=jobs, backend="loky")
    )
    found = list(execute(plan, items, die, on_finish=None if measured is None else measured.append))
    assert sorted(index for index, _outcome in found) == list(range(len(items)))
    return {items[index]: outcome for index, outcome in found}


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("count", [1, 2])
def test_a_worker_killed_while_it_sends_a_large_result(monkeypatch: pytest.MonkeyPatch, jobs: int, count: int) -> None:
    monkeypatch.setattr(pool_watch, "GRACE_SECONDS", 0.2)
    bad = [f"half {number}" for number in range(count)]
    found = outcomes([*GOOD[:20], *bad, *GOOD[20:]], jobs)
    for item in bad:
        assert found[item] == Failure(
            "crash", "worker died while it sent its result, most often because memory ran out"
        )
    assert all(found[item] == item.encode() for item in GOOD)


def test_large_results_alone_lose_no_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_watch, "GRACE_SECONDS", 0.0)
    large = [f"large {number}" for number in range(8)]
    measured: list[RunMeasurement] = []
    found = outcomes([*GOOD, *large], measured=measured)
    assert measured[0].pools_lost == 0
    assert {item: len(outcome) for item, outcome in found.items() if item in large} == dict.fromkeys(large, LARGE)


@pytest.mark.parametrize(("deed", "cause"), [("bus", "SIGBUS"), ("abort", "SIGABRT"), ("wild", "SIGSEGV")])
def test_a_worker_that_crashes_in_c(deed: str, cause: str) -> None:
    found = outcomes([*GOOD[:20], deed, *GOOD[20:]])
    assert found[deed] == Failure("crash", f"worker died: {cause}; PYTHONFAULTHANDLER=1 shows where")
    assert all(found[item] == item.encode() for item in GOOD)


def misbehave_on_file_2(deed: str, item: Item) -> bytes:
    if item.path.endswith("file-2.metta"):
        match deed:
            case "abort":
                os.abort()
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "exit":
                os._exit(0)
            case "hang":
                time.sleep(600)
            case "no memory":
                raise MemoryError
            case _:
                raise RecursionError("too deep")
    return pool_work(item)


pool_work: Callable[[Item], bytes] = indexing_module.index_item_to_bytes


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("abort", "worker died: SIGABRT; PYTHONFAULTHANDLER=1 shows where"),
        ("kill", "worker died: SIGKILL"),
        ("exit", "worker died"),
        ("hang", "took longer than 0.5 s, so its worker was stopped"),
        ("no memory", "MemoryError"),
        ("recursion", "RecursionError: too deep"),
    ],
)
def test_a_build_names_the_file_that_kills_its_worker(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch, deed: str, told: str
) -> None:
    monkeypatch.setattr(indexing_module, "index_item_to_bytes", partial(misbehave_on_file_2, deed))
    monkeypatch.setattr(indexing_module, "execute", partial(execute, limits=Limits(seconds_per_item=0.5)))
    ended = program("build", "--root", workspace, "--backend", "loky", "--jobs", "2")
    assert ended.code == 1 and "11 indexed, 1 failed" in ended.out
    assert ended.err.startswith(f"error: part-2/file-2.metta: {told}") and ended.err.count("\n") == 1, ended.err
    monkeypatch.undo()
    assert program("export", "jsonl", "--root", workspace).out == fresh(program, workspace)


def of_another_version(item: Item) -> bytes:
    return msgspec.msgpack.encode(msgspec.structs.replace(index_item(item), made_by="another"))


def of_another_form(_item: Item) -> bytes:
    return b"\x93another form"


@pytest.mark.parametrize("backend", ["sequential", "loky"])
@pytest.mark.parametrize("work", [of_another_version, of_another_form])
def test_results_of_another_version_are_refused_and_the_build_ends(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch, backend: str, work: Callable[[Item], bytes]
) -> None:
    """As when the program is replaced while it runs: its workers start later than it does."""
    monkeypatch.setattr(indexing_module, "index_item_to_bytes", work)
    ended = program("build", "--root", workspace, "--backend", backend, "--jobs", "2")
    assert ended.code == 1 and "12 failed" in ended.out, ended
    assert ended.err.count("another version of metta-index or of a grammar than this one") == 12
    monkeypatch.undo()
    assert program("export", "jsonl", "--root", workspace).out == fresh(program, workspace)


def test_an_index_that_is_damaged_again_and_again_ends_in_memory(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = session_module.build
    tried = []

    def damaged(given: Workspace, options: Options) -> BuildResult:
        tried.append(given.index.path)
        if given.index.path is not None:
            raise session_module.DamagedIndexError("made up")
        return build(given, options)

    monkeypatch.setattr(session_module, "build", damaged)
    ended = program("export", "jsonl", "--root", workspace)
    assert (ended.code, ended.out) == (0, fresh(program, workspace))
    assert len(tried) >= 3 and ended.err.count("\n") == 2 and "kept in memory for this run" in ended.err


def test_the_watch_ends_with_its_pool() -> None:
    outcomes(GOOD)
    assert not [thread for thread in threading.enumerate() if thread.name == "pool-watch"]
