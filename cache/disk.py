"""diskcache made safe: only bytes under text keys, all inside one SQLite file, opened in bounded time.

diskcache as shipped unpickles what a row says is a pickle, opens and deletes the
files that a row names (CVE-2025-69872), sets whatever attributes and pragmas its
Settings table names, and may wait a minute to be opened. The classes here take
each of these away; what is left is its schema, its settings and its file.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import diskcache  # type: ignore[import-untyped]

from metta_index.cache.files import DATABASE, RefusedError, check_files

_NO_FILES = 1 << 62
_PAGE_BYTES = 8192
_INCREMENTAL = 2

#: Every setting that diskcache knows is given, so that none is taken from the file.
#: No policy and no culling: the store evicts by itself. Vacuum on demand only: moving
#: pages at every commit makes storing a fifth slower. No memory map: a file that is cut
#: short while mapped would be a SIGBUS, not an error.
_SETTINGS: Final[dict[str, Any]] = {
    "statistics": 0,
    "tag_index": 0,
    "eviction_policy": "none",
    "size_limit": _NO_FILES,
    "cull_limit": 0,
    "sqlite_auto_vacuum": _INCREMENTAL,
    "sqlite_cache_size": 1 << 12,
    "sqlite_journal_mode": "wal",
    "sqlite_mmap_size": 0,
    "sqlite_synchronous": 1,
    "disk_min_file_size": _NO_FILES,
    "disk_pickle_protocol": 0,
}
_COUNTERS = frozenset({"count", "size", "hits", "misses"})

#: Left out of diskcache's schema: its triggers keep counts that are not used, and do not
#: compile where SQLite was built with SQLITE_DQS=0; nothing here expires.
_NOT_MADE = ("CREATE TRIGGER", "CREATE INDEX IF NOT EXISTS Cache_expire_time")
_BY_LAST_USE = "CREATE INDEX IF NOT EXISTS Cache_access_time ON Cache (access_time)"

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


class BytesDisk(diskcache.Disk):  # type: ignore[misc]
    """Stores and fetches bytes under text keys. No pickle, no files, nothing that a row can steer."""

    def __init__(self, directory: str, **_settings: object) -> None:
        super().__init__(directory, min_file_size=_NO_FILES, pickle_protocol=0)

    def __setattr__(self, name: str, value: object) -> None:
        """Settings arrive as attributes: each is taken once, from `__init__`, and none besides."""
        if name in ("_directory", "min_file_size", "pickle_protocol") and name not in self.__dict__:
            super().__setattr__(name, value)

    def put(self, key: object) -> tuple[str, bool]:
        if type(key) is not str:
            raise TypeError("keys are text")
        return key, True

    def get(self, key: object, raw: object) -> str:
        if not raw or type(key) is not str:
            raise RefusedError("a key is not text")
        return key

    def store(self, value: object, read: bool, key: object = None) -> tuple[int, int, None, bytes]:
        if read or type(value) is not bytes:
            raise TypeError("values are bytes")
        return 0, diskcache.core.MODE_RAW, None, value

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> bytes:
        if read or mode != diskcache.core.MODE_RAW or filename is not None or type(value) is not bytes:
            raise RefusedError("a value is not plain bytes")
        return value

    def filename(self, key: object = None, value: object = None) -> NoReturn:
        raise RefusedError("no value has a file of its own")

    def remove(self, file_path: object) -> None:
        """Nothing is ever removed: no value has a file, whatever its row says."""


class BytesCache(diskcache.Cache):  # type: ignore[misc]
    """A diskcache over `BytesDisk`, opened in one transaction on one connection.

    diskcache opens in some forty statements that each wait up to a minute for the
    lock. Here the lock is taken first, for at most `wait_s`, the tables are looked at,
    and then diskcache finds nothing to wait for and no setting but ours. An opening
    that changes nothing writes nothing. It belongs to the thread that opened it.

    Raises sqlite3.Error, RefusedError and OSError; `cause_of` tells them apart.
    """

    def __init__(self, folder: Path, wait_s: float) -> None:
        self._opening = True
        check_files(folder)
        self.connection, changed = _begin(folder / DATABASE, wait_s)
        try:
            super().__init__(_plain(folder), timeout=wait_s, disk=BytesDisk, **_SETTINGS)
            if changed:
                self.connection.execute(_BY_LAST_USE)
            self.connection.execute("COMMIT" if changed else "ROLLBACK")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self.connection.close()
            raise RefusedError(f"its settings make no sense: {error}") from error
        except BaseException:
            self.connection.close()
            raise
        self._opening = False

    @property
    def _con(self) -> sqlite3.Connection:
        return self.connection

    @property
    def _sql(self) -> Callable[..., sqlite3.Cursor]:
        return self._execute

    def _execute(self, statement: str, parameters: tuple[object, ...] = ()) -> sqlite3.Cursor:
        if statement.lstrip().startswith(_NOT_MADE):
            return self.connection.cursor()
        return self.connection.execute(statement, parameters)

    def close(self) -> None:
        """Closes the connection, except where diskcache would do so at the end of its opening."""
        if not self._opening:
            self.connection.close()


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


def _begin(path: Path, wait_s: float) -> tuple[sqlite3.Connection, bool]:
    """A connection that holds the lock for writing, and whether opening has to change anything."""
    deadline = time.monotonic() + wait_s
    connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        while True:
            try:
                if _is_new(connection):
                    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
                for name, value in _SETTINGS.items():
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
        return connection, _is_new(connection) or _scrub_settings(connection)
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
    known = {*_SETTINGS, *_COUNTERS}
    for key, _value in rows:
        if key not in known:
            connection.execute("DELETE FROM Settings WHERE key IS ?", (key,))
    return {key: value for key, value in rows if key not in _COUNTERS} != _SETTINGS


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


def _plain(folder: Path) -> str:
    """The folder for diskcache, which would expand `~` and `$NAME` in it, and make the folder so named."""
    name = str(folder.absolute())
    return name if os.path.expandvars(name) == name else os.curdir
