"""Reading a built index: documents, their tables, names, imports. Nothing is taken that does not verify."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from json import dumps
from typing import TYPE_CHECKING

from metta_index.cache.finding_rows import FindingRows
from metta_index.cache.import_rows import ImportRows
from metta_index.cache.index_file import DamagedIndexError
from metta_index.cache.index_rows import COLUMNS, DocumentRow, head, stored, unseal
from metta_index.cache.postings import Postings
from metta_index.indexer.discovery.manifest import Manifest

if TYPE_CHECKING:
    from metta_index.cache.offered_text import OfferedText
    from metta_index.indexer.linking.imports import ImportRecord

_ONE_DOCUMENT = f"SELECT {COLUMNS} FROM document WHERE path = ?"
_PATHS = "SELECT id, path FROM document WHERE id IN (SELECT value FROM json_each(?))"
_TABLES = "SELECT checksum, data FROM piece WHERE document = ? ORDER BY position"
_TABLES_OF_EACH = (
    "SELECT piece.document, document.pieces, piece.checksum, piece.data"
    " FROM piece JOIN document ON document.id = piece.document WHERE piece.document IN (SELECT value FROM json_each(?))"
    " ORDER BY piece.document, piece.position"
)
#: Questions that are answered by the rows that they need, and not all.
_FEW = 20
#: How many documents have their tables read at once: enough that asking costs little beside reading.
_AT_ONCE = 100


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
        # Documents that were asked for, by number and by path, and how often some were.
        self._paths: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._path_queries = 0
        # Documents that were read and verified since the manifest was.
        self._rows: dict[str, DocumentRow] = {}

    def manifest(self) -> Manifest | None:
        """None where there was no build, or the manifest does not verify."""
        known, checksum = self._known, self._known_checksum
        self._known, self._known_checksum = None, None
        self._forget_rows()
        with suppress(sqlite3.DatabaseError, DamagedIndexError):
            row = self._connection.execute("SELECT data FROM manifest").fetchone()
            if row:
                self._known_checksum = head(row[0])
                is_known = known is not None and self._known_checksum == checksum
                self._known = known if is_known else Manifest.from_bytes(unseal("manifest", row[0]))
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

    def heads_only(self) -> list[str]:
        """The documents of whose facts only heads are indexed, in the order of their paths' bytes."""
        if self._known is None or not self._known.totals.get("heads_only"):
            return []
        rows = self._connection.execute(f"SELECT {COLUMNS} FROM document WHERE heads_only")
        return sorted((DocumentRow.of(row).path for row in rows), key=os.fsencode)

    def document(self, path: str) -> DocumentRow | None:
        document = self._rows.get(path)
        if document is None:
            document = self._find(path)
            if document is not None:
                self._trust(document)
        return document

    def _trust(self, document: DocumentRow) -> None:
        """Remembers a document that verified. Raises DamagedIndexError where the manifest knows another."""
        if self._known is None or self._known.digests.get(document.path) != document.digest:
            raise DamagedIndexError(f"the document {document.path!r} is not that of the last build")
        self._rows[document.path] = document

    def _find(self, path: str) -> DocumentRow | None:
        """The row of a file, which is there if the manifest names the file."""
        row = self._connection.execute(_ONE_DOCUMENT, (stored(path),)).fetchone()
        if row is None and self._known is not None and path in self._known.files:
            raise DamagedIndexError(f"the document {path!r} is missing")
        return DocumentRow.of(row) if row else None

    def tables(self, document: DocumentRow) -> Iterator[bytes]:
        """The encoded symbol tables of a document, verified."""
        from metta_index.cache.piece_rows import verified

        rows = self._connection.execute(_TABLES, (document.id,))
        return verified(document.path, document.digest, document.pieces, rows)

    def tables_of_each(self, paths: Iterable[str]) -> Iterator[tuple[str, list[bytes]]]:
        """The encoded symbol tables of documents, verified; those that are not there are left out."""
        from metta_index.cache.piece_rows import verified

        waiting = (path for path in paths if path in self.digests())
        while group := list(islice(waiting, _AT_ONCE)):
            numbers = [self._number_of(path) for path in group]
            found: dict[int, tuple[int, list[tuple[object, object]]]] = {}
            for number, count, *row in self._connection.execute(_TABLES_OF_EACH, (dumps(numbers),)):
                found.setdefault(number, (count, []))[1].append((row[0], row[1]))
            for path, number in zip(group, numbers, strict=True):
                # Neither the number of pieces nor their data is taken unless they fit each other and the manifest.
                count, rows = found.pop(number, (0, []))
                yield path, list(verified(path, self.digests()[path], count, rows))

    def defining(self, name: bytes) -> list[str]:
        """The documents that offer a name, in the order of their paths' bytes."""
        return self._paths_of(self.postings.defining(name))

    def mentioning(self, name: bytes) -> list[str]:
        """The documents that mention a name, in the order of their paths' bytes."""
        return self._paths_of(self.postings.mentioning(name))

    def _paths_of(self, numbers: Collection[int]) -> list[str]:
        unknown = [number for number in numbers if number not in self._paths]
        if unknown:
            # Who asks often is told all at once.
            self._path_queries += 1
            if self._path_queries > _FEW:
                rows = self._connection.execute("SELECT id, path FROM document")
            else:
                rows = self._connection.execute(_PATHS, (dumps(unknown),))
            for number, stored_path in rows:
                path = stored_path if isinstance(stored_path, str) else os.fsdecode(stored_path)
                self._paths[number] = path
                self._numbers[path] = number
        try:
            found = [self._paths[number] for number in numbers]
        except KeyError as error:
            raise DamagedIndexError(f"document {error} is missing") from error
        return sorted(found, key=os.fsencode)

    def _number_of(self, path: str) -> int:
        number = self._numbers.get(path)
        if number is None:
            document = self.document(path)
            if document is None:
                raise DamagedIndexError(f"the document {path!r} is missing")
            number = document.id
        return number

    def _forget_rows(self) -> None:
        """Forgets what was read of documents, of which others are there now."""
        self.postings.forget_rows()
        self._rows.clear()
        self._paths.clear()
        self._numbers.clear()

    def digests(self) -> dict[str, bytes]:
        """The digest of every document of the last build, their rows unread."""
        return self._known.digests if self._known is not None else {}

    def has_all_findings(self) -> bool:
        """Whether there are as many as were kept."""
        return self.meta("finding_totals") in (self.finding_rows.totals(), None)

    def findings(self) -> Iterator[bytes]:
        """The encoded findings of the documents that have some, in no order."""
        if not self.has_all_findings():
            raise DamagedIndexError("its findings are not all there")
        return self.finding_rows.all(self.digests())

    def names(
        self, is_wanted: Callable[[bytes], bool], part: bytes = b"", is_folded: bool = False
    ) -> Iterator[tuple[bytes, int, int]]:
        """The wanted ones of the names that are offered, with how many documents offer and how many mention each.

        `part`: what all wanted ones hold; with `is_folded`, ASCII letters of names as small ones.
        """
        return self.postings.names(is_wanted, part, is_folded)

    def offered_text(self) -> OfferedText:
        """The names that are offered, to be looked for by what they begin and end with."""
        return self.postings.offered_text()

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
        return _in_order([record for _number, record in self.imports.all()])

    def imports_to(self, targets: Iterable[str]) -> list[ImportRecord]:
        """The imports that lead to some documents, in the order of their paths' bytes and texts."""
        return _in_order(self.imports.leading_to(targets))


def _in_order(records: list[ImportRecord]) -> list[ImportRecord]:
    return sorted(records, key=lambda record: (os.fsencode(record.path), record.position))
