"""Workers of Dask: real ones, over loopback. Whatever becomes of them, the index is that of a sequential build."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import worker_functions
from parents import parent_at_work, started_parent, wait_until_gone
from program import Program

from metta_index.cli.session import open_session
from metta_index.indexer.building.build import Options
from metta_index.indexer.building.indexing import Progress
from metta_index.indexer.errors import ClusterError
from metta_index.indexer.execution import plan as plan_module
from metta_index.indexer.execution.plan import ExecutionPlan, Load, Rates, Wanted, plan_execution
from metta_index.indexer.execution.run import Failure, Limits, execute
from metta_index.indexer.execution.worker_processes import Workers

distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install 'metta-index[dask]'")
psutil = pytest.importorskip("psutil")  # comes with it

from metta_index.indexer.execution import dask_cluster  # noqa: E402

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals end workers on Unix only")

GOOD = [f"good {number}" for number in range(60)]


@pytest.fixture(autouse=True)
def many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "SHORTEST_DASK_BATCH_MS", 4.0)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Two workers of our own, for all tests that do not end them."""
    found = Workers()
    yield found
    found.close()


def plan_for(items: list[str], scheduler: str | None = None) -> ExecutionPlan:
    wanted = Wanted(jobs=2, backend="dask", scheduler=scheduler)
    return plan_execution([Load("metta", len(item)) for item in items], Rates(per_file_ms=1.0), 2, wanted)


def run(items: list[str], work: Any, **options: Any) -> dict[int, Any]:
    """Runs items to the end; every index must come exactly once."""
    results = list(execute(plan_for(items, options.pop("scheduler", None)), items, work, **options))
    assert sorted(index for index, _ in results) == list(range(len(items)))
    return dict(results)


def worker_pids() -> list[int]:
    """The worker processes of Dask that are children of this one."""
    return [
        child.pid for child in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(child.cmdline())
    ]


def test_all_items_come_back_from_other_processes(workers: Workers) -> None:
    measured: list[Any] = []
    assert run(GOOD, worker_functions.digest, workers=workers, on_finish=measured.append) == {
        index: worker_functions.digest(item) for index, item in enumerate(GOOD)
    }
    assert (measured[0].backend, measured[0].workers, measured[0].items) == ("dask", 2, len(GOOD))
    pids = set(run(GOOD, worker_functions.where, workers=workers).values())
    assert pids <= {str(pid).encode() for pid in worker_pids()}
    assert str(os.getpid()).encode() not in pids


def test_items_that_raise_or_end_their_worker_cost_themselves_only(capfd: pytest.CaptureFixture[str]) -> None:
    before = worker_pids()
    items = [*GOOD[:20], "segfault", *GOOD[20:40], "raise", *GOOD[40:], "vanish"]
    outcomes = run(items, worker_functions.misbehave)
    failures = {items[index]: outcome for index, outcome in outcomes.items() if isinstance(outcome, Failure)}
    died = Failure("crash", "its worker died, and so did another that tried it alone")
    assert failures == {"segfault": died, "vanish": died, "raise": Failure("error", "ValueError: bad atom")}
    for index, outcome in outcomes.items():
        assert items[index] in failures or outcome == worker_functions.digest(items[index])
    assert worker_pids() == before
    assert capfd.readouterr() == ("", "")


def test_an_item_that_hangs_is_stopped() -> None:
    outcomes = run(["hang", *GOOD[:5]], worker_functions.misbehave, limits=Limits(seconds_per_item=0.5))
    assert outcomes[0] == Failure("timeout", "took longer than 0.5 s, so its worker was stopped")
    assert [index for index, outcome in outcomes.items() if isinstance(outcome, Failure)] == [0]


def test_a_worker_of_another_version_is_refused(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "own_versions", lambda: "another")
    with pytest.raises(ClusterError, match=r"runs another version of metta-index \(metta-tree-.*; here: another\)"):
        run(GOOD, worker_functions.digest, workers=workers)


class Killer(Progress):
    """Kills a worker when the first file is done."""

    def __init__(self) -> None:
        self.before = worker_pids()
        self.files = self.done_then = 0
        self.killed: list[int] = []

    def start(self, files: int, size: int) -> None:
        self.files = files

    def advance(self, files: int, size: int) -> None:
        self.done_then += files and not self.killed
        if files and not self.killed:
            self.killed = [pid for pid in worker_pids() if pid not in self.before][:1]
            os.kill(self.killed[0], signal.SIGKILL)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    for number in range(150):
        path = root / f"part{number % 7}" / f"m{number}.metta"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"(= (f{number} $x{row}) (f{row} $x{row}))\n" for row in range(80)))
    (root / "app.py").write_text('metta.run("!(f1 (f2 3))")\n')
    (root / "doc.md").write_text("```metta\n(= (told) 1)\n```\n")
    return root


def test_a_worker_killed_midway_leaves_the_same_index(program: Program, workspace: Path) -> None:
    killer = Killer()
    with open_session(workspace, use_cache=False) as session:
        report = session.build(Options(force=True, wanted=Wanted(2, "dask")), lambda: killer).report
    assert (report.plan.backend if report.plan else "", report.failures) == ("dask", [])
    assert report.files.indexed == 152
    assert killer.killed and killer.done_then < killer.files == 152
    assert worker_pids() == killer.before
    found = program.export(workspace)
    assert program("build", workspace, "--force", "--no-cache", "--backend", "sequential").code == 0
    assert program.export(workspace) == found
    assert found.count('"type":"document"') == 152


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Any]:
    """A cluster that is not ours: a scheduler with two workers of two threads."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        local_directory=str(tmp_path),
        silence_logs=50,
    ) as found:
        yield found


def test_a_cluster_behind_a_scheduler_is_sent_the_texts(program: Program, workspace: Path, cluster: Any) -> None:
    address = cluster.scheduler_address
    shipped = run(GOOD, worker_functions.digest, scheduler=address, ship=lambda item: f"{item}, shipped")
    assert shipped[0] == worker_functions.digest("good 0, shipped")
    large = "".join(f"(fact {number} of-many)\n" for number in range(20_000))  # is read again when it is sent
    (workspace / "large.metta").write_text(large)
    arguments = ("--force", "--no-cache", "--backend", "dask", "--scheduler", address)
    ended = program("build", workspace, *arguments, "--format", "json")
    (report,) = ended.objects()
    assert (ended.code, ended.err, report["plan"]["backend"], report["plan"]["workers"]) == (0, "", "dask", 4)
    found = program.export(workspace)
    assert program("build", workspace, "--force", "--no-cache", "--backend", "sequential").code == 0
    assert program.export(workspace) == found


def test_what_cannot_be_sent_costs_itself_only(cluster: Any) -> None:
    def ship(item: str) -> str:
        if item == "good 3":
            raise OSError("gone")
        return item

    outcomes = run(GOOD, worker_functions.digest, scheduler=cluster.scheduler_address, ship=ship)
    assert outcomes.pop(3) == Failure("error", "gone")
    assert not any(isinstance(outcome, Failure) for outcome in outcomes.values())


def test_workers_are_asked_for_their_extractor_before_they_get_work(
    program: Program, workspace: Path, cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("build", workspace, "--backend", "dask", "--scheduler", cluster.scheduler_address)
    monkeypatch.setattr(dask_cluster, "own_versions", worker_functions.other_versions)
    monkeypatch.setattr(worker_functions, "OTHER_VERSIONS", "newer")
    told = program.usage_error(*arguments)
    assert "the Dask worker at tcp://127.0.0.1:" in told
    assert "runs another version of metta-index (older; here: newer); install the same one there" in told
    (tmp_path / "only_here.py").write_text("def versions():\n    return ''\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here  # type: ignore[import-not-found]

    monkeypatch.setattr(dask_cluster, "own_versions", only_here.versions)
    told = program.usage_error(*arguments)
    assert "cannot load metta-index" in told and "No module named 'only_here'" in told


def test_a_scheduler_that_goes_away_is_an_error(cluster: Any) -> None:
    results = execute(plan_for(GOOD, cluster.scheduler_address), GOOD, worker_functions.digest)
    next(results)
    cluster.close()
    with pytest.raises(ClusterError, match="the Dask cluster was lost"):
        list(results)


def test_no_scheduler_or_no_workers_is_a_usage_error(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 1)
    dask = ("build", workspace, "--backend", "dask", "--scheduler")
    assert "no Dask scheduler answers at tcp://127.0.0.1:9 (" in program.usage_error(*dask, "tcp://127.0.0.1:9")
    with distributed.LocalCluster(
        n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    ) as one:
        assert "has no workers; start some with `dask worker tcp://127" in program.usage_error(
            *dask, one.scheduler_address
        )
    monkeypatch.setenv("METTA_INDEX_SCHEDULER", "tcp://127.0.0.1:9")
    monkeypatch.setenv("METTA_INDEX_BACKEND", "dask")
    assert "no Dask scheduler answers" in program.usage_error("build", workspace)
    monkeypatch.setenv("METTA_INDEX_BACKEND", "sequential")
    assert program("build", workspace).code == 0
    assert "only --backend dask has a scheduler" in program.usage_error("build", workspace, "--scheduler", "tcp://a:1")


def test_ctrl_c_and_a_killed_parent_leave_no_workers(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        folder = tmp_path / number.name
        folder.mkdir()
        with parent_at_work(folder, "dask") as (parent, pids):
            if number == signal.SIGINT:
                os.killpg(parent.pid, number)  # as a terminal does
            else:
                parent.send_signal(number)
            output, _ = parent.communicate(timeout=15)
            assert parent.returncode in (-number, 128 + number), output
            assert output.count("Traceback") == (number == signal.SIGINT), output
            assert wait_until_gone(pids, 5)


@pytest.mark.parametrize("delay", [0.3, 0.6, 0.9])
def test_ctrl_c_while_workers_start_is_as_quiet(tmp_path: Path, delay: float) -> None:
    with started_parent(tmp_path, "dask") as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        time.sleep(delay)
        os.killpg(parent.pid, signal.SIGINT)
        output, _ = parent.communicate(timeout=15)
        assert parent.returncode == -signal.SIGINT
        assert output.count("Traceback") == 1, output
        assert wait_until_gone([int(path.name) for path in tmp_path.iterdir()], 5)


def test_a_cluster_is_started_where_there_is_work_only(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program("build", workspace).code == 0
    time.sleep(2.1)  # file times settle
    assert program("build", workspace).code == 0

    def refuse(*_: object) -> None:
        raise AssertionError("no cluster is needed")

    monkeypatch.setattr(dask_cluster.DaskCluster, "__init__", refuse)
    assert program("build", workspace, "--backend", "dask").code == 0
    assert "dask" in sys.modules
