"""Postings: which documents offer a name, and which mention it. A part of the built index.

One row of `name` for each name of the workspace. Document numbers are JSON lists, so
that anyone can ask with `json_each`; the views `defines` and `mentions` of the schema
do. Only names whose documents change are written: what an edit costs is what the edited
document says, not how large the workspace is.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from json import loads
from typing import TYPE_CHECKING, Any
from zlib import crc32

from metta_index.cache.index_file import DamagedIndexError
from metta_index.cache.index_rows import stored_name

if TYPE_CHECKING:
    from metta_index.indexer.linking.postings import Mentions
    from metta_index.indexer.text.symbols import SymbolTable

_NOTHING: AbstractSet[bytes] = frozenset()
_Row = tuple[str | bytes, str, str, int]
_ONE = "SELECT defined, used, checksum FROM name WHERE name = ?"
_OFFERED = "SELECT name, defined, used, checksum FROM name WHERE defined <> '[]'"


class Postings:
    """The postings of one index. Changes are collected, and written by `flush`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # Document numbers to add; negative ones to take away.
        self._defined: defaultdict[bytes, list[int]] = defaultdict(list)
        self._used: defaultdict[bytes, list[int]] = defaultdict(list)
        # Whether documents were only added, each once, in the order of their numbers.
        self._is_first = True
        #: How many rows the last `flush` added, less those that it took away.
        self.names_added = 0

    def change(self, document: int, before: Mentions | None, now: Mentions | None) -> None:
        """Notes that a document mentions other names than before; None: there is, or was, no such document."""
        if before is None and now is not None:
            # All that the first build of an index does.
            for name in now.used:
                self._used[name].append(document)
            for name in now.defined:
                self._defined[name].append(document)
            return
        self._is_first = False
        for changes, was, is_now in (
            (self._used, before.used if before else _NOTHING, now.used if now else _NOTHING),
            (self._defined, before.defined if before else _NOTHING, now.defined if now else _NOTHING),
        ):
            for name in is_now - was:
                changes[name].append(document)
            for name in was - is_now:
                changes[name].append(-document)

    def forget_changes(self) -> None:
        self._is_first = True
        self._defined.clear()
        self._used.clear()

    def flush(self) -> set[bytes]:
        """Writes what changed. The names whose defining documents are others than before."""
        self.names_added = 0
        names = sorted(self._defined.keys() | self._used.keys())
        empty = self._connection.execute("SELECT 1 FROM name LIMIT 1").fetchone() is None
        gone: list[tuple[str | bytes]] = []
        rows = self._first_rows(names) if empty and self._is_first else self._rows(names, empty, gone)
        self._connection.executemany("INSERT OR REPLACE INTO name VALUES (?, ?, ?, ?)", rows)
        self._connection.executemany("DELETE FROM name WHERE name = ?", gone)
        changed = set(self._defined)
        self.forget_changes()
        return changed

    def _first_rows(self, names: list[bytes]) -> Iterator[_Row]:
        """What `_rows` gives where nothing was known: of a large workspace there are hundreds of thousands."""
        self.names_added = len(names)
        all_used, all_defined = self._used, self._defined
        for name in names:
            # Nearly all names stand in one document, which also defines them.
            used, defined = all_used[name], all_defined.get(name)
            second = f"[{used[0]}]" if len(used) == 1 else _json(used)
            first = "[]" if defined is None else second if defined == used else _json(defined)
            key = stored_name(name)
            yield key, first, second, crc32(f"{key!r} {first} {second}".encode())

    def _rows(self, names: Iterable[bytes], empty: bool, gone: list[tuple[str | bytes]]) -> Iterator[_Row]:
        nothing: list[int] = []
        for name in names:
            key = stored_name(name)
            defined, used = self._defined.get(name, nothing), self._used.get(name, nothing)
            was_there = False
            if not empty:
                known = self._read(key)
                was_there = known[1] != "[]"
                defined, used = _applied(_numbers(known[0]), defined), _applied(_numbers(known[1]), used)
            self.names_added += bool(used) - was_there
            if used:
                yield _row(key, defined, used)
            else:
                gone.append((key,))

    def verify(self, count: int) -> None:
        """Reads every row; there have to be `count`: one that is gone, or has another name, is asked for in vain."""
        found = 0
        for row in self._connection.execute("SELECT name, defined, used, checksum FROM name"):
            _verify(*row)
            found += 1
        if found != count:
            raise DamagedIndexError(f"{found:,} of the {count:,} names are there")

    def defining(self, name: bytes) -> list[int]:
        """Numbers of the documents that offer a name, in ascending order."""
        return _numbers(self._read(stored_name(name))[0])

    def mentioning(self, name: bytes) -> list[int]:
        """Numbers of the documents that mention a name, in ascending order."""
        return _numbers(self._read(stored_name(name))[1])

    def names(
        self, is_wanted: Callable[[bytes], bool], part: bytes = b"", is_folded: bool = False
    ) -> Iterator[tuple[bytes, int, int]]:
        """The wanted ones of the names that some document offers, with how many offer and how many mention it.

        `part`: what all wanted ones hold; with `is_folded`, ASCII letters of names as small ones.
        """
        for key, defined, used, check in self._holding(stored_name(part), is_folded):
            name = key.encode() if isinstance(key, str) else bytes(key)
            if is_wanted(name):
                _verify(key, defined, used, check)
                yield name, _length(defined), _length(used)

    def _holding(self, part: str | bytes, is_folded: bool) -> Iterator[tuple[Any, ...]]:
        """The rows of names that hold a part, which SQLite looks for in text ten times as fast as Python could."""
        if isinstance(part, bytes) or not part:
            yield from self._connection.execute(_OFFERED)
            return
        held = "instr(lower(name), ?)" if is_folded else "instr(name, ?)"
        yield from self._connection.execute(f"{_OFFERED} AND name < x'' AND {held}", (part,))
        # What is not UTF-8, or holds a NUL, comes after all text.
        yield from self._connection.execute(f"{_OFFERED} AND name >= x''")

    def _read(self, key: str | bytes) -> tuple[str, str]:
        """The lists of a name as they are stored; they may be of thousands, of which only one is asked for."""
        row = self._connection.execute(_ONE, (key,)).fetchone()
        if row is None:
            return "[]", "[]"
        defined, used, check = row
        _verify(key, defined, used, check)
        return defined, used


def decoded_tables(tables: Iterable[bytes]) -> list[SymbolTable]:
    """Tables as `encode_table` encoded them. Raises DamagedIndexError where they are none."""
    from metta_index.indexer.errors import DecodeError
    from metta_index.indexer.text.symbols import decode_table

    try:
        return [decode_table(table) for table in tables]
    except DecodeError as error:
        raise DamagedIndexError(str(error)) from error


def _applied(known: list[int], changes: list[int]) -> list[int]:
    """Document numbers after additions and removals; a document added twice is there once."""
    if not changes:
        return known
    numbers = set(known)
    for number in changes:
        if number > 0:
            numbers.add(number)
        else:
            numbers.discard(-number)
    return sorted(numbers)


def _row(key: str | bytes, defined: list[int], used: list[int]) -> _Row:
    first, second = _json(defined), _json(used)
    return key, first, second, _check(key, first, second)


def _json(numbers: list[int]) -> str:
    return str(numbers).replace(" ", "")


def _check(key: str | bytes, defined: str, used: str) -> int:
    """A checksum of a row: against damage, which is all that any of ours could be against, and a tenth of the cost."""
    return crc32(f"{key!r} {defined} {used}".encode())


def _numbers(stored: str) -> list[int]:
    numbers: list[int] = loads(stored)
    return numbers


def _length(numbers: str) -> int:
    """How many numbers a verified list holds."""
    return 0 if numbers == "[]" else numbers.count(",") + 1


def _verify(key: str | bytes, defined: object, used: object, check: object) -> None:
    if not isinstance(defined, str) or not isinstance(used, str) or check != _check(key, defined, used):
        raise DamagedIndexError(f"the checksum of the postings of {key!r} does not match")
