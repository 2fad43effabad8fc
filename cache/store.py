"""Store: parse trees and symbol tables by content, kept between runs in a diskcache.

Whatever happens to it, a lookup is a verified value or a miss: a damaged store is set
aside and begun anew, and one that cannot be written is read, or done without.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from metta_index.cache import files
from metta_index.cache.access import Access, chunks, marks, number, used_bytes
from metta_index.cache.entries import MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES, SCHEMA, seal, unseal
from metta_index.cache.reports import Counts, GcReport, Limits, StoreStats, VerifyReport

__all__ = ["GcReport", "Limits", "Store", "StoreStats", "VerifyReport"]

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
_DROP_ROW = "DELETE FROM Cache WHERE rowid = ?"
_COUNT = "SELECT COUNT(*) FROM Cache"
_DROP_OLDER = "DELETE FROM Cache WHERE access_time IS NULL OR access_time < ?"
_ALL_ENTRIES = f"SELECT rowid, CASE typeof(key) WHEN 'text' THEN CAST(key AS BLOB) END, raw, {_FRAME} FROM Cache"
_STAMP = "UPDATE Cache SET access_time = ? WHERE raw = 1 AND access_time IS NOT ? AND key IN"


class _OverCapacityError(Exception):
    """What this run used alone fills the store."""


class _DryRunError(Exception):
    """Nothing of this transaction is to stay but what it counted."""


class Store:
    """An open store. Fulfils `indexer.protocols.EntryCache`; belongs to the thread that opened it.

    No method raises for what happens to the files: `stats()` tells. `folder` is that
    of this version of the store; those of other versions lie beside it, untouched.
    """

    def __init__(self, access: Access, limits: Limits, warn: Callable[[str], None]) -> None:
        """`Store.open` is the way to get one."""
        self.folder = access.folder
        self.limits = limits
        self._access = access
        self._warn = warn
        self._counts = Counts()
        self._is_full = False
        # At least as many entries as there are, since counting them takes time; 0: not known.
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
        return cls(Access(folder.absolute() / f"v{SCHEMA}", warn, wait_s), limits, warn)

    # -- entries ---------------------------------------------------------------

    @property
    def is_empty(self) -> bool:
        """Whether every lookup would miss."""
        return self._access.is_empty

    def contains_many(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that are there. `get_many` may still refuse some: nothing is verified here."""
        return {key for (key,) in self._access.select("SELECT key FROM Cache WHERE raw = 1 AND key IN", keys)}

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is stored under the keys, as far as it verifies. What does not is removed."""
        unique = list(dict.fromkeys(keys))
        found: dict[str, bytes] = {}
        refused = []
        for key, frame in self._access.select(f"SELECT key, {_FRAME} FROM Cache WHERE raw = 1 AND key IN", unique):
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
        if self._access.state != "open" or self._is_full:
            return
        largest = min(MAX_PAYLOAD_BYTES, self.limits.max_bytes)
        frames = {key: seal(key, payload) for key, payload in entries if len(payload) <= largest}

        def put(connection: sqlite3.Connection) -> int:
            if not self._entries_bound:
                self._entries_bound = number(connection, "SELECT COALESCE(MAX(rowid), 0) FROM Cache")
            connection.executemany(_PUT, ((key, self._now, self._now, frame) for key, frame in frames.items()))
            self._entries_bound += len(frames)
            evicted = self._evict(connection)
            if self._is_over(connection):
                raise _OverCapacityError
            return evicted

        try:
            evicted = self._access.write(put) if frames else None
        except _OverCapacityError:
            self._is_full = True
            self._access.reason = "this workspace alone needs more than it may hold"
            self._warn(
                f"the cache in {self.folder} is full: this workspace alone needs more than"
                f" {self.limits.max_bytes:,} bytes or {self.limits.max_entries:,} entries. What does not fit is"
                " indexed but not kept; raise `max-cache-bytes` or `max-cache-entries` in the configuration"
            )
            return
        if evicted is not None:
            self._access.is_empty = False
            self._counts.puts += len(frames)
            self._counts.evictions += evicted

    def invalidate(self, key: str) -> None:
        """Forgets what is stored under a key."""
        self._remove([key])

    def clear(self) -> int:
        """Forgets everything, what was set aside included; how many entries that were."""

        def remove_all(connection: sqlite3.Connection) -> int:
            count = number(connection, _COUNT)
            connection.execute("DELETE FROM Cache")
            self._entries_bound = 0
            return count

        removed = self._access.write(remove_all)
        self._used.clear()
        self._give_back()
        return removed or 0

    # -- the store as a whole -----------------------------------------------------

    def stats(self) -> StoreStats:
        """What the store holds now, and did since it was opened."""
        entries = self._access.read(lambda connection: number(connection, _COUNT))
        return StoreStats(
            state=self._access.state,
            reason=self._access.reason,
            entries=entries or 0,
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
        trouble: list[Exception] = []

        def look(connection: sqlite3.Connection) -> None:
            nonlocal good
            try:
                for rowid, key, raw, frame in connection.execute(_ALL_ENTRIES):
                    if raw == 1 and frame is not None and _verifies(key, frame):
                        good += 1
                    else:
                        bad.append(rowid)
                found = connection.execute("PRAGMA integrity_check(10)").fetchall()
                trouble.extend(files.RefusedError(text) for (text,) in found if text != "ok")
            except sqlite3.Error as error:
                trouble.append(error)

        problems = [self._access.reason] if self._access.reason else []
        self._access.read(look)
        self._counts.verify_failures += len(bad)
        problems += map(str, trouble)
        if remove and (bad or trouble):
            if self._access.state != "open":
                problems.append("nothing is removed, since the store cannot be written")
            elif trouble:
                self._access.fail(trouble[0], reading=True)
            else:
                rows = [(rowid,) for rowid in bad]
                self._access.write(lambda connection: connection.executemany(_DROP_ROW, rows))
        return VerifyReport(good, len(bad), tuple(problems))

    def gc(self, *, max_age_days: float | None = None, dry_run: bool = False) -> GcReport:
        """Removes entries unused for `max_age_days`, then those beyond the limits, and gives the space back."""

        def collect(connection: sqlite3.Connection) -> tuple[int, int, int]:
            before = number(connection, "PRAGMA page_count") * number(connection, "PRAGMA page_size")
            removed = 0
            if max_age_days is not None:
                oldest = self._now - max_age_days * _SECONDS_PER_DAY
                removed += connection.execute(_DROP_OLDER, (oldest,)).rowcount
            self._entries_bound = number(connection, _COUNT)
            removed += self._evict(connection)
            counted = removed, number(connection, _COUNT), before - used_bytes(connection)
            if dry_run:
                raise _DryRunError(*counted)
            return counted

        try:
            counted = self._access.write(collect)
        except _DryRunError as done:
            counted = done.args
        removed, kept, freed = counted or (0, self.stats().entries, 0)
        self._entries_bound = 0
        freed += files.size_of(files.aside_of(self.folder))
        if not dry_run:
            self._counts.evictions += removed
            self._give_back()
        return GcReport(removed, kept, freed, dry_run)

    def close(self) -> None:
        """Notes what was used in this run, and closes the files. Afterwards the store is off."""
        if self._used:
            self._access.write(self._stamp)
        if self._counts.evictions and files.size_of(self.folder) > self.limits.max_bytes:
            self._access.give_back()
        self._access.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # -- recency and limits ---------------------------------------------------------

    def _remove(self, keys: Sequence[str]) -> None:
        def remove(connection: sqlite3.Connection) -> None:
            for chunk in chunks(keys):
                connection.execute(f"DELETE FROM Cache WHERE raw = 1 AND key IN {marks(chunk)}", chunk)

        self._used.difference_update(keys)
        self._access.write(remove)

    def _stamp(self, connection: sqlite3.Connection) -> None:
        for chunk in chunks(list(self._used)):
            connection.execute(f"{_STAMP} {marks(chunk)}", (self._now, self._now, *chunk))

    def _is_over(self, connection: sqlite3.Connection) -> bool:
        if self._entries_bound > self.limits.max_entries:
            self._entries_bound = number(connection, _COUNT)
        return self._entries_bound > self.limits.max_entries or used_bytes(connection) > self.limits.max_bytes

    def _evict(self, connection: sqlite3.Connection) -> int:
        """Drops the least recently used tenth, and again, until all fits or only this run's entries are left."""
        evicted = 0
        if self._is_over(connection):
            self._stamp(connection)
        while self._is_over(connection):
            entries = number(connection, _COUNT)
            dropped = connection.execute(_DROP_OLDEST, (self._now, max(1, entries // 10))).rowcount
            if not dropped:
                break
            evicted += dropped
            self._entries_bound = entries - dropped
        return evicted

    def _give_back(self) -> None:
        """Returns to the disk what is free, and what was set aside."""
        with suppress(OSError):
            files.remove(files.aside_of(self.folder))
        self._access.give_back()


def _verifies(key: object, frame: bytes) -> bool:
    try:
        return isinstance(key, bytes) and unseal(key.decode(), frame) is not None
    except UnicodeDecodeError:
        return False
