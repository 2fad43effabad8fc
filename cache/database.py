"""IndexDatabase: the built index of one workspace, `index.db`, a SQLite file.

The schema is written down here and nowhere else:

* `meta(key, value)`: `schema`, `tool` (version that wrote it), `last_build` (the
  report of the last build, JSON).
* `manifest(id, data)`: one row, what the last build saw of every file
  (`indexer.manifest`), with a checksum.
* `document(id, path, language, dialect, bytes, digest, atoms, definitions,
  declarations, reference_count, errors)`: one row a file. `path` is relative to
  the workspace, text; a blob where its bytes are not UTF-8.
* `piece(document, position, data)`: the symbol tables of a document, sealed with
  a checksum. All but large files have one.

It is derived: deleting the file costs one build.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from metta_index.indexer.digest import blake2b
from metta_index.indexer.manifest import Manifest

if TYPE_CHECKING:
    from metta_index.indexer.work import Summary

SCHEMA = 1
_CHECK_BYTES = 16
_BUSY_MS = 1000

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE manifest (id INTEGER PRIMARY KEY CHECK (id = 1), data BLOB NOT NULL);
CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    path NOT NULL UNIQUE,
    language TEXT NOT NULL,
    dialect TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    digest BLOB NOT NULL,
    atoms INTEGER NOT NULL,
    definitions INTEGER NOT NULL,
    declarations INTEGER NOT NULL,
    reference_count INTEGER NOT NULL,
    errors INTEGER NOT NULL
);
CREATE TABLE piece (
    document INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (document, position)
);
"""

_TOTALS = ("bytes", "definitions", "declarations", "reference_count", "errors", "atoms")


class DamagedIndexError(Exception):
    """`index.db` holds what no build wrote. The next build makes it anew."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What the index says of one file, the tables apart."""

    path: str
    language: str
    dialect: str
    size: int
    digest: bytes
    atoms: int
    definitions: int
    declarations: int
    references: int
    errors: int


def _stored(path: str) -> str | bytes:
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def _path(stored: str | bytes) -> str:
    return stored if isinstance(stored, str) else os.fsdecode(stored)


def _seal(context: str, data: bytes) -> bytes:
    digest = blake2b(data, digest_size=_CHECK_BYTES, key=context.encode("utf-8", "surrogateescape")[-64:])
    return digest.digest() + data


def _unseal(context: str, sealed: bytes) -> bytes:
    data = sealed[_CHECK_BYTES:]
    if _seal(context, data) != sealed:
        raise DamagedIndexError(f"the checksum of {context!r} does not match")
    return data


class IndexDatabase:
    """An open `index.db`. Fulfils `indexer.protocols.IndexStore`.

    Changes become visible to others with `finish`, all at once; until then, and
    where the process dies before, everyone sees the index as it was.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path | None) -> None:
        self._connection = connection
        self.path = path

    @classmethod
    def open(cls, path: Path | None, warn: Callable[[str], None]) -> IndexDatabase:
        """Opens or creates the index; `path` None keeps it in memory.

        What is there and is no index of this version is set aside as NAME.bad, with
        a warning. Where the file cannot be used at all, the index lives in memory
        for this run, with a warning.
        """
        if path is None:
            return cls._in_memory()
        for attempt in (1, 2):
            try:
                connection = _connect(str(path))
                if _schema_of(connection) in (None, SCHEMA):
                    _create_if_empty(connection)
                    return cls(connection, path)
                reason = "it was written by another version of metta-index"
                connection.close()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) and not _says_damage(error):
                    warn(f"{path}: {error}; the index is kept in memory for this run")
                    return cls._in_memory()
                reason = f"it is damaged ({error})"
            if attempt == 1:
                _set_aside(path)
                warn(f"{path} could not be used: {reason}; it was moved to {path.name}.bad and is built afresh")
        warn(f"{path} cannot be created; the index is kept in memory for this run")
        return cls._in_memory()

    @classmethod
    def _in_memory(cls) -> IndexDatabase:
        connection = _connect(":memory:")
        _create_if_empty(connection)
        return cls(connection, None)

    def close(self) -> None:
        self._connection.close()

    # -- writing ---------------------------------------------------------------

    def manifest(self) -> Manifest | None:
        """None where there was no build, or the manifest does not verify."""
        try:
            row = self._connection.execute("SELECT data FROM manifest").fetchone()
            return Manifest.from_bytes(_unseal("manifest", row[0])) if row else None
        except (sqlite3.DatabaseError, DamagedIndexError, TypeError):
            return None

    def remove(self, paths: Iterable[str]) -> None:
        self._begin()
        self._connection.executemany("DELETE FROM document WHERE path = ?", ((_stored(path),) for path in paths))

    def put_document(
        self, path: str, language: str, size: int, digest: bytes, summary: Summary, tables: Sequence[bytes]
    ) -> None:
        self._begin()
        stored = _stored(path)
        self._connection.execute("DELETE FROM document WHERE path = ?", (stored,))
        cursor = self._connection.execute(
            "INSERT INTO document (path, language, dialect, bytes, digest, atoms, definitions, declarations,"
            " reference_count, errors) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                stored,
                language,
                summary.dialect,
                size,
                digest,
                summary.atoms,
                summary.definitions,
                summary.declarations,
                summary.references,
                summary.errors,
            ),
        )
        self._connection.executemany(
            "INSERT INTO piece VALUES (?, ?, ?)",
            ((cursor.lastrowid, position, _seal(f"{position}:{path}", table)) for position, table in enumerate(tables)),
        )

    def finish(self, manifest: Manifest) -> dict[str, int]:
        self._begin()
        sums = self._connection.execute(
            f"SELECT {', '.join(f'COALESCE(SUM({name}), 0)' for name in _TOTALS)} FROM document"
        ).fetchone()
        totals = dict(zip(_TOTALS, sums, strict=True))
        sealed = _seal("manifest", manifest.with_totals(totals).to_bytes())
        self._connection.execute("INSERT OR REPLACE INTO manifest VALUES (1, ?)", (sealed,))
        self._connection.execute("COMMIT")
        return totals

    def discard(self) -> None:
        """Forgets everything: the next build makes the index anew."""
        self._begin()
        for table in ("piece", "document", "manifest"):
            self._connection.execute(f"DELETE FROM {table}")

    def forget(self) -> None:
        """Makes the next build index everything anew: something that was read does not verify."""
        self.discard()
        self._connection.execute("COMMIT")

    def set_meta(self, key: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    # -- reading ---------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def documents(self) -> Iterator[DocumentRow]:
        """All documents in the order of their paths' bytes."""
        rows = self._connection.execute(f"SELECT {_DOCUMENT_COLUMNS} FROM document").fetchall()
        documents = [DocumentRow(_path(row[0]), *row[1:]) for row in rows]
        documents.sort(key=lambda document: os.fsencode(document.path))
        return iter(documents)

    def document(self, path: str) -> DocumentRow | None:
        row = self._connection.execute(
            f"SELECT {_DOCUMENT_COLUMNS} FROM document WHERE path = ?", (_stored(path),)
        ).fetchone()
        return DocumentRow(_path(row[0]), *row[1:]) if row else None

    def tables(self, path: str) -> Iterator[bytes]:
        """The encoded symbol tables of a document, verified. Raises DamagedIndexError."""
        rows = self._connection.execute(
            "SELECT position, data FROM piece WHERE document = (SELECT id FROM document WHERE path = ?)"
            " ORDER BY position",
            (_stored(path),),
        )
        for expected, (position, data) in enumerate(rows):
            if position != expected:
                raise DamagedIndexError(f"piece {expected} of {path!r} is missing")
            yield _unseal(f"{position}:{path}", data)


_DOCUMENT_COLUMNS = "path, language, dialect, bytes, digest, atoms, definitions, declarations, reference_count, errors"


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _schema_of(connection: sqlite3.Connection) -> int | None:
    """The schema number; None for an empty file, -1 for a database of someone else."""
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not names:
        return None
    if "meta" not in names:
        return -1
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    return int(row[0]) if row and str(row[0]).isdigit() else -1


def _create_if_empty(connection: sqlite3.Connection) -> None:
    if _schema_of(connection) is not None:
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA),))
    connection.execute("COMMIT")


def _says_damage(error: sqlite3.OperationalError) -> bool:
    text = str(error)
    return "no such" in text or "malformed" in text or "syntax error" in text


def _set_aside(path: Path) -> None:
    """Moves the database and what belongs to it out of the way; a copy set aside before is replaced."""
    path.replace(path.with_name(path.name + ".bad"))
    for suffix in ("-wal", "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
