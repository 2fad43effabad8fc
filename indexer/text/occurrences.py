"""Reading the packed columns of symbol tables: documents made of one or more pieces."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from metta_index.indexer import _columns
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.positions import LineMap, Position
from metta_index.indexer.text.stored_tables import Table
from metta_index.indexer.text.symbols import Lambda, Role, TopKind, Use


class Occurrence(NamedTuple):
    """One word or variable. Bytes count from the start of the document.

    `arguments`: how many follow it in the list that it heads; None where it heads none.
    """

    name: bytes
    start_byte: int
    end_byte: int
    role: Role
    use: Use
    arguments: int | None


class Top(NamedTuple):
    """One top-level atom; `name` is what it defines, declares, documents or states a fact of."""

    start_byte: int
    end_byte: int
    kind: TopKind
    name: bytes | None


_ROLES = tuple(Role)
_USES = tuple(Use)
_TOP_KINDS = tuple(TopKind)


def numbers(packed: bytes) -> array[int]:
    """The values of a packed column of a table. Raises DecodeError for bytes that are none."""
    return array("I", _unpacked(packed))


def _unpacked(packed: bytes) -> bytes:
    """The same as bytes of an array."""
    try:
        return _columns.unpack_column(packed)
    except ValueError as error:
        raise DecodeError(str(error)) from error


class Piece(NamedTuple):
    """A symbol table and where in its document it starts: a region's (`table.region`) has the document's places."""

    offset: int
    row: int
    byte_column: int
    column: int
    table: Table
    line_map: LineMap

    def covers(self, byte: int) -> bool:
        """Whether a byte of the document is in this piece. Regions lie in the piece of their host as well."""
        region = self.table.region
        if region is not None:
            return region.start <= byte < region.end
        return self.offset <= byte < self.offset + self.table.size

    def position(self, byte: int) -> Position:
        """The document's position of a byte of the document that is in this piece."""
        inside = self.line_map.position(byte - self.offset)
        if not self.offset:
            return inside
        if inside.row:
            return Position(self.row + inside.row, inside.byte_column, inside.column)
        return Position(self.row, self.byte_column + inside.byte_column, self.column + inside.column)

    def byte_at(self, row: int, column: int) -> int | None:
        """The byte of the document at a row and a column in code points; None where it is not in this piece."""
        inside = self.line_map.byte(row - self.row, column - self.column if row == self.row else column)
        return self.offset + inside if inside is not None and inside <= self.table.size else None


def line_map(table: Table) -> LineMap:
    try:
        return LineMap.from_columns(_unpacked(table.lines), _unpacked(table.wide))
    except OverflowError as error:
        raise DecodeError("a character of more bytes than there are") from error


def pieces(tables: Iterable[Table]) -> Iterator[Piece]:
    """The pieces of a document in order, each with where it starts; regions after their host, which is one piece."""
    last: Piece | None = None
    for table in tables:
        if table.region is not None:
            if last is None:
                raise DecodeError("a region without a host")
            yield Piece(0, 0, 0, 0, table, last.line_map)
        elif last is None:
            yield (last := Piece(0, 0, 0, 0, table, line_map(table)))
        else:
            offset = last.offset + last.table.size
            start = last.position(offset)
            yield (last := Piece(offset, start.row, start.byte_column, start.column, table, line_map(table)))


def occurrences(piece: Piece, only: bytes | None = None, within: tuple[int, int] | None = None) -> Iterator[Occurrence]:
    """Every occurrence in a piece, or those of one name, or those between two bytes, in the order of the text.

    Raises DecodeError on a table that does not fit.
    """
    table, offset, known = piece.table, piece.offset, piece.table.names
    if only is not None:
        found = _occurrences_of(piece, only)
        yield from found if within is None else [one for one in found if within[0] <= one.start_byte < within[1]]
        return
    names, starts, roles, counts = (
        numbers(table.occurrence_names),
        numbers(table.occurrence_starts),
        table.occurrence_roles,
        numbers(table.occurrence_arguments),
    )
    if not len(names) == len(starts) == len(roles) == len(counts):
        raise DecodeError("occurrence columns differ in length")
    first, last = (bisect_left(starts, byte - offset) for byte in within) if within is not None else (0, len(names))
    widths = numbers(table.occurrence_widths) if table.occurrence_widths else None
    try:
        for row in range(first, last):
            code, count, name, start = roles[row], counts[row], known[names[row]], offset + starts[row]
            end = start + (len(name) if widths is None else widths[row])
            yield Occurrence(name, start, end, _ROLES[code & 15], _USES[code >> 4], count - 1 if count else None)
    except IndexError as error:
        raise DecodeError("an occurrence of no name, role or use") from error


def _occurrences_of(piece: Piece, name: bytes) -> list[Occurrence]:
    """As `occurrences`, of one name: columns are looked through as they are stored."""
    table, offset = piece.table, piece.offset
    if name not in table.names:
        return []
    columns = [table.occurrence_names, table.occurrence_starts, table.occurrence_arguments]
    if table.occurrence_widths:
        columns.append(table.occurrence_widths)
    roles, length = table.occurrence_roles, len(name)
    found: list[Occurrence] = []
    try:
        rows, count = _columns.rows_with(table.names.index(name), tuple(columns))
        if count != len(roles):
            raise DecodeError("occurrence columns differ in length")
        for row, start, arguments, *width in rows:
            code = roles[row]
            end = offset + start + (width[0] if width else length)
            role, use = _ROLES[code & 15], _USES[code >> 4]
            found.append(Occurrence(name, offset + start, end, role, use, arguments - 1 if arguments else None))
    except ValueError as error:
        raise DecodeError(str(error)) from error
    except IndexError as error:
        raise DecodeError("an occurrence of no role or use") from error
    return found


def odd_ends(piece: Piece, only: bytes | None = None) -> dict[tuple[int, bytes], int]:
    """Where occurrences end that have another number of bytes than their names, by start and name.

    Host languages spell names with escapes. `only`: those of one name. Empty where a
    piece has none of them: a name that is not here ends where it does.
    """
    if not piece.table.occurrence_widths:
        return {}
    return {
        (found.start_byte, found.name): found.end_byte
        for found in occurrences(piece, only)
        if found.end_byte - found.start_byte != len(found.name)
    }


def tops_around(piece: Piece, places: Iterable[int]) -> Iterator[Top | None]:
    """For each of some bytes of the document the top-level atom that it is in, None outside of all."""
    table, offset, known = piece.table, piece.offset, piece.table.names
    try:
        rows, count = _columns.rows_around(table.top_starts, table.top_ends, [place - offset for place in places])
        kinds, names = table.top_kinds, numbers(table.top_names)
        if not count == len(kinds) == len(names):
            raise DecodeError("columns of top-level atoms differ in length")
        for found in rows:
            if found is None:
                yield None
                continue
            row, start, end = found
            name = names[row]
            yield Top(offset + start, offset + end, _TOP_KINDS[kinds[row]], known[name - 1] if name else None)
    except ValueError as error:
        raise DecodeError(str(error)) from error
    except IndexError as error:
        raise DecodeError("a top-level atom of no name or kind") from error


def end_of_top(piece: Piece, start: int) -> int:
    """Where the top-level atom ends that starts at a byte of the document. Raises DecodeError where none does."""
    starts, ends = numbers(piece.table.top_starts), numbers(piece.table.top_ends)
    row = bisect_left(starts, start - piece.offset)
    if row >= len(ends) or row >= len(starts) or starts[row] != start - piece.offset:
        raise DecodeError("a fact that is no top-level atom")
    return piece.offset + ends[row]


def _top_columns(table: Table) -> tuple[array[int], array[int], bytes, array[int]]:
    starts, ends, kinds, names = columns = (
        numbers(table.top_starts),
        numbers(table.top_ends),
        table.top_kinds,
        numbers(table.top_names),
    )
    if not len(starts) == len(ends) == len(kinds) == len(names):
        raise DecodeError("columns of top-level atoms differ in length")
    return columns


def tops(piece: Piece) -> Iterator[Top]:
    """Every top-level atom of a piece, in the order of the text."""
    columns = _top_columns(piece.table)
    known = piece.table.names
    try:
        for start, end, kind, name in zip(*columns, strict=True):
            yield Top(piece.offset + start, piece.offset + end, _TOP_KINDS[kind], known[name - 1] if name else None)
    except IndexError as error:
        raise DecodeError("a top-level atom of no name or kind") from error


def scope_of(piece: Piece, variable: bytes, byte: int) -> tuple[int, int]:
    """The byte range in which a variable at this byte is the same variable.

    That is the whole top-level atom, except for the parameters of a lambda.
    """
    inside = byte - piece.offset
    best: Lambda | None = None
    for candidate in piece.table.lambdas:
        if (
            candidate.start <= inside < candidate.end
            and any(piece.table.names[parameter] == variable for parameter in candidate.parameters)
            and not any(
                start <= inside < end for start, end in zip(candidate.gaps[::2], candidate.gaps[1::2], strict=False)
            )
        ):
            best = candidate if best is None or candidate.start >= best.start else best
    if best is not None:
        return piece.offset + best.start, piece.offset + best.end
    starts = numbers(piece.table.top_starts)
    index = bisect_right(starts, inside) - 1
    if index < 0:
        return piece.offset, piece.offset + piece.table.size
    return piece.offset + starts[index], piece.offset + numbers(piece.table.top_ends)[index]
