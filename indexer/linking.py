"""Linking: what imports mean in the workspace as it is now, for those whose meaning may have changed."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Protocol

from metta_index.indexer.imports import ImportRecord
from metta_index.indexer.languages.metta.modules import (
    BUILTIN_MODULES,
    REGISTRATIONS,
    FileSet,
    Names,
    Workspace,
    changed_keys,
    changed_names,
    named_by,
    resolve,
)
from metta_index.indexer.link_context import LinkContext


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


def link(
    store: ImportStore,
    context: LinkContext,
    paths: AbstractSet[str],
    paths_before: AbstractSet[str],
    everything: bool,
) -> int:
    """Resolves the imports whose meaning may differ from what the store says; how many that were.

    `paths`: all documents of the workspace; `paths_before`: those at the last call.
    `everything`: the context is another one than at the last call.
    """
    added, removed = paths - paths_before, paths_before - paths
    waiting = _keyed(store.all() if everything else store.unlinked())
    gone = store.dropped()
    if not (waiting or added or removed or gone):
        return 0
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
    for (document, _position), record in waiting.items():
        # What gives names does not depend on the names that others give.
        within = workspace if record.form in REGISTRATIONS else named
        store.resolve(document, record._replace(resolution=resolve(record.site, within)))
    return len(waiting)


def _keyed(found: Iterable[tuple[int, ImportRecord]]) -> dict[tuple[int, int], ImportRecord]:
    return {(number, record.position): record for number, record in found}


def _names(records: Iterable[ImportRecord]) -> Names:
    return named_by((record.site, record.resolution) for record in records if record.resolution and not record.is_inert)
