"""IndexDatabase: the built index of one workspace, `index.db`, a SQLite file.

Its tables (`cache.index_file` has the statements):

* `meta(key, value)`: `schema`; `last_build`, the report of the last build (JSON, sealed).
* `manifest(id, data)`: one row, what the last build saw of every file
  (`indexer.discovery.manifest`), sealed.
* `document(id, path, language, dialect, size, digest, atoms, definitions,
  declarations, reference_count, errors, pieces, regions, heads_only, checksum)`: one row a
  file. `path` is relative to the workspace, text; a blob where its bytes are not UTF-8.
  `regions`: how many texts of other languages are inside it; each is one of the `pieces`.
  `heads_only`: 1 where what stands inside facts was left out, for there is too much of it.
* `piece(document, position, checksum, data)`: the symbol tables of a document
  (`cache.piece_rows`). All but large files have one.
* `name(bucket, offered, others, checksum)`: which documents offer a name, and which
  mention it, as JSON (`cache.name_rows`). The views `defines(name, path)` and
  `mentions(name, path)` spell them out.
* `import(document, position, form, module, …, status, way, target, …)` and
  `lookup(key, document, position)`: what documents import, what that means, and what
  the meaning depends on (`cache.import_rows`).
* `finding(document, count, data)` and `dependency(key, document)`: what the check found in
  each document, sealed, and what that depends on (`cache.finding_rows`).

Sealed: a checksum of the data and of what it belongs to comes first. Rows are taken
only where they verify, are those that the manifest names, and are all there.

It is derived: deleting the file costs one build.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from metta_index.cache.index_file import (
    DamagedIndexError,
    connect,
    described,
    is_damage,
    let_read_while_written,
    set_aside,
)
from metta_index.cache.index_reader import IndexReader
from metta_index.cache.index_rows import COLUMNS, DocumentRow, decoded_table, decoded_tables, head, seal
from metta_index.indexer.discovery.manifest import Manifest, Stat

if TYPE_CHECKING:
    from metta_index.indexer.building.work import Summary
    from metta_index.indexer.linking.imports import ImportRecord
    from metta_index.indexer.text.symbols import SymbolTable

__all__ = ["DamagedIndexError", "DocumentRow", "IndexDatabase", "OvertakenError"]

#: What is counted over all documents, and the field of a document that it comes from.
_TOTALS = {
    "bytes": "size",
    "definitions": "definitions",
    "declarations": "declarations",
    "reference_count": "reference_count",
    "errors": "errors",
    "atoms": "atoms",
    "regions": "regions",
    "heads_only": "heads_only",
}
_COUNTED = attrgetter(*_TOTALS.values())
#: Far above what builds reach, far below what SQLite holds.
_LARGEST_ID = 1 << 62
_INSERT = f"INSERT INTO document ({COLUMNS}) VALUES ({', '.join('?' * len(COLUMNS.split(', ')))})"


class OvertakenError(Exception):
    """Another process changed the index since its manifest was read: what was found since is of no use."""

    def __str__(self) -> str:
        return "other processes keep changing it"


class IndexDatabase(IndexReader):
    """An open `index.db`. Fulfils `indexer.protocols.IndexStore`.

    Changes become visible to others with `finish`, all at once; until then, and
    where the process dies before, everyone sees the index as it was. Methods raise
    sqlite3.Error and DamagedIndexError; `instead` says how to go on. Those that write
    raise OvertakenError where another process was faster.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path | None) -> None:
        super().__init__(connection)
        self.path = path
        # Where changes to what the manifest says lead.
        self._totals = dict.fromkeys(_TOTALS, 0)
        self._next_id = 0
        self._has_all_findings = True

    @classmethod
    def open(cls, path: Path | None, warn: Callable[[str], None]) -> IndexDatabase:
        """Opens or creates the index; `path` None keeps it in memory.

        What is there and is no index of this version is set aside as NAME.bad, with
        a warning. Where the file cannot be used at all, the index lives in memory
        for this run, with a warning.
        """
        if path is None:
            return cls(connect(":memory:"), None)
        try:
            return cls(connect(str(path)), path)
        except (sqlite3.Error, DamagedIndexError) as error:
            return _in_place_of(path, error, warn)

    def instead(self, error: Exception, warn: Callable[[str], None]) -> IndexDatabase:
        """Closes this index after an error of it, and gives what to go on with, as `open` does.

        Raises the error again where there is nothing better.
        """
        self.close()
        if self.path is None:
            raise error
        return _in_place_of(self.path, error, warn)

    def close(self) -> None:
        self._connection.close()

    def manifest(self) -> Manifest | None:
        """None where there was no build, or the manifest does not verify."""
        known = super().manifest()
        self._totals = dict.fromkeys(_TOTALS, 0) | (known.totals if known else {})
        return known

    def remove(self, paths: Iterable[str]) -> None:
        self._begin()
        for path in paths:
            self._drop(path)

    def put_document(
        self,
        path: str,
        language: str,
        size: int,
        digest: bytes,
        summary: Summary,
        tables: Sequence[bytes],
        regions: int = 0,
    ) -> None:
        from metta_index.cache.piece_rows import INSERT, piece_checksum
        from metta_index.indexer.linking.imports import imports_in
        from metta_index.indexer.linking.postings import changed_mentions, mentions
        from metta_index.indexer.rules.keys import imports_key

        self._begin()
        # A first build has no rows to look for: it puts each document once.
        old = self._find(path) if self._known is not None else None
        known: list[ImportRecord] = []
        # A table that stays is decoded once, and the same object in both.
        decoded: dict[bytes, SymbolTable] = {}
        was: list[SymbolTable] = []
        if old is not None:
            stored_tables = list(self.tables(old))
            decoded = dict(zip(stored_tables, decoded_tables(stored_tables), strict=True))
            was = [decoded[table] for table in stored_tables]
            known = self.imports.of(old.id)
            self._connection.execute("DELETE FROM document WHERE id = ?", (old.id,))
            self._count(old, -1)
        first = decoded.get(tables[0]) or decoded_table(tables[0])
        number = old.id if old is not None else self._new_id()
        document = DocumentRow.made(
            number, path, language, size, digest, summary, len(tables), regions, first.heads_only
        )
        self._connection.execute(_INSERT, document.values())
        now: list[SymbolTable] = []
        # One at a time of a document that is new: it may be larger than memory.
        keep = old is not None or len(tables) == 1 or self.finding_rows.is_needed()
        importing = False
        for position, data in enumerate(tables):
            table = (decoded.get(data) or decoded_table(data)) if position else first
            importing = importing or bool(table.imports)
            checksum = piece_checksum(path, digest, position, data)
            self._connection.execute(INSERT, (document.id, position, checksum, data))
            if old is None:
                self.postings.add(document.id, mentions([table]))
            if keep:
                now.append(table)
        if old is not None:
            self.postings.change(document.id, *changed_mentions(was, now))
        if self.finding_rows.is_needed():
            self._note_changes(path, was, now)
        records = [*imports_in(path, now or map(decoded_table, tables))] if importing else []
        if self.imports.replace(document.id, records, known) and self.finding_rows.is_needed():
            self.finding_rows.change([imports_key(path)])
        self._count(document, 1)

    def write_names(self) -> None:
        """Writes which documents have which names, once all are put; `finish` does, where nobody did before."""
        self._begin()
        self.postings.flush(is_first=self._known is None)

    def finish(self, manifest: Manifest) -> dict[str, int]:
        self.write_names()
        self.imports.flush()
        if self.imports.changed and self.finding_rows.is_needed():
            from metta_index.indexer.rules.keys import imports_key

            self.finding_rows.change(imports_key(path) for path in self.imports.changed)
        self.finding_rows.flush()
        self._count_findings()
        totals = dict(self._totals)
        finished = manifest.with_totals(totals)
        sealed = seal("manifest", finished.to_bytes())
        self._connection.execute("INSERT OR REPLACE INTO manifest VALUES (1, ?)", (sealed,))
        self._connection.execute("COMMIT")
        let_read_while_written(self._connection)
        # What follows, such as keeping findings, starts from here.
        self._forget_rows()
        self._known, self._known_checksum = finished, head(sealed)
        return totals

    def discard(self) -> None:
        """Forgets everything: the next build makes the index anew."""
        self._begin()
        for table in ("finding", "lookup", "import", "piece", "name", "document", "manifest"):
            self._connection.execute(f"DELETE FROM {table}")
        self._forget_changes()
        self._known = None
        self._totals = dict.fromkeys(_TOTALS, 0)

    def forget(self, error: Exception) -> bool:
        """Closes the index; sets it aside if the error means damage, so that the next build makes it anew.

        Whether it does.
        """
        self.close()
        return is_damage(error, self.path) and (self.path is None or set_aside(self.path))

    def unchecked(self, fingerprint: str) -> list[DocumentRow]:
        """The documents whose findings are not known, or were made otherwise than `fingerprint` says."""
        if self.meta("findings") != fingerprint:
            self._begin()
            self.finding_rows.clear()
            self._has_all_findings = True
            self.set_meta("findings", fingerprint)
        return self.finding_rows.unchecked()

    def put_findings(self, document: DocumentRow, count: int, data: bytes, keys: Iterable[bytes]) -> None:
        """Keeps what was found in a document; visible to others with `keep_findings`."""
        self._begin()
        self.finding_rows.put(document, count, data, keys)

    @contextmanager
    def tentatively(self) -> Iterator[None]:
        """What is put within is undone at the end; others never see it."""
        self._begin()
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")
            self._forget_changes()
            self._forget_rows()
            self.manifest()

    def show_tentative(self, path: str, digest: bytes) -> None:
        """Lets this process read the document that it put tentatively."""
        self.postings.flush(is_first=self._known is None)
        self.imports.flush()
        self._forget_rows()
        known = self._known.copy() if self._known is not None else Manifest.empty("")
        known.record(path, Stat(0, 0, 0, 0), digest, 0)
        self._known = known

    def _count_findings(self) -> None:
        """Notes how many findings there are, unless some got lost before: that is for who reads them to see."""
        if self._has_all_findings:
            self.set_meta("finding_totals", self.finding_rows.totals())

    def _forget_changes(self) -> None:
        for rows in (self.postings, self.imports, self.finding_rows):
            rows.forget_changes()

    def keep_findings(self) -> None:
        """Makes the findings put since the last build visible to others.

        What is there is counted then; what is there later must be as much.
        """
        if self._connection.in_transaction:
            self._count_findings()
            self._connection.execute("COMMIT")

    def _note_changes(self, path: str, before: Sequence[SymbolTable], tables: Sequence[SymbolTable]) -> None:
        """Notes what a document says otherwise than `before`; without tables it is, or was, not there."""
        from metta_index.indexer.rules.changes import changed_keys
        from metta_index.indexer.rules.keys import imports_key

        self.finding_rows.change(changed_keys(path, before, tables, self.finding_rows.need_mentions()))
        if not tables:
            self.finding_rows.change([imports_key(path)])

    def set_meta(self, key: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, seal(key, value.encode())))

    def _begin(self) -> None:
        if self._connection.in_transaction:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        row = self._connection.execute("SELECT data FROM manifest").fetchone()
        if (head(row[0]) if row else None) != self._known_checksum:
            self._connection.execute("ROLLBACK")
            raise OvertakenError
        self._has_all_findings = self.has_all_findings()
        self._forget_changes()
        self._forget_rows()
        self._next_id = self._connection.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()[0]

    def _new_id(self) -> int:
        if self._next_id >= _LARGEST_ID:
            raise DamagedIndexError("a document has a number that no build gives")
        self._next_id += 1
        return self._next_id

    def _drop(self, path: str) -> None:
        document = self._find(path)
        if document is not None:
            from metta_index.indexer.linking.postings import mentions

            was = decoded_tables(self.tables(document))
            if self.finding_rows.is_needed():
                self._note_changes(path, was, [])
            self.imports.drop(document.id)
            self.postings.change(document.id, mentions(was), None)
            self._connection.execute("DELETE FROM document WHERE id = ?", (document.id,))
            self._count(document, -1)

    def _count(self, document: DocumentRow, sign: int) -> None:
        totals = self._totals
        for name, count in zip(_TOTALS, _COUNTED(document), strict=True):
            totals[name] += sign * count


def _in_place_of(path: Path, error: Exception, warn: Callable[[str], None]) -> IndexDatabase:
    """A new index where the old one is damaged; else, and where that fails, one in memory."""
    if is_damage(error, path):
        if set_aside(path):
            warn(f"{path} could not be used: {described(error)}; it was moved to {path.name}.bad and is built afresh")
            try:
                return IndexDatabase(connect(str(path)), path)
            except (sqlite3.Error, DamagedIndexError) as again:
                error = again
        else:
            warn(f"{path} could not be used: {described(error)}; delete it")
    warn(f"{path}: {described(error)}; the index is kept in memory for this run")
    return IndexDatabase(connect(":memory:"), None)
