"""SyntaxTree: one parse tree as flat columns, a value that can be stored, sent and compared."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import msgspec

from metta_index.indexer import _columns
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.problems import Problem

#: Changes whenever the bytes of an encoded tree do.
TREE_SCHEMA = 1


class SyntaxTree(msgspec.Struct, frozen=True):
    """A tree in pre-order: one row a node, row 0 is the root.

    `kinds`: uint8, an index into the language's `kinds`. `starts`, `ends`: uint32,
    bytes, the end exclusive. `tails`: uint32, the row after the last descendant,
    so that the children of row r are r+1, tails[r+1], tails[tails[r+1]], … below
    tails[r]. Columns are native-endian bytes; `column` gives numbers.
    """

    size: int
    kinds: bytes
    starts: bytes
    ends: bytes
    tails: bytes
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.kinds)

    def rows(self) -> Iterator[tuple[int, int, int, int]]:
        """(kind, start byte, end byte, depth) of every node, in pre-order; the root has depth 0."""
        tails = column(self.tails)
        open_tails: list[int] = []
        for row, (kind, start, end) in enumerate(zip(self.kinds, column(self.starts), column(self.ends), strict=True)):
            while open_tails and open_tails[-1] <= row:
                open_tails.pop()
            yield kind, start, end, len(open_tails)
            open_tails.append(tails[row])


def empty_tree(size: int) -> SyntaxTree:
    """The tree of a text of which only the table is looked at."""
    start, end, tail = (array("I", [number]).tobytes() for number in (0, size, 1))
    return SyntaxTree(size, b"\0", start, end, tail, ())


def column(values: bytes) -> array[int]:
    """The numbers of a uint32 column."""
    return array("I", values)


def rows_of(kinds: bytes, kind: int) -> Iterator[int]:
    """The rows of one kind, in order."""
    wanted = bytes([kind])
    row = kinds.find(wanted)
    while row >= 0:
        yield row
        row = kinds.find(wanted, row + 1)


class _Encoded(msgspec.Struct, frozen=True, array_like=True):
    schema: int
    size: int
    packed: bytes
    problems: tuple[Problem, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Encoded)


def encode_tree(tree: SyntaxTree) -> bytes:
    packed = _columns.pack_tree(tree.kinds, tree.starts, tree.ends, tree.tails)
    return _encoder.encode(_Encoded(TREE_SCHEMA, tree.size, packed, tree.problems))


def decode_tree(data: bytes, kind_count: int) -> SyntaxTree:
    """The tree that `encode_tree` encoded. Raises DecodeError for any other bytes."""
    try:
        encoded = _decoder.decode(data)
        if encoded.schema != TREE_SCHEMA:
            raise DecodeError(f"schema {encoded.schema}, not {TREE_SCHEMA}")
        columns = _columns.unpack_tree(encoded.packed, kind_count)
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise DecodeError(f"not an encoded syntax tree: {error}") from error
    tree = SyntaxTree(encoded.size, *columns, encoded.problems)
    if column(tree.ends[:4])[0] != tree.size:
        raise DecodeError("not an encoded syntax tree: the root does not span the text")
    return tree
