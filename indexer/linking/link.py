"""Linking: what imports mean in the workspace as it is now, for those whose meaning may have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import closing
from functools import cache
from math import ceil
from typing import NamedTuple, Protocol

import msgspec

from metta_index.indexer.execution.plan import ExecutionPlan, Load, Rates, RunMeasurement, Wanted, plan_execution
from metta_index.indexer.execution.run import execute
from metta_index.indexer.execution.worker_processes import Workers
from metta_index.indexer.languages.metta.modules import (
    BUILTIN_MODULES,
    REGISTRATIONS,
    FileSet,
    ImportSite,
    Names,
    Resolution,
    Workspace,
    changed_keys,
    changed_names,
    named_by,
    resolve,
)
from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.linking.link_context import LinkContext


class ImportStore(Protocol):
    """The imports of a built index, each with the number of its document."""

    def unlinked(self) -> list[tuple[int, ImportRecord]]: ...

    def all(self) -> list[tuple[int, ImportRecord]]: ...

    def with_form(self, forms: Iterable[str]) -> list[tuple[int, ImportRecord]]: ...

    def depending_on(self, keys: Iterable[str]) -> list[tuple[int, ImportRecord]]: ...

    def dropped(self) -> list[ImportRecord]:
        """The REGISTRATIONS that were there at the last call of `link`, and are gone."""

    def resolve(self, document: int, record: ImportRecord) -> None:
        """Keeps the resolution of a record."""


#: Imports of a batch at most: some 25 ms of work, which outweighs sending the names of all files along.
BATCH = 2500
#: What plans and rates call this kind of work; its bytes are those of paths and names.
LOAD = "link"


class Sharing(NamedTuple):
    """How linking may be shared between processes: as everything else (`plan.plan_execution`).

    `workers`: those that are there already.
    """

    wanted: Wanted = Wanted()
    load_rates: Callable[[], Rates] = Rates
    cpus: int = 1
    workers: Workers | None = None


class Linked(NamedTuple):
    """How many imports were resolved, and how; None where there were none."""

    imports: int
    plan: ExecutionPlan | None
    measurement: RunMeasurement | None


NOTHING_LINKED = Linked(0, None, None)


def link(
    store: ImportStore,
    context: LinkContext,
    paths: AbstractSet[str],
    paths_before: AbstractSet[str],
    everything: bool,
    sharing: Sharing | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Linked:
    """Resolves the imports whose meaning may differ from what the store says.

    `paths`: all documents of the workspace; `paths_before`: those at the last call.
    `everything`: the context is another one than at the last call. `sharing`: None does
    it all in this process. `meanwhile`: what this process may do while others resolve.
    """
    added, removed = paths - paths_before, paths_before - paths
    waiting = _keyed(store.all() if everything else store.unlinked())
    gone = store.dropped()
    if not (waiting or added or removed or gone):
        return NOTHING_LINKED
    files = FileSet(paths)
    keys = changed_keys(files, added, removed)
    workspace = Workspace(files, context.roots, context.aliases, builtins=BUILTIN_MODULES)
    waiting |= _keyed(store.depending_on(keys)) if keys and not everything else {}
    registrations = _keyed(store.with_form(REGISTRATIONS))
    before = _names([*registrations.values(), *gone])
    now = _names(
        record._replace(resolution=resolve(record.site, workspace)) if key in waiting else record
        for key, record in registrations.items()
    )
    names = changed_names(before.registered, now.registered) | changed_names(before.repositories, now.repositories)
    waiting |= _keyed(store.depending_on(names)) if names and not everything else {}
    named = Workspace(files, context.roots, context.aliases, now.registered, now.repositories, builtins=BUILTIN_MODULES)
    todo = list(waiting.items())
    # Of one size, so that the last worker ends when the others do.
    size = ceil(len(todo) / ceil(len(todo) / BATCH)) if todo else BATCH
    batches = [
        Batch(tuple([record.site for _key, record in todo[start : start + size]]), workspace, named)
        for start in range(0, len(todo), size)
    ]
    sharing = sharing or Sharing()
    loads = [Load(LOAD, sum([len(site.path) + len(site.module) for site in batch.sites])) for batch in batches]
    # One batch cannot be shared: how fast that would go need not be looked up.
    rates = sharing.load_rates() if len(loads) > 1 else Rates()
    # A cluster is for the texts: what imports mean is worked out in less time than it takes to send all names there.
    wanted = sharing.wanted if sharing.wanted.backend != "dask" else Wanted(backend="sequential")
    plan = plan_execution(loads, rates, sharing.cpus, wanted)
    measured: list[RunMeasurement] = []
    with closing(
        execute(plan, batches, resolve_to_bytes, workers=sharing.workers, on_start=meanwhile, on_finish=measured.append)
    ) as results:
        for number, data in results:
            # A worker that died takes no import with it.
            encoded = data if isinstance(data, bytes) else resolve_to_bytes(batches[number])
            part = todo[number * size : (number + 1) * size]
            for ((document, _position), record), resolution in zip(part, _decoder().decode(encoded), strict=True):
                store.resolve(document, record._replace(resolution=resolution))
    return Linked(len(todo), plan if todo else None, measured[0] if measured and todo else None)


class Batch(NamedTuple):
    """Imports that are resolved together. `plain` knows no names that others of them give."""

    sites: tuple[ImportSite, ...]
    plain: Workspace
    named: Workspace


def resolve_to_bytes(batch: Batch) -> bytes:
    """The resolutions of a batch in order, encoded: what workers send."""
    # What gives names does not depend on the names that others give.
    return msgspec.msgpack.encode(
        [resolve(site, batch.plain if site.form in REGISTRATIONS else batch.named) for site in batch.sites]
    )


@cache
def _decoder() -> msgspec.msgpack.Decoder[list[Resolution]]:
    return msgspec.msgpack.Decoder(list[Resolution])


def _keyed(found: Iterable[tuple[int, ImportRecord]]) -> dict[tuple[int, int], ImportRecord]:
    return {(number, record.position): record for number, record in found}


def _names(records: Iterable[ImportRecord]) -> Names:
    return named_by((record.site, record.resolution) for record in records if record.resolution and not record.is_inert)
