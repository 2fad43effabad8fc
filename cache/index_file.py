"""The file of an index: its tables, how it is opened, and what its errors mean."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from pathlib import Path

SCHEMA = 11
_BUSY_MS = 1000

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE manifest (id INTEGER PRIMARY KEY CHECK (id = 1), data BLOB NOT NULL);
CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    path NOT NULL UNIQUE,
    language TEXT NOT NULL,
    dialect TEXT NOT NULL,
    size INTEGER NOT NULL,
    digest BLOB NOT NULL,
    atoms INTEGER NOT NULL,
    definitions INTEGER NOT NULL,
    declarations INTEGER NOT NULL,
    reference_count INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    pieces INTEGER NOT NULL,
    regions INTEGER NOT NULL,
    heads_only INTEGER NOT NULL,
    checksum BLOB NOT NULL
);
CREATE TABLE piece (
    document INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (document, position)
);
CREATE TABLE name (
    bucket INTEGER PRIMARY KEY,
    offered TEXT NOT NULL,
    others TEXT NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE TABLE import (
    document INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    dialect TEXT NOT NULL,
    form TEXT NOT NULL,
    module NOT NULL,
    into_space NOT NULL,
    flags INTEGER NOT NULL,
    start_byte INTEGER NOT NULL,
    end_byte INTEGER NOT NULL,
    form_start INTEGER NOT NULL,
    form_end INTEGER NOT NULL,
    line INTEGER NOT NULL,
    column_number INTEGER NOT NULL,
    status TEXT,
    way TEXT,
    target,
    kind TEXT,
    name,
    reason,
    candidates TEXT,
    parents TEXT,
    lookups TEXT,
    checksum BLOB NOT NULL,
    PRIMARY KEY (document, position)
) WITHOUT ROWID;
CREATE INDEX unlinked ON import (document) WHERE status IS NULL;
CREATE TABLE lookup (
    key NOT NULL,
    document INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (key, document, position)
) WITHOUT ROWID;
CREATE TABLE finding (
    document INTEGER PRIMARY KEY REFERENCES document (id) ON DELETE CASCADE,
    count INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE dependency (
    key BLOB NOT NULL,
    document INTEGER NOT NULL REFERENCES finding (document) ON DELETE CASCADE,
    PRIMARY KEY (key, document)
) WITHOUT ROWID;
CREATE INDEX depending ON dependency (document);
CREATE VIEW defines (name, path) AS
    SELECT entry.key, document.path FROM name, json_each(name.offered) AS entry, json_each(entry.value) AS number
    JOIN document ON document.id = -number.value;
CREATE VIEW mentions (name, path) AS
    SELECT entry.key, document.path FROM
    (SELECT offered AS names FROM name UNION ALL SELECT others FROM name),
    json_each(names) AS entry, json_each(entry.value) AS number
    JOIN document ON document.id = abs(number.value);
"""

#: What SQLite says where the file may be sound but cannot be used now. All else is damage.
_OBSTACLES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
}
_SIDE_FILES = ("-wal", "-shm", "-journal")
#: Where SQLite says which versions may write the file; of a later one it only reads.
_WRITE_FORMAT = slice(18, 19)


class DamagedIndexError(Exception):
    """`index.db` holds what no build wrote. The next build makes it anew."""


def connect(path: str) -> sqlite3.Connection:
    """An open connection to an index of this version, made where there is none.

    The lock is waited for, a second at most. Raises sqlite3.Error, DamagedIndexError.
    """
    connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = NORMAL")
        schema = _schema_of(connection)
        if schema is None:
            _create(connection)
        elif schema != SCHEMA:
            raise DamagedIndexError("it was written by another version of metta-index, or another program")
    except UnicodeDecodeError as error:  # sqlite3 quotes what it found in the schema
        connection.close()
        raise DamagedIndexError("what it says of its tables is no text") from error
    except BaseException:
        connection.close()
        raise
    return connection


def is_damage(error: Exception, path: Path | None) -> bool:
    """Whether an error means that the index is not what a build wrote, rather than that it cannot be used now."""
    if not isinstance(error, sqlite3.Error):
        return isinstance(error, DamagedIndexError | ValueError)
    if (getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF) not in _OBSTACLES:
        return True
    return path is not None and not _is_database(path)


def described(error: Exception) -> str:
    """An error as one line: SQLite quotes what it finds in a damaged file."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(error))


def set_aside(path: Path) -> bool:
    """Moves an index and what belongs to it to NAME.bad, in place of what was there. Whether that worked."""
    from metta_index.cache.files import remove

    aside = path.with_name(path.name + ".bad")
    try:
        remove(aside)
        path.replace(aside)
        for side in _side_files(path):
            remove(side)
    except FileNotFoundError:
        return True  # another process was faster
    except OSError:
        return False
    return True


def _is_database(path: Path) -> bool:
    """False for what SQLite would refuse to open or to write, whatever the rights."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        if any(os.path.lexists(side) and not stat.S_ISREG(side.lstat().st_mode) for side in _side_files(path)):
            return False
        with path.open("rb") as file:
            return file.read(_WRITE_FORMAT.stop)[_WRITE_FORMAT] in (b"", b"\1", b"\2")
    except OSError:
        return True


def _side_files(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in _SIDE_FILES]


def _schema_of(connection: sqlite3.Connection) -> int | None:
    """The schema number; None for an empty file, -1 for a database of someone else."""
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not names:
        return None
    if "meta" not in names:
        return -1
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    return int(row[0]) if row and str(row[0]).isdecimal() else -1


def let_read_while_written(connection: sqlite3.Connection) -> None:
    """Has later builds write beside what is there (WAL), so that others can read meanwhile.

    Not while others use the file: then it is tried again after the next build.
    """
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")


def _create(connection: sqlite3.Connection) -> None:
    # Not in WAL yet: the first build has nothing that others could read meanwhile, and would write
    # everything twice. `let_read_while_written` comes after it.
    connection.execute("BEGIN IMMEDIATE")
    if _schema_of(connection) is None:  # else another process was faster
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA),))
    connection.execute("COMMIT")
