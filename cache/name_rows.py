"""NameRow: a row of `name`, a share of the names of a workspace with the documents that have them.

Names are in BUCKETS rows, each in the one that a checksum of its bytes chooses: nearly
all names stand in one document, and a row for each of them would cost more than all else
that linking does. Every row is always there, so that none gets lost unseen. A row holds
JSON, `{"name": [1, -2]}`: document 1 mentions the name, 2 offers it, too. `offered` has the
names that some document offers, `others` the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

import msgspec

from metta_index.cache._names import Names
from metta_index.cache.index_file import DamagedIndexError

#: With 200,000 names a row holds 200 of them, some 5 KB, and takes a tenth of a millisecond to change.
BUCKETS = 1024

#: The columns, in the order of `NameRow.values`.
Values = tuple[int, str, str, int]
#: Documents of names as JSON, which is read only where a name is asked for.
_Stored = dict[str, msgspec.Raw]

_STORED = msgspec.json.Decoder(_Stored)
_LIST = msgspec.json.Decoder(list[int])
_ENCODER = msgspec.json.Encoder()
#: Names that JSON cannot hold are in hexadecimal digits after this, which no other name holds.
_HEXADECIMAL = "\0"


class NameRow:
    """One row, to be read and changed. Numbers of documents are negative where the document offers the name."""

    __slots__ = ("_offered", "_others", "bucket")

    def __init__(self, bucket: int, offered: object, others: object, check: object) -> None:
        """What the columns of a row say. Raises DamagedIndexError where they do not verify."""
        first, second = _verified(bucket, offered, others, check)
        self.bucket = bucket
        self._offered: _Stored = _STORED.decode(first)
        self._others: _Stored = _STORED.decode(second)

    def numbers(self, name: bytes) -> list[int]:
        """The documents of a name, in ascending order but for the sign."""
        key = _key(name)
        stored = self._offered.get(key) or self._others.get(key)
        return _LIST.decode(stored) if stored is not None else []

    def put(self, name: bytes, numbers: list[int]) -> None:
        """Says otherwise which documents have a name; there may be none."""
        key = _key(name)
        self._offered.pop(key, None)
        self._others.pop(key, None)
        if numbers:
            (self._offered if min(numbers) < 0 else self._others)[key] = msgspec.Raw(_ENCODER.encode(numbers))

    def add(self, offered: bytes, others: bytes) -> None:
        """Adds names with later documents than it has, as `new_rows` gives them."""
        for key, numbers in (_STORED.decode(offered) | _STORED.decode(others)).items():
            known = self._offered.pop(key, None) or self._others.pop(key, None)
            all_numbers = bytes(numbers) if known is None else b"%b,%b" % (bytes(known)[:-1], bytes(numbers)[1:])
            (self._offered if b"-" in all_numbers else self._others)[key] = msgspec.Raw(all_numbers)

    def values(self) -> Values:
        return _values(self.bucket, _ENCODER.encode(self._offered), _ENCODER.encode(self._others))


def bucket_of(name: bytes) -> int:
    """The row that a name is in."""
    return crc32(name) % BUCKETS


def first_rows(names: Names) -> Iterator[Values]:
    """All rows that names make, where nothing was known."""
    for bucket in range(BUCKETS):
        yield _values(bucket, *names.row(bucket, BUCKETS))


def new_rows(names: Names) -> Iterator[tuple[int, tuple[bytes, bytes]]]:
    """The rows that names add something to, with the two texts of what they add."""
    for bucket in range(BUCKETS):
        texts = names.row(bucket, BUCKETS)
        if texts != (b"{}", b"{}"):
            yield bucket, texts


def offered_names(row: Sequence[Any], part: bytes, is_folded: bool) -> Iterator[tuple[bytes, int, int]]:
    """The names with a part that a row says are offered, with how many documents offer and how many have each."""
    text, _others = _verified(*row)
    if part and b"\\" not in text and _ENCODER.encode(_key(part)) == b'"%b"' % part:
        yield from _holding(text, part, is_folded)
        return
    for key, stored in _STORED.decode(text).items():
        name = _name(key)
        if part in (name.lower() if is_folded else name):
            yield name, *_counts(bytes(stored))


def offered_keys(row: Sequence[Any]) -> list[bytes]:
    """The names that a row says are offered."""
    text, _others = _verified(*row)
    # Where nothing is escaped, quotes do nothing but enclose names.
    return [_name(key) for key in _STORED.decode(text)] if b"\\" in text else text.split(b'"')[1::2]


def _holding(text: bytes, part: bytes, is_folded: bool) -> Iterator[tuple[bytes, int, int]]:
    """As `offered_names`, where nothing is escaped."""
    searched = text.lower() if is_folded else text
    seen = quotes = 0
    at = searched.find(part)
    while at >= 0:
        quotes += text.count(b'"', seen, at)
        seen = at
        if quotes % 2:
            start, end = text.rindex(b'"', 0, at) + 1, text.index(b'"', at)
            seen = text.index(b"]", end)
            quotes += 1
            yield text[start:end], *_counts(text[end:seen])
        at = searched.find(part, seen + 1)


def _counts(numbers: bytes) -> tuple[int, int]:
    """How many documents offer a name, and how many have it."""
    return numbers.count(b"-"), numbers.count(b",") + 1


def _key(name: bytes) -> str:
    try:
        key = name.decode()
    except UnicodeDecodeError:
        return _HEXADECIMAL + name.hex()
    return _HEXADECIMAL + name.hex() if _HEXADECIMAL in key else key


def _name(key: str) -> bytes:
    return bytes.fromhex(key[1:]) if key.startswith(_HEXADECIMAL) else key.encode()


def _values(bucket: int, first: bytes, second: bytes) -> Values:
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
