"""Index: the linked workspace, as it is asked: where names are defined, used and documented."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from metta_index.indexer.protocols import IndexedDocument, IndexReader
from metta_index.indexer.queries.symbols import Reference, Symbol, references_of, symbols_of
from metta_index.indexer.text.occurrences import Piece, occurrences, pieces, tops_around
from metta_index.indexer.text.stored_tables import open_table
from metta_index.indexer.text.symbols import Flag

if TYPE_CHECKING:
    # A query by name looks at no import: it does not load what knows them.
    from metta_index.indexer.linking.import_graph import Edge, ImportGraph, Reached
    from metta_index.indexer.linking.imports import ImportRecord


class Index:
    """A built index. What was read once is kept: an Index answers for the moment it was opened.

    Methods raise what the reader raises, and DecodeError. Lists are in the order of
    paths and texts.
    """

    def __init__(self, reader: IndexReader) -> None:
        self.reader = reader
        self._pieces: dict[str, list[Piece]] = {}
        self._defining: dict[bytes, dict[str, None]] = {}
        self._definitions: dict[bytes, list[Symbol]] = {}
        self._graph: ImportGraph | None = None
        self._imports: dict[str, list[ImportRecord]] = {}
        self._reached: dict[str, tuple[Reached, ...]] = {}

    def document(self, path: str) -> IndexedDocument | None:
        return self.reader.document(path)

    def pieces(self, path: str) -> list[Piece]:
        """The tables of a document, each with where it starts; none where there is no such document."""
        found = self._pieces.get(path)
        if found is None:
            found = self._pieces[path] = self.read_pieces(path)
        return found

    def read_pieces(self, path: str) -> list[Piece]:
        """As `pieces`, and not kept: for who goes through all documents."""
        return list(pieces([open_table(data) for data in self.reader.tables_of(path)]))

    def defining(self, name: bytes) -> Collection[str]:
        """The documents that offer a name; to ask whether one does is quick."""
        found = self._defining.get(name)
        if found is None:
            found = self._defining[name] = dict.fromkeys(self.reader.defining(name))
        return found

    def definitions(self, name: bytes | str) -> list[Symbol]:
        """Every clause, declaration, documentation and kind of fact of a name in the workspace."""
        name = name_bytes(name)
        found = self._definitions.get(name)
        if found is None:
            found = []
            for path, parts in self.each(self.defining(name)):
                found += symbols_of(path, parts, name)
            self._definitions[name] = found
        return list(found)

    def references(self, name: bytes | str) -> list[Reference]:
        """Every occurrence of a name in the workspace, those that define it included."""
        name = name_bytes(name)
        found: list[Reference] = []
        for path, parts in self.each(self.reader.mentioning(name)):
            for piece in parts:
                found += references_of(path, piece, name)
        return found

    def each(self, paths: Collection[str], keep: bool = False) -> Iterator[tuple[str, list[Piece]]]:
        """The pieces of documents, read together. `keep`: as `pieces` does, for who comes back to them."""
        if not keep:  # there may be as many as files of the workspace
            for path, tables in self.reader.tables_of_each(paths):
                yield path, list(pieces([open_table(data) for data in tables]))
            return
        for path, tables in self.reader.tables_of_each(path for path in paths if path not in self._pieces):
            self._pieces[path] = list(pieces([open_table(data) for data in tables]))
        for path in paths:
            yield path, self.pieces(path)

    def symbols_in(self, path: str, name: bytes) -> list[Symbol]:
        """What one document says a name is."""
        return symbols_of(path, self.pieces(path), name)

    def patterns_in(self, path: str) -> list[Symbol]:
        """The definitions of one document whose names are regular expressions."""
        patterns = {
            piece.table.names[found.name]
            for piece in self.pieces(path)
            for found in piece.table.definitions
            if found.flags & Flag.PATTERN
        }
        return [symbol for name in sorted(patterns) for symbol in self.symbols_in(path, name)]

    def references_in(self, path: str, name: bytes, only: Piece | None = None) -> list[Reference]:
        """Every occurrence of a name in one document, or in one piece of it."""
        if only is not None:
            return list(references_of(path, only, name))
        return [found for piece in self.pieces(path) for found in references_of(path, piece, name)]

    def piece_at(self, path: str, byte: int) -> Piece | None:
        """The piece that a byte of a document is in, a region before its host; None outside the text."""
        return next((piece for piece in reversed(self.pieces(path)) if piece.covers(byte)), None)

    def is_in_region(self, path: str, byte: int) -> bool:
        """Whether a byte of a document is in text of another language inside it."""
        piece = self.piece_at(path, byte)
        return piece is not None and piece.table.region is not None

    def dialect_at(self, path: str, byte: int) -> str:
        """The dialect that a byte of a document is written in; "" outside the text."""
        piece = self.piece_at(path, byte)
        return piece.table.dialect if piece is not None else ""

    def occurrence_at(self, path: str, byte: int) -> Reference | None:
        """The word or variable that a byte of a document belongs to, the innermost where one holds another."""
        for piece in reversed(self.pieces(path)):
            if piece.covers(byte):
                found = None
                for one in occurrences(piece):
                    if one.start_byte > byte:
                        break
                    if byte < one.end_byte:
                        found = one
                if found is not None:
                    return next(
                        one for one in references_of(path, piece, found.name) if one.start_byte == found.start_byte
                    )
        return None

    def top_around(self, path: str, byte: int) -> tuple[int, int]:
        """Where the top-level atom starts and ends that a byte of a document is in; (byte, byte) outside of all."""
        for piece in reversed(self.pieces(path)):
            if piece.covers(byte):
                for top in tops_around(piece, [byte]):
                    if top is not None:
                        return top.start_byte, top.end_byte
        return byte, byte

    def byte_at(self, path: str, line: int, column: int) -> int | None:
        """The byte of a line and a column, both from 1, columns in code points; None outside the text."""
        for piece in self.pieces(path):
            byte = piece.byte_at(line - 1, column - 1)
            if byte is not None:
                return byte
        return None

    def imports(self, path: str) -> list[ImportRecord]:
        found = self._imports.get(path)
        if found is None:
            found = self._imports[path] = self.reader.imports_of(path)
        return found

    def reached(self, path: str) -> tuple[Reached, ...]:
        """What is loaded with a document, as `ImportGraph.closure` gives it."""
        found = self._reached.get(path)
        if found is None:
            found = self._reached[path] = self.graph_from(path).closure(path)
        return found

    def edges_from(self, path: str) -> list[Edge]:
        """The edges of the import graph that start at a document. Reads the imports of this document only."""
        return [edge for record in self.imports(path) if (edge := record.edge()) is not None]

    def graph(self) -> ImportGraph:
        """The whole import graph."""
        from metta_index.indexer.linking.import_graph import ImportGraph

        if self._graph is None:
            self._graph = ImportGraph(
                edge for record in self.reader.all_imports() if (edge := record.edge()) is not None
            )
        return self._graph

    def graph_from(self, path: str) -> ImportGraph:
        """The part of the import graph that can be reached from a document."""
        from metta_index.indexer.linking.import_graph import ImportGraph

        if self._graph is not None:
            return self._graph
        edges: list[Edge] = []
        seen = {path}
        waiting = [path]
        while waiting:
            for edge in self.edges_from(waiting.pop()):
                edges.append(edge)
                if edge.target not in seen:
                    seen.add(edge.target)
                    waiting.append(edge.target)
        return ImportGraph(edges)


def name_bytes(name: bytes | str) -> bytes:
    """A name as it stands in a source; text may hold surrogates for bytes that are not UTF-8."""
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
