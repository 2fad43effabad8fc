"""Rows of `piece`: the symbol tables of documents, and the checksums they are taken by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zlib import crc32

from metta_index.cache.index_file import DamagedIndexError

INSERT = "INSERT INTO piece (document, position, checksum, data) VALUES (?, ?, ?, ?)"


def piece_checksum(path: str, digest: bytes, position: int, data: bytes) -> int:
    """Of a table, and of what it belongs to: the text of a document, and which piece of that.

    Against damage, which is all that any of ours could be against, and a fifth of the
    cost: a question may read thousands of tables.
    """
    return crc32(data, crc32(f"{position} {len(data)} {digest.hex()} {path!r}".encode()))


def verified(path: str, digest: bytes, count: int, rows: Iterable[tuple[object, object]]) -> Iterator[bytes]:
    """The tables of a document from the checksum and the data of each row.

    Raises DamagedIndexError where one does not verify, or there are others than `count`.
    """
    found = 0
    for checksum, data in rows:
        if not isinstance(data, bytes) or checksum != piece_checksum(path, digest, found, data):
            raise DamagedIndexError(f"the checksum of piece {found} of {path!r} does not match")
        yield data
        found += 1
    if found != count or not found:
        raise DamagedIndexError(f"{found} of the {count} pieces of {path!r} are there")
