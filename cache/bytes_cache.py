"""diskcache made safe: only bytes under text keys, all inside one SQLite file.

diskcache as shipped unpickles what a row says is a pickle, opens and deletes the
files that a row names (CVE-2025-69872), sets whatever attributes and pragmas its
Settings table names, and may wait a minute to be opened. The classes here take
each of these away; what is left is its schema, its settings and its file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import diskcache  # type: ignore[import-untyped]

from metta_index.cache.disk import NO_FILES, SETTINGS, begin
from metta_index.cache.files import DATABASE, RefusedError, check_files

#: Left out of diskcache's schema: its triggers keep counts that are not used, and do not
#: compile where SQLite was built with SQLITE_DQS=0; nothing here expires.
_NOT_MADE = ("CREATE TRIGGER", "CREATE INDEX IF NOT EXISTS Cache_expire_time")
_BY_LAST_USE = "CREATE INDEX IF NOT EXISTS Cache_access_time ON Cache (access_time)"


class BytesDisk(diskcache.Disk):  # type: ignore[misc]
    """Stores and fetches bytes under text keys. No pickle, no files, nothing that a row can steer."""

    def __init__(self, directory: str, **_settings: object) -> None:
        super().__init__(directory, min_file_size=NO_FILES, pickle_protocol=0)

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
        self.connection, is_ready = begin(folder / DATABASE, wait_s)
        try:
            super().__init__(_plain(folder), timeout=wait_s, disk=BytesDisk, **SETTINGS)
            if not is_ready:
                self.connection.execute(_BY_LAST_USE)
            self.connection.execute("ROLLBACK" if is_ready else "COMMIT")
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


def _plain(folder: Path) -> str:
    """The folder for diskcache, which would expand `~` and `$NAME` in it, and make the folder so named."""
    name = str(folder.absolute())
    return name if os.path.expandvars(name) == name else os.curdir
