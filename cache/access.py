"""Access to the database of a store, whatever state it is in: reads, writes, and what becomes of errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from metta_index.cache import disk, files
from metta_index.cache.reports import State

_KEYS_PER_QUERY = 500

_T = TypeVar("_T")


class Access:
    """The database in a folder, open for reading and writing, for reading, or not at all.

    No method raises for what happens to the files. Damage: the folder is set aside and
    begun anew, once. Whatever else prevents writing: it is read; whatever prevents
    reading: it is off. `state` and `reason` say what holds now, one warning said it.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None], wait_s: float) -> None:
        self.folder = folder
        self.state: State = "off"
        self.reason = ""
        self.is_empty = True
        self._warn = warn
        self._wait_s = wait_s
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._was_set_aside = False
        self._open()

    def read(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """What the work reads; None where nothing can be read."""
        try:
            return None if self._connection is None else work(self._connection)
        except sqlite3.Error as error:
            self.fail(error, reading=True)
            return None

    def select(self, query: str, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        """Rows of a query that ends in `IN`, for these keys, as far as they can be read."""
        rows: list[tuple[Any, ...]] = []

        def collect(connection: sqlite3.Connection) -> None:
            for chunk in chunks(keys):
                rows.extend(connection.execute(f"{query} {marks(chunk)}", chunk))

        if not self.is_empty:
            self.read(collect)
        return rows

    def write(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Does the work in one transaction; None where it cannot be done. What else it raises undoes it."""
        connection = self._connection
        if connection is None or self.state != "open":
            return None
        try:
            # Not diskcache's `transact`: it hides why it could not begin.
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(connection)
            self.fail(error)
            return None
        except BaseException:
            _roll_back(connection)
            raise
        return result

    def give_back(self) -> None:
        """Returns the free pages of the database to the disk."""
        try:
            if self._connection is not None and self.state == "open":
                # A script, since it alone runs the statement to its end, not one page far.
                self._connection.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            self.fail(error)

    def close(self) -> None:
        self._detach()
        self.reason = "it is closed"

    def fail(self, error: Exception, *, reading: bool = False) -> None:
        """Decides how to go on after an error. A caller's mistake, such as another thread, is raised again."""
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise error
        cause = disk.cause_of(error)
        if cause is None:
            self._detach()
            if self._set_aside(error):
                self._open()
            return
        if reading:
            self._detach()
        else:
            self.state = "read-only"
        self._tell(cause)

    def _open(self) -> None:
        while True:
            self._identity = files.identity(self.folder)
            try:
                files.make_folder(self.folder)
                self._attach(disk.open_for_writing(self.folder, self._wait_s), "open")
                return
            except disk.ERRORS as error:
                self._detach()
                cause = disk.cause_of(error)
                if cause is not None:
                    self._open_read_only(cause)
                    return
                if not self._set_aside(error):
                    return

    def _open_read_only(self, cause: disk.Cause) -> None:
        try:
            self._attach(disk.open_read_only(self.folder, cause), "read-only")
        except disk.ERRORS:
            self._detach()
        self._tell(cause)

    def _attach(self, connection: sqlite3.Connection, state: State) -> None:
        self._connection = connection
        self._identity = files.identity(self.folder)
        self.is_empty = connection.execute("SELECT 1 FROM Cache LIMIT 1").fetchone() is None
        self.state = state

    def _detach(self) -> None:
        self.state = "off"
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _tell(self, cause: disk.Cause) -> None:
        self.reason = cause.text
        how = "read but not written" if self.state == "read-only" else "not used"
        self._warn(f"the cache in {self.folder} is {how} in this run: {cause.text}. {cause.advice}")

    def _set_aside(self, error: Exception) -> bool:
        """Makes room for a new store in the place of a damaged one; once a run. Whether that worked."""
        if self._was_set_aside:
            self.reason = f"it is damaged again: {error}"
            self._warn(f"the cache in {self.folder} is not used in this run: {self.reason}. Check the disk")
            return False
        self._was_set_aside = True
        if files.identity(self.folder) != self._identity:
            # Another process saw the damage first, and has begun anew.
            return True
        try:
            aside = files.set_aside(self.folder)
        except OSError as obstacle:
            self.reason = f"it is damaged ({error}) and cannot be set aside: {obstacle.strerror or obstacle}"
            self._warn(f"the cache in {self.folder} is not used in this run: {self.reason}. Delete it")
            return False
        self.reason = f"what was there before was damaged ({error}) and lies in {aside}"
        self._warn(
            f"the cache in {self.folder} was damaged ({error}): it is set aside as {aside.name} and begun anew."
            " Nothing is lost but time: what it held is parsed again"
        )
        return True


def number(connection: sqlite3.Connection, query: str) -> int:
    """The one number that a query gives. Raises sqlite3.Error."""
    return int(connection.execute(query).fetchone()[0])


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the pages of a database that hold something. Raises sqlite3.Error."""
    pages = number(connection, "PRAGMA page_count") - number(connection, "PRAGMA freelist_count")
    return pages * number(connection, "PRAGMA page_size")


def chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """The keys in portions that one statement can name."""
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        yield keys[start : start + _KEYS_PER_QUERY]


def marks(chunk: Sequence[str]) -> str:
    """The parameters of a statement for these keys."""
    return f"({','.join('?' * len(chunk))})"


def _roll_back(connection: sqlite3.Connection) -> None:
    # SQLite may have rolled back by itself, as it does on a full disk.
    with suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
