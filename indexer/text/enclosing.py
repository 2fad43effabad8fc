"""What each part of a text belongs to: the definition, evaluation or fact that encloses it most closely."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.occurrences import Piece, numbers
from metta_index.indexer.text.symbols import Definition, Kind, Role, TopKind

#: Kinds of what has a body. What `bind!` names has none: its value is computed on the spot.
_WITH_BODIES = frozenset({Kind.FUNCTION, Kind.CONSTANT, Kind.CONTRACT, Kind.AGENT, Kind.METHOD})
_TOP_KINDS = tuple(TopKind)


class Block(NamedTuple):
    """A top-level atom, or a definition inside one, such as `(add-atom &self (= …))` makes.

    `name` is what it defines, declares, documents or states a fact of. Bytes count from
    the start of the document.
    """

    kind: TopKind
    name: bytes | None
    start_byte: int
    end_byte: int


class Enclosing:
    """The blocks of a piece. Costs what its definitions do, not what its top-level atoms do."""

    def __init__(self, piece: Piece) -> None:
        table = piece.table
        self._offset = piece.offset
        self._names = table.names
        self._starts, self._ends = numbers(table.top_starts), numbers(table.top_ends)
        self._kinds, self._top_names = table.top_kinds, numbers(table.top_names)
        if not len(self._starts) == len(self._ends) == len(self._kinds) == len(self._top_names):
            raise DecodeError("columns of top-level atoms differ in length")
        # Start, end with a minus (so that outer ones come first), name; and the number of the next one around each.
        self._inner = sorted(
            (found.start, -found.end, found.name)
            for found in table.definitions
            if found.role == Role.DEFINITION and found.kind in _WITH_BODIES and not self._is_top(found)
        )
        self._outer: list[int] = []
        for number, (start, _end, _name) in enumerate(self._inner):
            outer = number - 1
            while outer >= 0 and -self._inner[outer][1] <= start:
                outer = self._outer[outer]
            self._outer.append(outer)

    def _is_top(self, found: Definition) -> bool:
        """Whether a definition is a whole top-level atom."""
        row = bisect_right(self._starts, found.start) - 1
        return row >= 0 and self._starts[row] == found.start and self._ends[row] == found.end

    def around(self, byte: int) -> Block | None:
        """The innermost block that a byte of the document is in."""
        inside = byte - self._offset
        number = bisect_right(self._inner, (inside, 0, 0)) - 1
        while number >= 0 and -self._inner[number][1] <= inside:
            number = self._outer[number]
        if number >= 0:
            start, end, name = self._inner[number]
            return self._block(TopKind.RULE, name + 1, start, -end)
        return self._top(bisect_right(self._starts, inside) - 1, inside)

    def definitions_of(self, name: bytes) -> list[Block]:
        """The blocks that define a name, in the order of the text."""
        found = [
            self._block(TopKind.RULE, number, self._starts[row], self._ends[row])
            for row, number in enumerate(self._top_names)
            if number and self._kinds[row] == TopKind.RULE and self._names[number - 1] == name
        ]
        found += [
            self._block(TopKind.RULE, number + 1, start, -end)
            for start, end, number in self._inner
            if self._names[number] == name
        ]
        return sorted(found, key=lambda block: block.start_byte)

    def segments(self) -> Iterator[tuple[TopKind, int, int, int]]:
        """What belongs to which block, in the order of the text: without gaps inside a top-level atom, and disjoint.

        Kind and name (index + 1 into the names of the table, or 0) of the innermost block;
        start and end in bytes of the piece.
        """
        inner, next_inner = self._inner, 0
        for kind, name, start, end in zip(self._kinds, self._top_names, self._starts, self._ends, strict=True):
            if next_inner == len(inner) or inner[next_inner][0] >= end:
                yield _TOP_KINDS[kind], name, start, end
                continue
            open_blocks = [(_TOP_KINDS[kind], name, end)]
            at = start
            while next_inner < len(inner) and inner[next_inner][0] < end:
                begin, last, number = inner[next_inner]
                next_inner += 1
                while open_blocks[-1][2] <= begin:
                    yield (*open_blocks[-1][:2], at, open_blocks[-1][2])
                    at = open_blocks.pop()[2]
                yield (*open_blocks[-1][:2], at, begin)
                at = begin
                open_blocks.append((TopKind.RULE, number + 1, -last))
            while open_blocks:
                yield (*open_blocks[-1][:2], at, open_blocks[-1][2])
                at = open_blocks.pop()[2]

    def _top(self, number: int, inside: int) -> Block | None:
        if number < 0 or inside >= self._ends[number]:
            return None
        kind = _TOP_KINDS[self._kinds[number]]
        return self._block(kind, self._top_names[number], self._starts[number], self._ends[number])

    def _block(self, kind: TopKind, name: int, start: int, end: int) -> Block:
        return Block(kind, self._names[name - 1] if name else None, self._offset + start, self._offset + end)
