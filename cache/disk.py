"""The database of a cache: looked at before it is trusted, opened in bounded time, and what its errors mean.

It is diskcache's: its schema and its settings, in one file (`bytes_cache`).
"""

from __future__ import annotations

import errno
import sqlite3
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

from metta_index.cache.files import DATABASE, RefusedError, check_files

NO_FILES = 1 << 62
_PAGE_BYTES = 8192
_INCREMENTAL = 2

#: Every setting that diskcache knows is given, so that none is taken from the file.
#: No policy and no culling: the store evicts by itself. Vacuum on demand only: moving
#: pages at every commit makes storing a fifth slower. No memory map: a file that is cut
#: short while mapped would be a SIGBUS, not an error.
SETTINGS: Final[dict[str, Any]] = {
    "statistics": 0,
    "tag_index": 0,
    "eviction_policy": "none",
    "size_limit": NO_FILES,
    "cull_limit": 0,
    "sqlite_auto_vacuum": _INCREMENTAL,
    "sqlite_cache_size": 1 << 12,
    "sqlite_journal_mode": "wal",
    "sqlite_mmap_size": 0,
    "sqlite_synchronous": 1,
    "disk_min_file_size": NO_FILES,
    "disk_pickle_protocol": 0,
}
_COUNTERS = frozenset({"count", "size", "hits", "misses"})

_COLUMNS = {
    "Settings": [("key", "TEXT"), ("value", "")],
    "Cache": [
        ("rowid", "INTEGER"),
        ("key", "BLOB"),
        ("raw", "INTEGER"),
        ("store_time", "REAL"),
        ("expire_time", "REAL"),
        ("access_time", "REAL"),
        ("access_count", "INTEGER"),
        ("tag", "BLOB"),
        ("size", "INTEGER"),
        ("mode", "INTEGER"),
        ("filename", "TEXT"),
        ("value", "BLOB"),
    ],
}
_OBJECTS = {
    ("table", "Settings"),
    ("table", "Cache"),
    ("index", "sqlite_autoindex_Settings_1"),
    ("index", "Cache_key_raw"),
    ("index", "Cache_access_time"),
}


class Cause(NamedTuple):
    """Why a cache that may be sound cannot be used for now, and what can be done."""

    text: str
    advice: str


_LOCKED = Cause("another process is writing to it", "Wait for that process to end, or choose another with --cache-dir")
_NOT_WRITABLE = Cause("it cannot be written", "Check its owner and permissions, or choose another with --cache-dir")
_FULL = Cause("the disk is full", "Free some space, or choose another disk with --cache-dir")
_BROKEN_DISK = Cause("the disk reports an error", "Check the disk, or choose another with --cache-dir")
_NO_MEMORY = Cause("there is not enough memory", "Free some, or go without with --no-cache")

#: What SQLite says where the file may be sound but cannot be used. All else is damage.
_CAUSES = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
    sqlite3.SQLITE_PERM: _NOT_WRITABLE,
    sqlite3.SQLITE_AUTH: _NOT_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: _NOT_WRITABLE,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _BROKEN_DISK,
    sqlite3.SQLITE_NOMEM: _NO_MEMORY,
}

ERRORS = (sqlite3.Error, RefusedError, OSError)
"""What opening and using a cache can raise; `cause_of` tells damage from the rest."""


def cause_of(error: Exception) -> Cause | None:
    """Why the cache cannot be used for now; None where the error means that it is damaged."""
    if isinstance(error, OSError):
        return _FULL if error.errno == errno.ENOSPC else _NOT_WRITABLE._replace(text=error.strerror or str(error))
    code = getattr(error, "sqlite_errorcode", None)
    return _CAUSES.get(code & 0xFF) if code is not None else None


def open_for_writing(folder: Path, wait_s: float) -> sqlite3.Connection:
    """A connection to the database of a cache, made or mended by diskcache where it is not as it should be.

    The lock is waited for, at most `wait_s`. An opening that changes nothing writes
    nothing. Raises sqlite3.Error, RefusedError and OSError; `cause_of` tells them apart.
    """
    check_files(folder)
    connection, is_ready = begin(folder / DATABASE, wait_s)
    if is_ready:
        connection.execute("ROLLBACK")
        return connection
    connection.close()
    # Imported only here: diskcache takes longer to import than the entries of one file take to look up and store.
    from metta_index.cache.bytes_cache import BytesCache

    return BytesCache(folder, wait_s).connection


def open_read_only(folder: Path, cause: Cause) -> sqlite3.Connection:
    """A connection that can only read. Raises sqlite3.Error, RefusedError and OSError.

    `cause`: why it is not opened for writing. Where SQLite cannot keep its own files
    beside the database, and nobody is writing to it, it is read as it lies there.
    """
    check_files(folder)
    path = folder / DATABASE
    try:
        return _connect_read_only(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if cause is _LOCKED or cause_of(error) is None:
            raise
        return _connect_read_only(path, "mode=ro&immutable=1")


def begin(path: Path, wait_s: float) -> tuple[sqlite3.Connection, bool]:
    """A connection that holds the lock for writing, and whether all that is there is as it should be."""
    deadline = time.monotonic() + wait_s
    connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        while True:
            try:
                if _is_new(connection):
                    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
                for name, value in SETTINGS.items():
                    if name.startswith("sqlite_"):
                        # Some pragmas write even where they change nothing.
                        _set_pragma(connection, name.removeprefix("sqlite_"), value)
                connection.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError as error:
                # Two that make the same database refuse each other at once, whatever the timeout.
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        return connection, not _is_new(connection) and not _scrub_settings(connection)
    except BaseException:
        connection.close()
        raise


def _set_pragma(connection: sqlite3.Connection, name: str, value: object) -> None:
    if connection.execute(f"PRAGMA {name}").fetchone() != (value,):
        connection.execute(f"PRAGMA {name} = {value}").fetchall()


def _is_new(connection: sqlite3.Connection) -> bool:
    """Whether the database is empty. Raises RefusedError for tables, views or triggers that are not ours."""
    objects = set(connection.execute("SELECT type, name FROM sqlite_master").fetchall())
    if not objects:
        return True
    if objects != _OBJECTS:
        raise RefusedError("its tables are not those of a cache")
    for table, columns in _COLUMNS.items():
        found = connection.execute(f"PRAGMA table_xinfo({table})").fetchall()
        if [(row[1], row[2]) for row in found] != columns or any(row[6] for row in found):
            raise RefusedError(f"its table {table} is not that of a cache")
    return False


def _scrub_settings(connection: sqlite3.Connection) -> bool:
    """Removes settings that diskcache does not know, since it would obey them. Whether any was wrong."""
    rows = connection.execute("SELECT key, value FROM Settings").fetchall()
    known = {*SETTINGS, *_COUNTERS}
    for key, _value in rows:
        if key not in known:
            connection.execute("DELETE FROM Settings WHERE key IS ?", (key,))
    return {key: value for key, value in rows if key not in _COUNTERS} != SETTINGS


def _connect_read_only(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=0.1, isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        if _is_new(connection):
            raise RefusedError("it is empty")
    except BaseException:
        connection.close()
        raise
    return connection
