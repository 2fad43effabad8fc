"""Reading a built index: documents, their tables, names, imports. Nothing is taken that does not verify."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from metta_index.cache.finding_rows import FindingRows
from metta_index.cache.import_rows import ImportRows
from metta_index.cache.index_file import DamagedIndexError
from metta_index.cache.index_rows import COLUMNS, DocumentRow, head, stored, unseal
from metta_index.cache.postings import Postings
from metta_index.indexer.manifest import Manifest

if TYPE_CHECKING:
    from metta_index.indexer.imports import ImportRecord

_ONE_DOCUMENT = f"SELECT {COLUMNS} FROM document WHERE path = ?"
_NUMBERED = f"SELECT {COLUMNS} FROM document WHERE id = ?"


class IndexReader:
    """What can be asked of an open `index.db`. Fulfils `indexer.protocols.IndexReader`.

    Methods raise sqlite3.Error and DamagedIndexError.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # The manifest that was read last, with its checksum.
        self._known: Manifest | None = None
        self._known_checksum: bytes | None = None
        self.postings = Postings(connection)
        self.imports = ImportRows(connection)
        self.finding_rows = FindingRows(connection)
        self._paths: dict[int, str] | None = None

    def manifest(self) -> Manifest | None:
        """None where there was no build, or the manifest does not verify."""
        self._known, self._known_checksum = None, None
        with suppress(sqlite3.DatabaseError, DamagedIndexError):
            row = self._connection.execute("SELECT data FROM manifest").fetchone()
            if row:
                self._known_checksum = head(row[0])
                self._known = Manifest.from_bytes(unseal("manifest", row[0]))
        return self._known

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read within is of one moment, whatever others write meanwhile."""
        self._connection.execute("BEGIN")
        try:
            self.manifest()
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def meta(self, key: str) -> str | None:
        """None where there is none, or it does not verify."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        with suppress(DamagedIndexError):
            return unseal(key, row[0]).decode() if row else None
        return None

    def documents(self) -> Iterator[DocumentRow]:
        """All documents in the order of their paths' bytes."""
        documents = [DocumentRow.of(row) for row in self._connection.execute(f"SELECT {COLUMNS} FROM document")]
        if {document.path: document.digest for document in documents} != (self._known.digests if self._known else {}):
            raise DamagedIndexError("its documents are not those of its last build")
        documents.sort(key=lambda document: os.fsencode(document.path))
        return iter(documents)

    def dialects(self) -> list[str]:
        """The dialects of all documents, sorted."""
        return sorted(str(row[0]) for row in self._connection.execute("SELECT DISTINCT dialect FROM document"))

    def document(self, path: str) -> DocumentRow | None:
        document = self._find(path)
        if document is not None and (self._known is None or self._known.digests.get(path) != document.digest):
            raise DamagedIndexError(f"the document {path!r} is not that of the last build")
        return document

    def _find(self, path: str) -> DocumentRow | None:
        """The row of a file, which is there if the manifest names the file."""
        row = self._connection.execute(_ONE_DOCUMENT, (stored(path),)).fetchone()
        if row is None and self._known is not None and path in self._known.files:
            raise DamagedIndexError(f"the document {path!r} is missing")
        return DocumentRow.of(row) if row else None

    def tables(self, document: DocumentRow) -> Iterator[bytes]:
        """The encoded symbol tables of a document, verified."""
        rows = self._connection.execute("SELECT data FROM piece WHERE document = ? ORDER BY position", (document.id,))
        found = 0
        for (data,) in rows:
            yield unseal(document.piece(found), data)
            found += 1
        if found != document.pieces:
            raise DamagedIndexError(f"{found} of the {document.pieces} pieces of {document.path!r} are there")

    def documents_of(self, name: bytes) -> tuple[list[DocumentRow], list[DocumentRow]]:
        """The documents that offer a name, and those that mention it, each in the order of their paths' bytes."""
        defined, used = self.postings.documents_of(name)
        return self._numbered(defined), self._numbered(used)

    def offering(self, name: bytes) -> list[str]:
        """The documents that offer a name, in the order of their paths' bytes, their rows unread."""
        numbers = self.postings.documents_of(name)[0]
        if not numbers:
            return []
        if self._paths is None:
            rows = self._connection.execute("SELECT id, path FROM document")
            self._paths = {number: path if isinstance(path, str) else os.fsdecode(path) for number, path in rows}
        try:
            return sorted((self._paths[number] for number in numbers), key=os.fsencode)
        except KeyError as error:
            raise DamagedIndexError(f"document {error} is missing") from error

    def findings(self) -> Iterator[bytes]:
        """The encoded findings of the documents that have some, in the order of their paths' bytes."""
        return self.finding_rows.all(self.documents())

    def names(self, is_wanted: Callable[[bytes], bool]) -> Iterator[tuple[bytes, int, int]]:
        """The wanted ones of the names that are offered, with how many documents offer and how many mention each."""
        for name, defined, used in self.postings.names(is_wanted):
            yield name, len(defined), len(used)

    def tables_of(self, path: str) -> Iterator[bytes]:
        """The encoded symbol tables of a document, verified; none where there is no such document."""
        document = self.document(path)
        return self.tables(document) if document is not None else iter(())

    def imports_of(self, path: str) -> list[ImportRecord]:
        """The imports of a document, in order of its text."""
        document = self.document(path)
        return self.imports.of(document.id) if document is not None else []

    def all_imports(self) -> list[ImportRecord]:
        """The imports of all documents, in the order of their paths' bytes and texts."""
        records = [record for _number, record in self.imports.all()]
        records.sort(key=lambda record: (os.fsencode(record.path), record.position))
        return records

    def _numbered(self, numbers: list[int]) -> list[DocumentRow]:
        found = []
        for number in numbers:
            row = self._connection.execute(_NUMBERED, (number,)).fetchone()
            if row is None:
                raise DamagedIndexError(f"document {number} is missing")
            found.append(DocumentRow.of(row))
        found.sort(key=lambda document: os.fsencode(document.path))
        return found
