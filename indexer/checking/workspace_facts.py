"""WorkspaceFacts: what rules ask of a built index, each thing read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from metta_index.indexer.linking.import_graph import ImportGraph
from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.protocols import IndexReader
from metta_index.indexer.queries.index import Index
from metta_index.indexer.rules.near import NearNames, Offered, near_names
from metta_index.indexer.text.offers import Offer, offers_of
from metta_index.indexer.text.positions import Position

#: Names that are looked for in the text of all names, before these are hashed: that costs as much as some hundred do.
_FEW = 100


class WorkspaceFacts:
    """Fulfils `rules.linked.Knowledge`. `whole`: many documents will ask, so the whole import graph is read at once."""

    def __init__(self, reader: IndexReader, whole: bool = False) -> None:
        self._reader = reader
        self._index = Index(reader)
        self._offering: dict[bytes, Sequence[str]] = {}
        self._anywhere: dict[bytes, Sequence[Offer]] = {}
        self._offers: dict[str, dict[bytes, list[Offer]]] = {}
        self._imports: dict[str, list[ImportRecord]] | None = None
        self._graph: ImportGraph | None = None
        self._near: NearNames | None = None
        self._near_queries = 0
        self._offered_text: Offered | None = None
        if whole:
            self._read_imports()

    def _read_imports(self) -> None:
        self._imports = {}
        for record in self._reader.all_imports():
            self._imports.setdefault(record.path, []).append(record)
        edges = (record.edge() for records in self._imports.values() for record in records)
        self._graph = ImportGraph(edge for edge in edges if edge is not None)

    def offering(self, name: bytes) -> Sequence[str]:
        found = self._offering.get(name)
        if found is None:
            found = self._offering[name] = self._reader.defining(name)
        return found

    def anywhere(self, name: bytes) -> Sequence[Offer]:
        found = self._anywhere.get(name)
        if found is None:
            found = tuple(offer for path in self.offering(name) for offer in self.offers(path).get(name, ()))
            self._anywhere[name] = found
        return found

    def mentioning(self, name: bytes) -> Sequence[str]:
        return self._reader.mentioning(name)

    def offers(self, path: str) -> Mapping[bytes, Sequence[Offer]]:
        found = self._offers.get(path)
        if found is None:
            found = self._offers[path] = offers_of(path, self._index.pieces(path))
        return found

    def imports(self, path: str) -> Sequence[ImportRecord]:
        return self._index.imports(path) if self._imports is None else self._imports.get(path, ())

    def graph_from(self, path: str) -> ImportGraph:
        return self._index.graph_from(path) if self._graph is None else self._graph

    def near(self, name: bytes) -> list[bytes]:
        self._near_queries += 1
        if self._near is None and self._near_queries <= _FEW:
            self._offered_text = self._offered_text or self._reader.offered_text()
            return near_names(name, self._offered_text)
        if self._near is None:
            self._near = NearNames(found for found, _offering, _mentioning in self._reader.names(lambda name: True))
        return self._near.of(name)

    def position(self, path: str, byte: int) -> Position:
        for piece in self._index.pieces(path):
            if piece.offset <= byte <= piece.offset + piece.table.size:
                return piece.position(byte)
        return Position(0, 0, 0)
