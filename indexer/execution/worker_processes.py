"""Workers: the worker processes that the runs of one build share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from metta_index.indexer.execution.guard import Item, Limits

if TYPE_CHECKING:
    from metta_index.indexer.execution.dask_cluster import DaskCluster
    from metta_index.indexer.execution.loky_pool import LokyPool
    from metta_index.indexer.execution.plan import ExecutionPlan
    from metta_index.indexer.execution.wanted import Wanted


class Workers:
    """The worker processes of several runs. There are none until they are wanted, and none after `close`."""

    def __init__(self) -> None:
        self._pool: LokyPool | None = None
        self._cluster: DaskCluster | None = None

    @property
    def are_starting(self) -> bool:
        """Whether there are some, if only just."""
        return self._pool is not None

    def start(self, plan: ExecutionPlan, work: Callable[[Item], bytes]) -> None:
        """Has the workers of a plan start while this process does something else; `work` is what they will do."""
        if plan.backend == "loky":
            self.pool(plan, Limits()).start(work)

    def pool(self, plan: ExecutionPlan, limits: Limits) -> LokyPool:
        """As many workers as a plan wants: those that are there, or new ones."""
        from metta_index.indexer.execution.loky_pool import LokyPool

        # joblib runs a pool of one in this process.
        processes = max(2, plan.workers)
        if self._pool is None or (self._pool.processes, self._pool.limits) != (processes, limits):
            self._end_pool()
            self._pool = LokyPool(processes, limits)
        return self._pool

    def cluster(self, scheduler: str | None, processes: int) -> DaskCluster:
        """The workers behind a scheduler, or so many of our own: those that are there, or new ones.

        Raises ClusterError.
        """
        from metta_index.indexer.execution.dask_cluster import DaskCluster

        if self._cluster is None:
            self._cluster = DaskCluster(scheduler, processes)
        return self._cluster

    def cpus(self, wanted: Wanted) -> int:
        """How many items can be worked on at once: here, or in the cluster that is asked for. Raises ClusterError."""
        if wanted.backend == "dask" and wanted.scheduler is not None:
            return self.cluster(wanted.scheduler, 0).threads
        from metta_index.indexer.execution.plan import usable_cpus

        return usable_cpus()

    def close(self) -> None:
        """Ends the workers."""
        self._end_pool()
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    def _end_pool(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None
