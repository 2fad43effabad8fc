"""Byte offsets to lines and columns, for people (code points) and programs (bytes)."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from metta_index.indexer import _columns


class Position(NamedTuple):
    """A place in a text: 0-based row; 0-based columns in bytes and in code points."""

    row: int
    byte_column: int
    column: int


#: Shared by all texts of ASCII alone; nobody changes it.
_NONE = array("I")


class LineMap(NamedTuple):
    """Where the lines of a text start, and which of its characters have several bytes.

    `line_starts` leaves out the first line, at 0. Only "\\n" ends a line.
    `wide_starts` and `wide_extra` say where each character of more than one byte
    starts, and how many bytes beyond one all of them up to and with it have.
    """

    line_starts: array[int]
    wide_starts: array[int]
    wide_extra: array[int]

    @classmethod
    def of(cls, source: bytes) -> LineMap:
        return cls.from_columns(*_columns.line_columns(source))

    @classmethod
    def from_columns(cls, lines: bytes, wides: bytes) -> LineMap:
        if not wides:
            return cls(array("I", lines), _NONE, _NONE)
        pairs = array("I", wides)
        extra = array("I")
        total = 0
        for width in pairs[1::2]:
            total += width - 1
            extra.append(total)
        return cls(array("I", lines), pairs[::2], extra)

    def position(self, byte: int) -> Position:
        row = bisect_right(self.line_starts, byte)
        start = self.line_starts[row - 1] if row else 0
        return Position(row, byte - start, byte - start - self._extra_between(start, byte))

    def byte(self, row: int, column: int) -> int | None:
        """The byte where the character at a column (in code points) of a row starts.

        At most that of the line break, or of the end of the text, which is not known here;
        None where there is no such row, or the row is shorter.
        """
        if row < 0 or row > len(self.line_starts):
            return None
        start = self.line_starts[row - 1] if row else 0
        byte = start + column
        for number in range(bisect_left(self.wide_starts, start), len(self.wide_starts)):
            if self.wide_starts[number] >= byte:
                break
            byte += self.wide_extra[number] - (self.wide_extra[number - 1] if number else 0)
        if column < 0 or (row < len(self.line_starts) and byte >= self.line_starts[row]):
            return None
        return byte

    def _extra_between(self, start: int, end: int) -> int:
        """Bytes beyond one a character, of the characters that start in [start, end)."""
        if not self.wide_starts:
            return 0
        first = bisect_left(self.wide_starts, start)
        last = bisect_left(self.wide_starts, end)
        if first == last:
            return 0
        return self.wide_extra[last - 1] - (self.wide_extra[first - 1] if first else 0)
