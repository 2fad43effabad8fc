"""Store: parse trees and symbol tables by content, kept between runs in a diskcache.

Whatever happens to it, a lookup is a verified value or a miss: a damaged store is set
aside and begun anew, and one that cannot be written is read, or done without.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from metta_index.cache import files
from metta_index.cache.entries import MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES, SCHEMA, seal, unseal
from metta_index.cache.reports import Counts, GcReport, Limits, State, StoreStats, VerifyReport

if TYPE_CHECKING:
    from metta_index.cache.disk import BytesCache, Cause

__all__ = ["GcReport", "Limits", "Store", "StoreStats", "VerifyReport"]

_T = TypeVar("_T")
_KEYS_PER_QUERY = 500
_SECONDS_PER_DAY = 86400
_DEFAULT_LIMITS = Limits()

#: The frame of a row; NULL for a row that the store did not write.
_FRAME = (
    "CASE WHEN mode = 1 AND filename IS NULL AND typeof(value) = 'blob'"
    f" AND length(value) <= {MAX_FRAME_BYTES} THEN value END"
)
_PUT = (
    "INSERT INTO Cache (key, raw, store_time, access_time, mode, value) VALUES (?, 1, ?, ?, 1, ?)"
    " ON CONFLICT (key, raw) DO UPDATE SET store_time = excluded.store_time, expire_time = NULL,"
    " access_time = excluded.access_time, tag = NULL, size = 0, mode = 1, filename = NULL, value = excluded.value"
)
_DROP_OLDEST = (
    "DELETE FROM Cache WHERE rowid IN"
    " (SELECT rowid FROM Cache WHERE access_time IS NOT ? ORDER BY access_time, rowid LIMIT ?)"
)

_DROP_OLDER = "DELETE FROM Cache WHERE access_time IS NULL OR access_time < ?"
_ALL_ENTRIES = f"SELECT rowid, CASE typeof(key) WHEN 'text' THEN CAST(key AS BLOB) END, raw, {_FRAME} FROM Cache"
_STAMP = "UPDATE Cache SET access_time = ? WHERE raw = 1 AND access_time IS NOT ? AND key IN"


class _OverCapacityError(Exception):
    """What this run used alone fills the store."""


class _DryRunError(Exception):
    """Nothing of this transaction is to stay."""


class Store:
    """An open store. Fulfils `indexer.protocols.EntryCache`; belongs to the thread that opened it.

    No method raises for what happens to the files: `stats()` tells. `folder` is that
    of this version of the store; those of other versions lie beside it, untouched.
    """

    def __init__(self, folder: Path, limits: Limits, warn: Callable[[str], None], wait_s: float) -> None:
        """A store that is off; `Store.open` gives one that is not."""
        self.folder = folder
        self.limits = limits
        self._warn = warn
        self._wait_s = wait_s
        self._state: State = "off"
        self._reason = ""
        self._counts = Counts()
        self._cache: BytesCache | None = None
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._was_set_aside = False
        self._is_empty = True
        self._is_full = False
        # At least as many entries as there are: they are counted only where it matters.
        self._entries_bound = 0
        # Entries that this run used are those with exactly this time of last use.
        self._now = time.time()
        self._used: set[str] = set()

    @classmethod
    def open(
        cls, folder: Path, *, limits: Limits = _DEFAULT_LIMITS, warn: Callable[[str], None], wait_s: float = 1.0
    ) -> Store:
        """Opens or creates the store in a folder; whatever is wrong with it, with one warning at most.

        A damaged store is set aside as NAME.bad and begun anew. One that another process
        is writing to for longer than `wait_s` seconds, or that cannot be written, is
        read; where that fails too, every lookup is a miss.
        """
        store = cls(folder.absolute() / f"v{SCHEMA}", limits, warn, wait_s)
        store._open()
        return store

    # -- entries ---------------------------------------------------------------

    def contains_many(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that are there. `get_many` may still refuse some: nothing is verified here."""
        return {key for (key,) in self._select("SELECT key FROM Cache WHERE raw = 1 AND key IN", keys)}

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is stored under the keys, as far as it verifies. What does not is removed."""
        unique = list(dict.fromkeys(keys))
        found: dict[str, bytes] = {}
        refused = []
        for key, frame in self._select(f"SELECT key, {_FRAME} FROM Cache WHERE raw = 1 AND key IN", unique):
            payload = None if frame is None else unseal(key, frame)
            if payload is None:
                refused.append(key)
            else:
                found[key] = payload
        self._used.update(found)
        self._counts.hits += len(found)
        self._counts.misses += len(unique) - len(found)
        self._counts.verify_failures += len(refused)
        if refused:
            self._remove(refused)
        return found

    def put_many(self, entries: Iterable[tuple[str, bytes]]) -> None:
        """Stores all of the entries, or none where they cannot be. A payload beyond all limits is left out."""
        if self._state != "open" or self._is_full:
            return
        largest = min(MAX_PAYLOAD_BYTES, self.limits.max_bytes)
        frames = {key: seal(key, payload) for key, payload in entries if len(payload) <= largest}

        def put(connection: sqlite3.Connection) -> int:
            connection.executemany(_PUT, ((key, self._now, self._now, frame) for key, frame in frames.items()))
            self._entries_bound += len(frames)
            evicted = self._evict(connection)
            if self._is_over(connection):
                raise _OverCapacityError
            return evicted

        try:
            evicted = self._write(put) if frames else None
        except _OverCapacityError:
            self._is_full = True
            self._reason = "this workspace alone needs more than it may hold"
            self._warn(
                f"the cache in {self.folder} is full: this workspace alone needs more than"
                f" {self.limits.max_bytes:,} bytes or {self.limits.max_entries:,} entries. What does not fit is"
                " indexed but not kept; raise `max-cache-bytes` or `max-cache-entries` in the configuration"
            )
            return
        if evicted is not None:
            self._is_empty = False
            self._counts.puts += len(frames)
            self._counts.evictions += evicted

    def invalidate(self, key: str) -> None:
        """Forgets what is stored under a key."""
        self._remove([key])

    def clear(self) -> int:
        """Forgets everything, what was set aside included; how many entries that were."""

        def remove_all(connection: sqlite3.Connection) -> int:
            count = _number(connection, "SELECT COUNT(*) FROM Cache")
            connection.execute("DELETE FROM Cache")
            self._entries_bound = 0
            return count

        removed = self._write(remove_all)
        self._used.clear()
        self._give_back()
        return removed or 0

    # -- the store as a whole -----------------------------------------------------

    def stats(self) -> StoreStats:
        """What the store holds now, and did since it was opened."""
        entries = 0
        try:
            if self._connection is not None:
                entries = _number(self._connection, "SELECT COUNT(*) FROM Cache")
        except sqlite3.Error as error:
            self._failed(error, reading=True)
        return StoreStats(
            state=self._state,
            reason=self._reason,
            entries=entries,
            bytes=files.size_of(self.folder),
            max_entries=self.limits.max_entries,
            max_bytes=self.limits.max_bytes,
            hits=self._counts.hits,
            misses=self._counts.misses,
            puts=self._counts.puts,
            evictions=self._counts.evictions,
            verify_failures=self._counts.verify_failures,
        )

    def verify(self, *, remove: bool = True) -> VerifyReport:
        """Checks every entry, and SQLite's own structures; removes what is bad unless told not to.

        Where the structures are damaged, removing means: the store is set aside whole.
        """
        good = 0
        bad: list[int] = []
        damage: list[str] = []
        problems = [self._reason] if self._reason else []
        try:
            if self._connection is not None:
                for rowid, key, raw, frame in self._connection.execute(_ALL_ENTRIES):
                    if raw == 1 and frame is not None and _verifies(key, frame):
                        good += 1
                    else:
                        bad.append(rowid)
                found = self._connection.execute("PRAGMA integrity_check(10)").fetchall()
                damage += [str(text) for (text,) in found if text != "ok"]
        except sqlite3.Error as error:
            damage.append(str(error))
        self._counts.verify_failures += len(bad)
        if remove and (bad or damage) and self._state != "open":
            problems.append("nothing is removed")
        elif remove and damage:
            self._failed(files.RefusedError(damage[0]))
        elif remove and bad:
            statement = "DELETE FROM Cache WHERE rowid = ?"
            self._write(lambda connection: connection.executemany(statement, ((rowid,) for rowid in bad)))
        return VerifyReport(good, len(bad), (*problems, *damage))

    def gc(self, *, max_age_days: float | None = None, dry_run: bool = False) -> GcReport:
        """Removes entries unused for `max_age_days`, then those beyond the limits, and gives the space back."""
        removed = kept = freed = 0

        def collect(connection: sqlite3.Connection) -> None:
            nonlocal removed, kept, freed
            before = _number(connection, "PRAGMA page_count") * _number(connection, "PRAGMA page_size")
            if max_age_days is not None:
                oldest = self._now - max_age_days * _SECONDS_PER_DAY
                removed += connection.execute(_DROP_OLDER, (oldest,)).rowcount
            self._entries_bound = _number(connection, "SELECT COUNT(*) FROM Cache")
            removed += self._evict(connection, vacuum=False)
            kept = _number(connection, "SELECT COUNT(*) FROM Cache")
            freed = before - _used_bytes(connection)
            self._entries_bound = removed + kept
            if dry_run:
                raise _DryRunError

        with suppress(_DryRunError):
            self._write(collect)
        freed += files.size_of(files.aside_of(self.folder))
        if not dry_run:
            self._counts.evictions += removed
            self._give_back()
        return GcReport(removed, kept, freed, dry_run)

    def close(self) -> None:
        """Notes what was used in this run, and closes the files. Afterwards the store is off."""
        if self._used:
            self._write(self._stamp)
        self._detach()
        self._state, self._reason = "off", "it is closed"

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- opening, and what can go wrong -----------------------------------------------

    def _open(self) -> None:
        from metta_index.cache import disk

        while True:
            self._identity = files.identity(self.folder)
            try:
                files.make_folder(self.folder)
                self._cache = disk.BytesCache(self.folder, self._wait_s)
                self._identity = files.identity(self.folder)
                self._attach(self._cache.connection, "open")
                return
            except disk.ERRORS as error:
                self._detach()
                cause = disk.cause_of(error)
                if cause is not None:
                    self._open_read_only(cause)
                    return
                if not self._set_aside(error):
                    return

    def _open_read_only(self, cause: Cause) -> None:
        from metta_index.cache import disk

        self._reason = cause.text
        try:
            self._attach(disk.open_read_only(self.folder, cause), "read-only")
        except disk.ERRORS:
            self._detach()
        how = "read but not written" if self._state == "read-only" else "not used"
        self._warn(f"the cache in {self.folder} is {how} in this run: {cause.text}. {cause.advice}")

    def _attach(self, connection: sqlite3.Connection, state: State) -> None:
        self._connection = connection
        self._entries_bound = _number(connection, "SELECT COALESCE(MAX(rowid), 0) FROM Cache")
        self._is_empty = self._entries_bound == 0
        self._state = state

    def _detach(self) -> None:
        self._state = "off"
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._cache = self._connection = None

    def _set_aside(self, error: Exception) -> bool:
        """Makes room for a new store in the place of a damaged one; once a run. Whether that worked."""
        if self._was_set_aside:
            self._reason = f"it is damaged again: {error}"
            self._warn(f"the cache in {self.folder} is not used in this run: {self._reason}. Check the disk")
            return False
        self._was_set_aside = True
        if files.identity(self.folder) != self._identity:
            # Another process saw the damage first, and has begun anew.
            return True
        try:
            aside = files.set_aside(self.folder)
        except OSError as obstacle:
            self._reason = f"it is damaged ({error}) and cannot be set aside: {obstacle.strerror or obstacle}"
            self._warn(f"the cache in {self.folder} is not used in this run: {self._reason}. Delete it")
            return False
        self._reason = f"what was there before was damaged ({error}) and lies in {aside}"
        self._warn(
            f"the cache in {self.folder} was damaged ({error}): it is set aside as {aside.name} and begun anew."
            " Nothing is lost but time: what it held is parsed again"
        )
        return True

    def _failed(self, error: Exception, *, reading: bool = False) -> None:
        """Decides how to go on after an error."""
        from metta_index.cache import disk

        cause = disk.cause_of(error)
        if cause is None:
            self._detach()
            if self._set_aside(error):
                self._open()
            return
        if reading:
            self._detach()
        else:
            self._state = "read-only"
        self._reason = cause.text
        how = "not used" if reading else "read but not written"
        self._warn(f"the cache in {self.folder} is {how} for the rest of this run: {cause.text}. {cause.advice}")

    # -- SQL -----------------------------------------------------------------------

    def _select(self, query: str, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        try:
            if self._connection is not None and not self._is_empty:
                for chunk in _chunks(keys):
                    rows += self._connection.execute(f"{query} ({_marks(chunk)})", chunk)
        except sqlite3.Error as error:
            self._failed(error, reading=True)
        return rows

    def _write(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Does the work in one transaction; None where it cannot be done."""
        connection = self._connection
        if connection is None or self._state != "open":
            return None
        try:
            # Not diskcache's `transact`: it hides why it could not begin.
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(connection)
            self._failed(error)
            return None
        except BaseException:
            _roll_back(connection)
            raise
        return result

    def _remove(self, keys: Sequence[str]) -> None:
        def remove(connection: sqlite3.Connection) -> None:
            for chunk in _chunks(keys):
                connection.execute(f"DELETE FROM Cache WHERE raw = 1 AND key IN ({_marks(chunk)})", chunk)

        self._used.difference_update(keys)
        self._write(remove)

    def _stamp(self, connection: sqlite3.Connection) -> None:
        for chunk in _chunks(list(self._used)):
            connection.execute(f"{_STAMP} ({_marks(chunk)})", (self._now, self._now, *chunk))

    def _is_over(self, connection: sqlite3.Connection) -> bool:
        if self._entries_bound > self.limits.max_entries:
            self._entries_bound = _number(connection, "SELECT COUNT(*) FROM Cache")
        return self._entries_bound > self.limits.max_entries or _used_bytes(connection) > self.limits.max_bytes

    def _evict(self, connection: sqlite3.Connection, *, vacuum: bool = True) -> int:
        """Drops the least recently used tenth, and again, until all fits or only this run's entries are left."""
        evicted = 0
        if self._is_over(connection):
            self._stamp(connection)
        while self._is_over(connection):
            entries = _number(connection, "SELECT COUNT(*) FROM Cache")
            dropped = connection.execute(_DROP_OLDEST, (self._now, max(1, entries // 10))).rowcount
            if not dropped:
                break
            evicted += dropped
            self._entries_bound = entries - dropped
        if evicted and vacuum:
            connection.execute("PRAGMA incremental_vacuum").fetchall()
        return evicted

    def _give_back(self) -> None:
        """Returns free space to the disk."""
        with suppress(OSError):
            files.remove(files.aside_of(self.folder))
        if self._state == "open" and self._connection is not None:
            try:
                self._connection.execute("PRAGMA incremental_vacuum").fetchall()
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except sqlite3.Error as error:
                self._failed(error)


def _verifies(key: object, frame: bytes) -> bool:
    try:
        return isinstance(key, bytes) and unseal(key.decode(), frame) is not None
    except UnicodeDecodeError:
        return False


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages = _number(connection, "PRAGMA page_count") - _number(connection, "PRAGMA freelist_count")
    return pages * _number(connection, "PRAGMA page_size")


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _roll_back(connection: sqlite3.Connection) -> None:
    # SQLite may have rolled back by itself, as it does on a full disk.
    with suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        yield keys[start : start + _KEYS_PER_QUERY]


def _marks(chunk: Sequence[str]) -> str:
    return ",".join("?" * len(chunk))
