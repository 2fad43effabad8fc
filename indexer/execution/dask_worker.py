"""What runs inside a worker of Dask: a batch, if this worker's extractor is the one that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from metta_index.indexer.execution import workers
from metta_index.indexer.execution.guard import Item, Limits
from metta_index.indexer.execution.workers import BatchResult, run_batch
from metta_index.indexer.languages import own_versions


class OtherVersions(NamedTuple):
    """This worker would give other results: what it runs instead."""

    versions: str


def run_if_same(
    work: Callable[[Item], bytes], batch: Sequence[tuple[int, Item]], versions: str, limits: Limits | None
) -> BatchResult | OtherVersions:
    """The outcomes of a batch from a worker of these versions (`own_versions`). It never raises.

    `limits`: only where the worker is there for us alone, since the item that goes over them ends it.
    """
    found = own_versions()
    if found != versions:
        return OtherVersions(found)
    workers.set_limits(limits)
    return run_batch(work, batch)
