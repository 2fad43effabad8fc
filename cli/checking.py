"""Bringing the findings of a workspace up to date: reading what is to be checked, and keeping what is found."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from metta_index.cache.database import DamagedIndexError, DocumentRow, IndexDatabase, OvertakenError
from metta_index.cli.session import Session
from metta_index.indexer.building.build import Options
from metta_index.indexer.checking.check import CheckOptions, CheckReport, Text, UnreadableError, check_documents
from metta_index.indexer.checking.findings import Failure, Finding, decode_findings, path_bytes
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.languages import ALWAYS_WHOLE, load_language, versions_of
from metta_index.indexer.text.digest import content_digest, tree_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metta_index.cache.store import Store
    from metta_index.indexer.checking.region_checking import RegionText
    from metta_index.indexer.rules.linked import Knowledge
    from metta_index.indexer.text.symbols import SymbolTable
    from metta_index.indexer.text.syntax import SyntaxTree

#: So often what happens to the index is answered by beginning anew.
_ATTEMPTS = 3


class Found(NamedTuple):
    """All findings of a workspace, sorted. `digests`: of its documents; `checked`: how many had to be looked at."""

    findings: list[Finding]
    digests: dict[str, bytes]
    failures: list[Failure]
    checked: int


def find(session: Session, options: CheckOptions, build_options: Options) -> Found:
    """Brings index and findings up to date, and reads them.

    What happens to the index does not fail the check: a damaged one is begun anew, and
    where it cannot be used, or others keep changing it, all is done in memory.
    """
    for attempt in range(_ATTEMPTS + 1):
        try:
            return _find(session, options, build_options)
        except OvertakenError as error:
            if attempt == _ATTEMPTS - 1:
                session.index = session.index.instead(error, session.warn)
        except (sqlite3.Error, DamagedIndexError, DecodeError) as error:
            if attempt == _ATTEMPTS:
                raise
            session.index = session.index.instead(error, session.warn)
    raise OvertakenError


def _find(session: Session, options: CheckOptions, build_options: Options) -> Found:
    built = session.build(build_options).report
    failures = [Failure(failure.path, failure.message) for failure in built.failures]
    report = refresh_findings(session, options)
    failures += report.failures
    with session.index.snapshot():
        each = [decode_findings(data) for data in session.index.findings()]
        digests = session.index.digests()
    # Those of one document are in order.
    each.sort(key=lambda found: path_bytes(found[0].path))
    return Found([finding for found in each for finding in found], digests, failures, report.checked)


def refresh_findings(session: Session, options: CheckOptions) -> CheckReport:
    """Checks the documents whose findings may differ from what the index has. The index is up to date.

    Raises sqlite3.Error, DamagedIndexError, OvertakenError and DecodeError.
    """

    def knowledge(many: bool) -> Knowledge:
        from metta_index.indexer.checking.workspace_facts import WorkspaceFacts

        return WorkspaceFacts(session.index, many)

    report = check_documents(session.index, knowledge, Loader(session).load, options)
    session.index.keep_findings()
    return report


class Loader:
    """Reads documents as the index has them, with the trees that the cache has."""

    def __init__(self, session: Session) -> None:
        self._root: Path = session.root
        self._index: IndexDatabase = session.index
        self._settings = session.settings
        self._open_store = session.store
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
