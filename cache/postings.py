"""Postings: which documents offer a name, and which mention it. A part of the built index.

Names are kept in BUCKETS rows, each in the one that a checksum of its bytes chooses:
nearly all names stand in one document, and a row for each of them would cost more than
all else that linking does. Every row is always there, so that none gets lost unseen.
A row holds JSON, `{"name": [1, -2]}`: document 1 mentions the name, 2 offers it, too.
`offered` has the names that some document offers, `others` the rest; the views `defines`
and `mentions` of the schema spell them out. An edit changes the rows of those names only
that the document says otherwise than before.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from metta_index.cache.index_file import DamagedIndexError

if TYPE_CHECKING:
    from metta_index.indexer.linking.postings import Mentions
    from metta_index.indexer.text.symbols import SymbolTable

#: With 200,000 names a row holds 200 of them, some 5 KB, and takes a tenth of a millisecond to change.
BUCKETS = 1024

#: Documents of names as JSON, which is read only where a name is asked for.
_Stored = dict[str, msgspec.Raw]
#: Documents of names: negative where they offer it.
_Numbers = dict[str, list[int]]

_STORED = msgspec.json.Decoder(_Stored)
_LIST = msgspec.json.Decoder(list[int])
_ENCODER = msgspec.json.Encoder()
_SELECT = "SELECT bucket, offered, others, checksum FROM name"
#: Names that JSON cannot hold are in hexadecimal digits after this, which no other name holds.
_HEXADECIMAL = "\0"
_ESCAPED = rb"\u0000"


class Postings:
    """The postings of one index. Changes are collected, and written by `flush`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # Documents to add to names, negative where they offer it, and those to take away before.
        self._added: defaultdict[bytes, list[int]] = defaultdict(list)
        self._gone: defaultdict[bytes, set[int]] = defaultdict(set)

    def change(self, document: int, before: Mentions | None, now: Mentions | None) -> None:
        """Notes that a document mentions other names than before; None: there is, or was, no such document."""
        added = self._added
        if before is None and now is not None:
            # All that the first build of an index does.
            for name in now.defined:
                added[name].append(-document)
            for name in now.others:
                added[name].append(document)
            return
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

    def flush(self, is_first: bool) -> None:
        """Writes what changed. `is_first`: there is no row yet, since nothing was built."""
        if is_first:
            rows = self._first_rows()
        else:
            touched: defaultdict[int, list[bytes]] = defaultdict(list)
            for name in self._added.keys() | self._gone.keys():
                touched[_bucket(name)].append(name)
            rows = [self._changed_row(bucket, names) for bucket, names in touched.items()]
        self._connection.executemany("INSERT OR REPLACE INTO name VALUES (?, ?, ?, ?)", rows)
        self.forget_changes()

    def _first_rows(self) -> list[tuple[int, str, str, int]]:
        """All rows, where nothing was known: of a large workspace there are hundreds of thousands of names."""
        offered: list[_Numbers] = [{} for _ in range(BUCKETS)]
        others: list[_Numbers] = [{} for _ in range(BUCKETS)]
        for name, numbers in self._added.items():
            if numbers:
                (offered if min(numbers) < 0 else others)[crc32(name) % BUCKETS][_key(name)] = numbers
        return [_row(bucket, *both) for bucket, both in enumerate(zip(offered, others, strict=True))]

    def _changed_row(self, bucket: int, names: Iterable[bytes]) -> tuple[int, str, str, int]:
        offered, others = self._read(bucket)
        for name in names:
            key = _key(name)
            numbers = _numbers(offered.pop(key, None) or others.pop(key, None))
            added, gone = self._added.get(name, ()), self._gone.get(name, ())
            numbers = sorted({*added, *[number for number in numbers if abs(number) not in gone]}, key=abs)
            if numbers:
                (offered if min(numbers) < 0 else others)[key] = msgspec.Raw(_ENCODER.encode(numbers))
        return _row(bucket, offered, others)

    def defining(self, name: bytes) -> list[int]:
        """Numbers of the documents that offer a name, in ascending order."""
        offered, _others = self._read(_bucket(name))
        return [-number for number in _numbers(offered.get(_key(name))) if number < 0]

    def mentioning(self, name: bytes) -> list[int]:
        """Numbers of the documents that mention a name, in ascending order."""
        offered, others = self._read(_bucket(name))
        key = _key(name)
        return [abs(number) for number in _numbers(offered.get(key) or others.get(key))]

    def names(
        self, is_wanted: Callable[[bytes], bool], part: bytes = b"", is_folded: bool = False
    ) -> Iterator[tuple[bytes, int, int]]:
        """The wanted ones of the names that some document offers, with how many offer and how many mention it.

        `part`: what all wanted ones hold; with `is_folded`, ASCII letters of names as small ones.
        """
        # What JSON escapes is not found as it is; nor are the names that it cannot hold.
        is_plain = _ENCODER.encode(_key(part)) == b'"%b"' % part
        count = 0
        for row in self._connection.execute(_SELECT):
            count += 1
            offered, _others = _verified(*row)
            if is_plain and part not in (offered.lower() if is_folded else offered) and _ESCAPED not in offered:
                continue
            for key, numbers in _STORED.decode(offered).items():
                name = _name(key)
                if part in (name.lower() if is_folded else name) and is_wanted(name):
                    listed = bytes(numbers)
                    yield name, listed.count(b"-"), listed.count(b",") + 1
        if count != BUCKETS:
            raise DamagedIndexError(f"{count:,} of the {BUCKETS:,} rows of names are there")

    def _read(self, bucket: int) -> tuple[_Stored, _Stored]:
        row = self._connection.execute(f"{_SELECT} WHERE bucket = ?", (bucket,)).fetchone()
        if row is None:
            raise DamagedIndexError(f"row {bucket} of the names is missing")
        offered, others = _verified(*row)
        return _STORED.decode(offered), _STORED.decode(others)


def decoded_tables(tables: Iterable[bytes]) -> list[SymbolTable]:
    """Tables as `encode_table` encoded them. Raises DamagedIndexError where they are none."""
    from metta_index.indexer.errors import DecodeError
    from metta_index.indexer.text.symbols import decode_table

    try:
        return [decode_table(table) for table in tables]
    except DecodeError as error:
        raise DamagedIndexError(str(error)) from error


def _signed(document: int, mentions: Mentions | None) -> dict[bytes, int]:
    if mentions is None:
        return {}
    return dict.fromkeys(mentions.others, document) | dict.fromkeys(mentions.defined, -document)


def _bucket(name: bytes) -> int:
    return crc32(name) % BUCKETS


def _key(name: bytes) -> str:
    try:
        key = name.decode()
    except UnicodeDecodeError:
        return _HEXADECIMAL + name.hex()
    return _HEXADECIMAL + name.hex() if _HEXADECIMAL in key else key


def _name(key: str) -> bytes:
    return bytes.fromhex(key[1:]) if key.startswith(_HEXADECIMAL) else key.encode()


def _row(bucket: int, offered: _Stored | _Numbers, others: _Stored | _Numbers) -> tuple[int, str, str, int]:
    first, second = _ENCODER.encode(offered), _ENCODER.encode(others)
    return bucket, first.decode(), second.decode(), _check(bucket, first, second)


def _check(bucket: int, offered: bytes, others: bytes) -> int:
    """A checksum of a row: against damage, which is all that any of ours could be against, and a tenth of the cost."""
    return crc32(others, crc32(offered, crc32(f"{bucket} {len(offered)} ".encode())))


def _verified(bucket: int, offered: object, others: object, check: object) -> tuple[bytes, bytes]:
    if isinstance(offered, str) and isinstance(others, str):
        first, second = offered.encode(), others.encode()
        if check == _check(bucket, first, second):
            return first, second
    raise DamagedIndexError(f"the checksum of row {bucket} of the names does not match")


def _numbers(stored: msgspec.Raw | None) -> list[int]:
    return _LIST.decode(stored) if stored is not None else []
