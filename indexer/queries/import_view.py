"""The part of the import graph that is asked for: all of it, what documents import, or what imports them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from metta_index.indexer.linking.import_facts import ImportFacts
from metta_index.indexer.linking.import_graph import ImportGraph
from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.queries.channel_edges import FORMS, channel_edges, channel_edges_to
from metta_index.indexer.queries.index import Index


class ImportView(NamedTuple):
    """A part of the import graph, and the facts of this part.

    `tops`: the documents asked for; where all are, those from which all others are reached.
    `is_whole`: all are asked for. `is_reverse`: it leads from imported documents to importing ones.
    `documents`: what is shown, `records`: the imports between it and out of it; both in order of paths.
    """

    tops: tuple[str, ...]
    is_whole: bool
    is_reverse: bool
    documents: tuple[str, ...]
    records: tuple[ImportRecord, ...]
    facts: ImportFacts

    def begins(self, record: ImportRecord) -> str:
        """The document in which a step along an import begins."""
        return _target(record) if self.is_reverse else record.path

    def ends(self, record: ImportRecord) -> str:
        """The document that a step along an import leads to; "" if it leads to none."""
        return record.path if self.is_reverse else _target(record)

    def isolated(self) -> list[str]:
        """Documents that neither import anything nor are imported."""
        touched = {path for record in self.records for path in (record.path, _target(record))}
        return [path for path in self.documents if path not in touched]


def view(index: Index, files: Sequence[str] = (), is_reverse: bool = False) -> ImportView:
    """What `files`, which are documents, import, directly or not, or what imports them; without any, the whole graph.

    What lies apart from it has no part in any of its circles, duplicates and diamonds. What
    files of Rholang lean on is among the imports, and in none of these: that processes
    send to each other in circles is how they talk.
    """
    tops = tuple(dict.fromkeys(files))
    if not tops:
        found = list(index.reader.documents())
        documents = [document.path for document in found]
        records = index.reader.all_imports()
        rholang = [document.path for document in found if document.language == "rholang"]
        leaning = [edge for path in rholang for edge in channel_edges(index, path)]
        records = sorted([*records, *leaning], key=_order) if leaning else records
        if is_reverse:
            records = [record for record in records if record.edge() is not None]
        whole = ImportView((), True, is_reverse, tuple(documents), tuple(records), _facts(records))
        return whole._replace(tops=_tops(whole))
    documents, records = _importing(index, tops) if is_reverse else _imported(index, tops)
    return ImportView(tops, False, is_reverse, tuple(documents), tuple(records), _facts(records))


def _facts(records: Sequence[ImportRecord]) -> ImportFacts:
    return ImportFacts([record for record in records if record.form not in FORMS])


def _order(record: ImportRecord) -> tuple[bytes, int]:
    return os.fsencode(record.path), record.position


def _imported(index: Index, tops: Sequence[str]) -> tuple[list[str], list[ImportRecord]]:
    """The documents that are reached from some, and their imports. Reads no others."""
    found: dict[str, list[ImportRecord]] = {}
    waiting = list(tops)
    while waiting:
        path = waiting.pop()
        if path in found or index.document(path) is None:
            continue
        found[path] = [*index.imports(path), *channel_edges(index, path)]
        waiting += filter(None, map(_target, found[path]))
    paths = sorted(found, key=os.fsencode)
    return paths, [record for path in paths for record in found[path]]


def _importing(index: Index, tops: Sequence[str]) -> tuple[list[str], list[ImportRecord]]:
    """The documents that lead to some, and the imports by which they do. Reads no others."""
    reached = set(tops)
    new = reached
    records: list[ImportRecord] = []
    while new:
        found = [record for record in index.reader.imports_to(new) if record.edge() is not None]
        found += channel_edges_to(index, new)
        records += found
        new = {record.path for record in found} - reached
        reached |= new
    records.sort(key=_order)
    return sorted(reached, key=os.fsencode), records


def _target(record: ImportRecord) -> str:
    edge = record.edge()
    return edge.target if edge is not None else ""


def _tops(whole: ImportView) -> tuple[str, ...]:
    """Where steps begin and none ends; of a circle that none leads into from outside, its least document."""
    graph = ImportGraph(edge for record in whole.records if (edge := record.edge()) is not None)
    least = {path: component[0] for component in graph.components() for path in component}
    steps = [
        (least.get(start, start), least.get(end, end))
        for record in whole.records
        for start, end in [(whole.begins(record), whole.ends(record))]
    ]
    entered = {end for start, end in steps if start != end}
    return tuple(sorted({start for start, _end in steps} - entered))
