"""Loader: documents as they are read to be checked, with the trees that the cache has."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from metta_index.cache.index_reader import IndexReader
from metta_index.cache.index_rows import DocumentRow
from metta_index.indexer.checking.check import Text, UnreadableError
from metta_index.indexer.configuration import Settings
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.languages import ALWAYS_WHOLE, load_language, versions_of
from metta_index.indexer.text.digest import content_digest, tree_key

if TYPE_CHECKING:
    from metta_index.cache.store import Store
    from metta_index.indexer.checking.region_checking import RegionText
    from metta_index.indexer.text.symbols import SymbolTable
    from metta_index.indexer.text.syntax import SyntaxTree


class Loader:
    """Reads documents as the index has them, with the trees that the cache has."""

    def __init__(
        self, root: str, index: IndexReader, settings: Settings, open_store: Callable[[], Store | None]
    ) -> None:
        self._root = root
        self._index = index
        self._settings = settings
        self._open_store = open_store
        self._store: Store | None = None

    def load(self, document: DocumentRow) -> Text:
        """The document with its trees and tables. Raises UnreadableError."""
        from metta_index.indexer.text.heads_only import without_symbols
        from metta_index.indexer.text.symbols import TopKind, decode_table
        from metta_index.indexer.text.syntax import empty_tree

        try:
            with open(os.path.join(self._root, document.path), "rb") as file:  # noqa: PTH118, PTH123 - any name
                source = file.read()
        except OSError as error:
            raise UnreadableError(f"cannot be read: {error.strerror or error}") from error
        if content_digest(source) != document.digest:
            raise UnreadableError("was changed while it was checked; run the command again")
        tables = [decode_table(data) for data in self._index.tables(document)]
        if document.language != "metta":
            own = [table for table in tables if table.region is None]
            is_set = self._settings.dialect_of(document.path) is not None
            return Text(source, [(empty_tree(table.size), table) for table in own], is_set, self._regions(tables))
        pieces = []
        start = 0
        for table in tables:
            piece = source if len(tables) == 1 else source[start : start + table.size]
            if table.heads_only and not table.problems and set(table.top_kinds) <= {TopKind.FACT}:
                # Rules are about programs: of facts there are too many to look at each.
                pieces.append((empty_tree(table.size), without_symbols(table)))
            else:
                pieces.append((self._tree(document.language, piece), table))
            start += table.size
        return Text(source, pieces, self._settings.dialect_of(document.path) is not None)

    def _regions(self, tables: Sequence[SymbolTable]) -> list[RegionText]:
        """The texts inside a document, whose own tables come before those of regions. Raises DecodeError."""
        regions = [region for table in tables if table.region is None for region in table.regions]
        told = [table for table in tables if table.region is not None]
        if not regions:
            return []
        from metta_index.indexer.checking.region_checking import RegionText

        if len(regions) != len(told):
            raise DecodeError("a document with other regions than it has tables for")
        return [
            RegionText(region, self._tree(region.language, region.text), table)
            for region, table in zip(regions, told, strict=True)
        ]

    def _tree(self, name: str, piece: bytes) -> SyntaxTree:
        """The tree of a piece: from the cache where that has it."""
        from metta_index.indexer.text.syntax import decode_tree

        language = load_language(name)
        self._store = self._store or self._open_store()
        if self._store is not None and len(piece) <= ALWAYS_WHOLE:
            key = tree_key(name, versions_of(name).tree, content_digest(piece))
            data = self._store.get_many([key]).get(key)
            if data is not None:
                try:
                    return decode_tree(data, len(language.KINDS))
                except DecodeError:
                    pass  # a miss
        return language.parse(piece)
