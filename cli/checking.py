"""Bringing the findings of a workspace up to date: reading what is to be checked, and keeping what is found."""

from __future__ import annotations

import os
from pathlib import Path

from metta_index.cache.database import IndexDatabase
from metta_index.cache.store import Store
from metta_index.cli.session import Session
from metta_index.indexer.checking import CheckOptions, CheckReport, Text, UnreadableError, check_documents
from metta_index.indexer.digest import content_digest, tree_key
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.languages import ALWAYS_WHOLE, load_language, versions_of
from metta_index.indexer.protocols import IndexedDocument
from metta_index.indexer.symbols import decode_table
from metta_index.indexer.syntax import SyntaxTree, decode_tree
from metta_index.indexer.workspace_facts import WorkspaceFacts


def refresh_findings(session: Session, options: CheckOptions) -> CheckReport:
    """Checks the documents whose findings may differ from what the index has. The index is up to date.

    Raises sqlite3.Error, DamagedIndexError, OvertakenError and DecodeError.
    """
    loader = _Loader(session)
    report = check_documents(session.index, lambda many: WorkspaceFacts(session.index, many), loader.load, options)
    session.index.keep_findings()
    return report


class _Loader:
    """Reads documents as the index has them, with the trees that the cache has."""

    def __init__(self, session: Session) -> None:
        self._root: Path = session.root
        self._index: IndexDatabase = session.index
        self._settings = session.settings
        self._store: Store | None = session.store()

    def load(self, document: IndexedDocument) -> Text:
        try:
            with open(os.path.join(self._root, document.path), "rb") as file:  # noqa: PTH118, PTH123 - any name
                source = file.read()
        except OSError as error:
            raise UnreadableError(f"cannot be read: {error.strerror or error}") from error
        if content_digest(source) != document.digest:
            raise UnreadableError("was changed while it was checked; run the command again")
        tables = [decode_table(data) for data in self._index.tables_of(document.path)]
        pieces = []
        start = 0
        for table in tables:
            piece = source if len(tables) == 1 else source[start : start + table.size]
            pieces.append((self._tree(document.language, piece), table))
            start += table.size
        return Text(source, pieces, self._settings.dialect_of(document.path) is not None)

    def _tree(self, name: str, piece: bytes) -> SyntaxTree:
        """The tree of a piece: from the cache where that has it."""
        language = load_language(name)
        if self._store is not None and len(piece) <= ALWAYS_WHOLE:
            key = tree_key(name, versions_of(name).tree, content_digest(piece))
            data = self._store.get_many([key]).get(key)
            if data is not None:
                try:
                    return decode_tree(data, len(language.KINDS))
                except DecodeError:
                    pass  # a miss
        return language.parse(piece)
