"""Postings: which documents offer a name, and which mention it. A part of the built index.

`cache.name_rows` says how they are stored. An edit changes the rows of those names only
that the document says otherwise than before.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from metta_index.cache.index_file import DamagedIndexError

if TYPE_CHECKING:
    # Imported where names are read or written: a build without changes does neither.
    from metta_index.cache._names import Names
    from metta_index.cache.name_rows import NameRow, Values
    from metta_index.cache.offered_text import OfferedText
    from metta_index.indexer.linking.postings import Mentions

_SELECT = "SELECT bucket, offered, others, checksum FROM name"


class Postings:
    """The postings of one index. Changes are collected, and written by `flush`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # Documents to add to names, negative where they offer it, and those to take away before.
        self._added: defaultdict[bytes, list[int]] = defaultdict(list)
        self._gone: defaultdict[bytes, set[int]] = defaultdict(set)
        self._new: Names | None = None
        self._has_first_rows = False
        # Rows that were asked for: a check asks each of them for many names.
        self._known: dict[int, NameRow] = {}

    def add(self, document: int, now: Mentions) -> None:
        """Notes what a document mentions that was not there before, or what a further piece of it does."""
        if self._new is None:
            from metta_index.cache._names import Names

            self._new = Names()
        self._new.add(document, now.defined, now.others)

    def change(self, document: int, before: Mentions | None, now: Mentions | None) -> None:
        """Notes that a document mentions other names than before; None: there is, or was, no such document."""
        added = self._added
        was, is_now = _signed(document, before), _signed(document, now)
        for name in was.keys() | is_now.keys():
            number = is_now.get(name)
            if number != was.get(name):
                self._gone[name].add(document)
                if name in added:  # by an earlier change of the same document
                    added[name] = [known for known in added[name] if abs(known) != document]
                if number is not None:
                    added[name].append(number)

    def forget_changes(self) -> None:
        self._added.clear()
        self._gone.clear()
        self._new = None
        self._has_first_rows = False

    def flush(self, is_first: bool) -> None:
        """Writes what changed. `is_first`: there is no row yet, since nothing was built."""
        is_first = is_first and not self._has_first_rows
        if not (is_first or self._new or self._added or self._gone):
            return
        from metta_index.cache._names import Names
        from metta_index.cache.name_rows import bucket_of, first_rows

        if is_first:
            rows = first_rows(self._new or Names())
        else:
            touched: defaultdict[int, list[bytes]] = defaultdict(list)
            for name in self._added.keys() | self._gone.keys():
                touched[bucket_of(name)].append(name)
            rows = self._changed_rows(touched)
        self._connection.executemany("INSERT OR REPLACE INTO name VALUES (?, ?, ?, ?)", rows)
        self.forget_rows()
        self.forget_changes()
        self._has_first_rows = is_first

    def _changed_rows(self, touched: Mapping[int, Iterable[bytes]]) -> Iterator[Values]:
        from metta_index.cache.name_rows import new_rows

        new = dict(new_rows(self._new)) if self._new else {}
        for bucket in touched.keys() | new.keys():
            row = self._row(bucket)
            if bucket in new:
                row.add(*new[bucket])
            for name in touched.get(bucket, ()):
                added, gone = self._added.get(name, ()), self._gone.get(name, ())
                left = [number for number in row.numbers(name) if abs(number) not in gone]
                row.put(name, sorted({*added, *left}, key=abs))
            yield row.values()

    def defining(self, name: bytes) -> list[int]:
        """Numbers of the documents that offer a name, in ascending order."""
        return [-number for number in self._numbers(name) if number < 0]

    def mentioning(self, name: bytes) -> list[int]:
        """Numbers of the documents that mention a name, in ascending order."""
        return [abs(number) for number in self._numbers(name)]

    def names(
        self, is_wanted: Callable[[bytes], bool], part: bytes = b"", is_folded: bool = False
    ) -> Iterator[tuple[bytes, int, int]]:
        """The wanted ones of the names that some document offers, with how many offer and how many mention it.

        `part`: what all wanted ones hold; with `is_folded`, ASCII letters of names as small ones.
        """
        from metta_index.cache.name_rows import offered_names

        for row in self._rows():
            yield from [found for found in offered_names(row, part, is_folded) if is_wanted(found[0])]

    def offered_text(self) -> OfferedText:
        """The names that some document offers, to be looked for by what they begin and end with."""
        from metta_index.cache.offered_text import OfferedText

        return OfferedText(self._rows())

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        from metta_index.cache.name_rows import BUCKETS

        count = 0
        for row in self._connection.execute(_SELECT):
            count += 1
            yield row
        if count != BUCKETS:
            raise DamagedIndexError(f"{count:,} of the {BUCKETS:,} rows of names are there")

    def _numbers(self, name: bytes) -> list[int]:
        from metta_index.cache.name_rows import bucket_of

        bucket = bucket_of(name)
        row = self._known.get(bucket)
        if row is None:
            row = self._known[bucket] = self._row(bucket)
        return row.numbers(name)

    def forget_rows(self) -> None:
        """Forgets what was read: there are others now."""
        self._known.clear()

    def _row(self, bucket: int) -> NameRow:
        from metta_index.cache.name_rows import NameRow

        values = self._connection.execute(f"{_SELECT} WHERE bucket = ?", (bucket,)).fetchone()
        if values is None:
            raise DamagedIndexError(f"row {bucket} of the names is missing")
        return NameRow(*values)


def _signed(document: int, mentions: Mentions | None) -> dict[bytes, int]:
    if mentions is None:
        return {}
    return dict.fromkeys(mentions.others, document) | dict.fromkeys(mentions.defined, -document)
