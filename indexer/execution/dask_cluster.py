"""DaskCluster: workers of Dask, our own ones or those behind a scheduler; the one module that knows Dask.

Dask's own client, not joblib's backend: that waits for ever where a task ends its worker.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import shutil
import signal
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from metta_index.indexer.errors import ClusterError
from metta_index.indexer.execution.dask_worker import OtherVersions, run_if_same
from metta_index.indexer.execution.guard import Failure, Item, Limits
from metta_index.indexer.execution.plan import ExecutionPlan
from metta_index.indexer.execution.rates import Meter, RunMeasurement
from metta_index.indexer.execution.run import Results
from metta_index.indexer.execution.workers import BatchResult, interrupts_held_back
from metta_index.indexer.languages import own_versions

CONNECT_SECONDS = 10
#: So long a run waits for a worker where there is none: Dask's own replaces those that died within seconds.
WORKERLESS_SECONDS = 60.0
_LOOK_SECONDS = 1.0
#: A worker has its next batch when it is through with one, and little more is lost with it.
BATCHES_UNDER_WAY_PER_THREAD = 2

#: Of our own cluster: whatever a dead worker was at is ours to try again, at once; no pages of HTML.
_OWN_SETTINGS: dict[str, Any] = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.large-graph-warning-threshold": "1GB",
    # A worker logs before it knows how much it is to log; in its environment it finds that at once.
    "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
}


class DaskCluster:
    """Workers behind a scheduler, or, without one, `processes` of our own that can be reached from this machine only.

    `threads`: how many batches run at once.
    """

    def __init__(self, scheduler: str | None, processes: int) -> None:
        """Raises ClusterError where the scheduler cannot be reached or has no workers."""
        self.scheduler = scheduler
        self.processes = processes
        self._own: Any = None
        self._client: Any = None
        self._folder: str | None = None
        import dask
        import distributed

        _silence()
        dask.config.set(_OWN_SETTINGS)
        if os.name == "posix":
            from multiprocessing import resource_tracker

            # It unblocks SIGINT when it starts, so it starts before that is held back.
            resource_tracker.ensure_running()
        try:
            # The threads and processes that start here never see a Ctrl-C: it is for this process to act on.
            with interrupts_held_back():
                address = self._start_own(distributed) if scheduler is None else scheduler
                self._client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
            self.threads: int = sum(self._client.nthreads().values())
            if scheduler is not None:
                self._compare_versions()
        except (OSError, ValueError, TimeoutError, RuntimeError) as error:
            is_connected = self._client is not None
            self.close()
            raise ClusterError(_refusal(scheduler, error, is_connected)) from error
        except BaseException:
            self.close()
            raise

    @property
    def is_own(self) -> bool:
        """Whether its workers run on this machine, where they read the files that we read."""
        return self.scheduler is None

    def _start_own(self, distributed: Any) -> str:
        """Starts workers on this machine; the address of their scheduler."""
        self._folder = tempfile.mkdtemp(prefix="metta-index-dask-")
        self._own = distributed.LocalCluster(
            n_workers=self.processes,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
            memory_limit=0,
            local_directory=self._folder,
        )
        address: str = self._own.scheduler_address
        return address

    def _compare_versions(self) -> None:
        """Raises ClusterError where a worker that is there now could not do our work as we do."""
        here = own_versions()
        for address, found in self._client.run(own_versions, on_error="return").items():
            if isinstance(found, Exception):
                raise ClusterError(
                    f"the Dask worker at {address} cannot load metta-index ({_line(found)}); install the same one there"
                )
            if found != here:
                raise ClusterError(_other_versions(f"the Dask worker at {address}", found, here))

    def run(
        self,
        plan: ExecutionPlan,
        items: Sequence[Item],
        work: Callable[[Item], bytes],
        *,
        limits: Limits | None = None,
        ship: Callable[[Item], Item] | None = None,
        on_start: Callable[[], None] | None = None,
        on_finish: Callable[[RunMeasurement], None] | None = None,
    ) -> Results:
        """Do what `run.execute` says. A batch whose worker dies is tried again in halves, what is left of it alone.

        `ship`: what an item is sent as to workers that do not have our files. Raises ClusterError where the
        scheduler or all workers are lost, and where a worker cannot do this work.
        """
        meter = Meter(plan.loads)
        tasks = _Tasks(self._client, work, (limits or Limits()) if self.is_own else None, None if self.is_own else ship)
        try:
            waiting = deque(plan.batches)
            suspects: list[int] = []
            while waiting or tasks.count:
                while waiting and tasks.count < BATCHES_UNDER_WAY_PER_THREAD * plan.workers:
                    yield from tasks.submit(waiting.popleft(), items)
                if on_start is not None:
                    on_start()
                    on_start = None
                if tasks.count:
                    batch, result = tasks.next()
                    if result is not None:
                        yield from _delivered(result, meter)
                    elif len(batch) > 1:
                        waiting += [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
                    else:
                        suspects += batch
            # Others died with it, or it with others: only where nothing else runs is it to blame.
            for index in suspects:
                started = time.monotonic()
                yield from tasks.submit((index,), items)
                if tasks.count:
                    _, result = tasks.next()
                    if result is not None:
                        yield from _delivered(result, meter)
                    else:
                        yield index, tasks.post_mortem(time.monotonic() - started)
        finally:
            tasks.cancel()
        if on_finish is not None:
            on_finish(meter.measurement("dask", plan.workers, ""))

    def close(self) -> None:
        """Leaves the scheduler; ends the workers that are ours."""
        with contextlib.suppress(Exception):
            if self._client is not None:
                self._client.close(timeout=2)
        with contextlib.suppress(Exception):
            if self._own is not None:
                nannies = list(self._own.workers.values())
                # Else each starts another worker for the one that ends, which finds itself alone and says so at length.
                self._own.sync(_end_with_workers, nannies)
                # Asked politely, a worker is through with its item first.
                for nanny in nannies:
                    if nanny.pid is not None:
                        os.kill(nanny.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
                self._own.close(timeout=2)
        self._client = self._own = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


async def _end_with_workers(nannies: Sequence[Any]) -> None:
    for nanny in nannies:
        nanny.close_gracefully()


def _silence() -> None:
    """Dask logs each worker that ends, and each result that went with it; what that cost is ours to say."""
    warnings.filterwarnings("ignore", module=r"distributed\.")
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("distributed"):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _delivered(result: BatchResult, meter: Meter) -> Iterator[tuple[int, bytes | Failure]]:
    for index, busy_ms, outcome in zip(result.indexes, result.busy_ms, result.outcomes, strict=True):
        meter.add(index, busy_ms)
        yield index, outcome


class _Tasks:
    """Batches at work. `count`: how many are under way."""

    def __init__(
        self,
        client: Any,
        work: Callable[[Any], bytes],
        limits: Limits | None,
        ship: Callable[[Any], Any] | None,
    ) -> None:
        self._client = client
        self._work = work
        self._limits = limits
        self._ship = ship
        self._versions = own_versions()
        self._batches: dict[Any, tuple[int, ...]] = {}
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()

    @property
    def count(self) -> int:
        return len(self._batches)

    def submit(self, batch: tuple[int, ...], items: Sequence[Any]) -> Iterator[tuple[int, Failure]]:
        """Sends a batch; yields the items that cannot be sent."""
        sent: list[tuple[int, Any]] = []
        for index in batch:
            try:
                sent.append((index, items[index] if self._ship is None else self._ship(items[index])))
            except Exception as error:
                yield index, Failure("error", str(error))
        if sent:
            future = self._client.submit(
                run_if_same, self._work, sent, self._versions, self._limits, pure=False, retries=0
            )
            self._batches[future] = tuple([index for index, _ in sent])
            future.add_done_callback(self._done.put)

    def next(self) -> tuple[tuple[int, ...], BatchResult | None]:
        """The next batch that ended, and what came of it; None: it ended its worker. Raises ClusterError."""
        from distributed.scheduler import KilledWorker

        future = self._wait()
        batch = self._batches.pop(future)
        try:
            result = future.result()
        except KilledWorker:
            return batch, None
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            raise ClusterError(_broken(error)) from error
        finally:
            future.release()
        if isinstance(result, OtherVersions):
            raise ClusterError(_other_versions("a worker of Dask", result.versions, self._versions))
        assert isinstance(result, BatchResult)
        return batch, result

    def _wait(self) -> Any:
        workerless_since: float | None = None
        while True:
            with contextlib.suppress(queue.Empty):
                return self._done.get(timeout=_LOOK_SECONDS)
            try:
                has_workers = bool(self._client.nthreads())
            except Exception as error:
                raise ClusterError(_broken(error)) from error
            now = time.monotonic()
            workerless_since = None if has_workers else workerless_since or now
            if workerless_since is not None and now - workerless_since > WORKERLESS_SECONDS:
                raise ClusterError(
                    f"no worker of Dask has been left for {WORKERLESS_SECONDS:.0f} s; start some, and build again: "
                    "what was indexed is in the cache"
                )

    def post_mortem(self, seconds: float) -> Failure:
        """The failure of an item that ended its worker where nothing else ran, after so long."""
        limit = None if self._limits is None else self._limits.seconds_per_item
        if limit is not None and seconds >= limit:
            return Failure("timeout", f"took longer than {limit:g} s, so its worker was stopped")
        return Failure("crash", "its worker died, and so did another that tried it alone")

    def cancel(self) -> None:
        """Forgets what is under way."""
        if self._batches:
            with contextlib.suppress(Exception):
                self._client.cancel(list(self._batches), force=True)
            self._batches.clear()


def _refusal(scheduler: str | None, error: BaseException, is_connected: bool) -> str:
    """Why there is no cluster, for people."""
    if scheduler is None:
        return f"no workers of Dask can be started here ({_line(error)}); use --backend loky"
    if is_connected:
        return f"the Dask scheduler at {scheduler} has no workers; start some with `dask worker {scheduler}`"
    return (
        f"no Dask scheduler answers at {scheduler} ({_line(error)}); start one with `dask scheduler`, "
        "and give the address that it prints"
    )


def _other_versions(worker: str, found: object, here: str) -> str:
    return f"{worker} runs another version of metta-index ({found}; here: {here}); install the same one there"


def _broken(error: BaseException) -> str:
    """Why a cluster is of no use any more, for people."""
    return (
        f"the Dask cluster was lost ({_line(error)}); look at the log of its scheduler, and build again: "
        "what was indexed is in the cache"
    )


def _line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
