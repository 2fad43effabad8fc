"""What is odd about imports: circles, duplicates, diamonds, and which imports take part in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from metta_index.indexer.linking.import_diamonds import Diamond, diamonds
from metta_index.indexer.linking.import_graph import Cycle, Duplicate, Edge, ImportGraph
from metta_index.indexer.linking.imports import ImportRecord

#: So many documents, the nearest, are looked at for diamonds below each: in a large and tangled graph
#: every document is the top of diamonds with most others, which takes too long to find and says nothing.
MOST_REACHED = 250


class Remarks(NamedTuple):
    """What the graph says of one import."""

    circular: bool  # it lies on a circle of several documents
    duplicate: bool  # an earlier import of its document leads to the same one, into the same space
    self_import: bool


_NO_REMARKS = Remarks(False, False, False)


class ImportFacts:
    """The facts of some imports, which are all those of a workspace or of a part that nothing leads out of."""

    def __init__(self, records: Sequence[ImportRecord]) -> None:
        edges = [(edge, record) for record in records if (edge := record.edge()) is not None]
        self.graph = ImportGraph(edge for edge, _record in edges)
        self.cycles: tuple[Cycle, ...] = self.graph.cycles()
        self.duplicates: tuple[Duplicate, ...] = self.graph.duplicates()
        self._records = dict(edges)
        self._component = {path: component for component in self.graph.components() for path in component}
        self._cycles: dict[str, list[Cycle]] = {}
        for cycle in self.cycles:
            self._cycles.setdefault(cycle.paths[0], []).append(cycle)
        self._duplicates: dict[str, list[Duplicate]] = {}
        for duplicate in self.duplicates:
            self._duplicates.setdefault(duplicate.source, []).append(duplicate)
        self._repeated = {edge for duplicate in self.duplicates for edge in duplicate.edges[1:]}

    def record(self, edge: Edge) -> ImportRecord:
        """The import that makes an edge of the graph."""
        return self._records[edge]

    def remarks(self, record: ImportRecord) -> Remarks:
        edge = record.edge()
        if edge is None:
            return _NO_REMARKS
        component = self._component.get(edge.source)
        is_loop = edge.source == edge.target
        is_circular = component is not None and not is_loop and self._component.get(edge.target) is component
        return Remarks(is_circular, edge in self._repeated, is_loop)

    def cycles_of(self, path: str) -> list[Cycle]:
        """The circles that have a document as the least of theirs."""
        return self._cycles.get(path, [])

    def duplicates_of(self, path: str) -> list[Duplicate]:
        """What a document imports several times."""
        return self._duplicates.get(path, [])

    def diamonds_of(self, path: str) -> tuple[Diamond, ...]:
        """The diamonds that begin in a document, among the MOST_REACHED documents nearest to it."""
        return diamonds(self.graph, path, MOST_REACHED)

    def diamonds(self, paths: Iterable[str]) -> Iterator[Diamond]:
        for path in paths:
            yield from self.diamonds_of(path)


def counts(records: Iterable[ImportRecord]) -> dict[str, dict[str, int]]:
    """How many imports there are of each status and, within it, of each way ("" where there is none), most first.

    Imports that do nothing, for want of a `!`, are counted as `inert`.
    """
    found: dict[str, Counter[str]] = {}
    for record in records:
        resolution = record.resolution
        if resolution is not None:
            status = "inert" if record.is_inert else str(resolution.status)
            found.setdefault(status, Counter())[str(resolution.way)] += 1
    ranked = sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))
    return {status: dict(sorted(ways.items(), key=lambda item: (-item[1], item[0]))) for status, ways in ranked}


def counts_text(found: dict[str, dict[str, int]]) -> str:
    """`counts` as a clause: `12 resolved (9 exact, 3 ancestor), 1 unresolved`."""
    clauses = []
    for status, ways in found.items():
        named = ", ".join(f"{count:,} {way}" for way, count in ways.items() if way)
        clauses.append(f"{sum(ways.values()):,} {status}" + (f" ({named})" if named and status != "inert" else ""))
    return ", ".join(clauses)
