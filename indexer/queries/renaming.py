"""What would change if a symbol had another name: its places, and the change as a unified diff."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from metta_index.indexer.languages import language_of
from metta_index.indexer.queries.index import Index
from metta_index.indexer.queries.symbols import Reference
from metta_index.indexer.text.occurrences import Piece, numbers
from metta_index.indexer.text.symbols import Role

#: Lines around a change that a diff shows.
_CONTEXT = 3
#: What a path is quoted for, as git does it: control characters, quotes and backslashes.
_ODD = re.compile(rb'[\x00-\x1f\x7f"\\]')
#: What a word of plain text goes on with, if the name begins or ends with that, and what any other name does.
_WORD, _SIGN = rb"[\w\x80-\xff-]", rb"""[^\s()"'`,;]"""
_ESCAPES = {b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r", b'"': b'\\"', b"\\": b"\\\\"}


class Places(NamedTuple):
    """Where a name stands that is to change, in the order of paths and texts.

    `modules`: where it names a module, which is a file. `foreign`: where it stands in
    another language, whose names are each of a scope of their own.
    """

    changing: tuple[Reference, ...]
    modules: tuple[Reference, ...]
    foreign: tuple[Reference, ...]


class _Words:
    """Where the words of a piece stand, told without a value for each: there may be a million."""

    __slots__ = ("_known", "_names", "_offset", "_starts", "_widths")

    def __init__(self, piece: Piece) -> None:
        table = piece.table
        self._offset, self._known = piece.offset, table.names
        self._starts, self._names = numbers(table.occurrence_starts), numbers(table.occurrence_names)
        self._widths = numbers(table.occurrence_widths)

    def last_before(self, byte: int) -> tuple[int, int]:
        """Start and end of the last word that starts at a byte of the document or before; (-1, -1) where none does."""
        row = bisect_right(self._starts, byte - self._offset) - 1
        if row < 0:
            return -1, -1
        start = self._starts[row]
        first = bisect_left(self._starts, start)
        return self._offset + start, self._offset + start + max(map(self._width, range(first, row + 1)))

    def _width(self, row: int) -> int:
        return self._widths[row] if self._widths else len(self._known[self._names[row]])


def places_of(index: Index, name: bytes, within: frozenset[str] | None = None) -> Places:
    """All places of a symbol in the workspace, or in some documents of it."""
    changing: list[Reference] = []
    modules: list[Reference] = []
    foreign: list[Reference] = []
    for path in index.reader.mentioning(name):
        if within is not None and path not in within:
            continue
        for piece in index.pieces(path):
            table = piece.table
            language = table.region.language if table.region is not None else language_of(path)
            named = [(piece.offset + one.module_start, piece.offset + one.module_end) for one in table.imports]
            for found in index.references_in(path, name, piece):
                if language != "metta":
                    foreign.append(found)
                elif found.role == Role.IMPORT or any(start <= found.start_byte < end for start, end in named):
                    modules.append(found)
                else:
                    changing.append(found)
    return Places(_in_order(changing), _in_order(modules), _in_order(foreign))


def word_problem(name: bytes, is_variable: bool) -> str | None:
    """Why a text is not one word of MeTTa (or one variable) that can name something; None where it is."""
    from metta_index.indexer.languages.metta import grammar
    from metta_index.indexer.languages.metta.forms import LITERALS
    from metta_index.indexer.languages.metta.parse import parse
    from metta_index.indexer.text.syntax import column

    wanted = "variable" if is_variable else "symbol"
    tree = parse(b"(" + name + b")")
    ends = column(tree.ends)
    if tree.problems or len(tree.kinds) != 3 or ends[2] != 1 + len(name):
        return "is not one word of MeTTa"
    kind = grammar.KINDS[tree.kinds[2]]
    if kind != wanted:
        return f"is a {kind}, not a {wanted}"
    return "is a word with a meaning of its own" if name == b"!" or name in LITERALS else None


def diff_of(path: bytes, source: bytes, changes: Sequence[Reference], new: bytes) -> Iterator[bytes]:
    """A unified diff of one file, line by line, as `git apply` and `patch -p1` take it.

    The changes are in the order of the text, none across lines. Lines end at line
    feeds; carriage returns are kept as they are.
    """
    lines = source.split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    changed: dict[int, bytes] = {}
    for change in reversed(changes):
        row = bisect_right(starts, change.start_byte) - 1
        line, at = changed.get(row, lines[row]), change.start_byte - starts[row]
        changed[row] = line[:at] + new + line[at + change.end_byte - change.start_byte :]
    is_ended = not lines[-1]
    count = len(lines) - is_ended
    yield b"--- " + _header(b"a/" + path)
    yield b"+++ " + _header(b"b/" + path)
    for first, last in _hunks(sorted(changed), count):
        yield b"@@ -%d,%d +%d,%d @@" % (first + 1, last - first, first + 1, last - first)
        removed: list[bytes] = []
        added: list[bytes] = []
        for row in range(first, last):
            ending = [b"\\ No newline at end of file"] if row == len(lines) - 1 and not is_ended else []
            if row in changed:
                removed += [b"-" + lines[row], *ending]
                added += [b"+" + changed[row], *ending]
            if row not in changed or row == last - 1:
                yield from removed
                yield from added
                removed, added = [], []
            if row not in changed:
                yield b" " + lines[row]
                yield from ending


def mentions_in_text(index: Index, path: str, source: bytes, name: bytes) -> int:
    """How often a name stands in strings, comments and whatever else of a document is no word of the index."""
    if name not in source:
        return 0
    before, after = (_WORD if re.match(_WORD, edge) else _SIGN for edge in (name[:1], name[-1:]))
    pattern = b"(?<!" + before + b")" + re.escape(name) + b"(?!" + after + b")"
    places = [match.start() for match in re.finditer(pattern, source)]
    if not places:
        return 0
    own: list[tuple[Piece, _Words]] = []
    regions: list[tuple[Piece, _Words]] = []
    for piece in index.pieces(path):
        (own if piece.table.region is None else regions).append((piece, _Words(piece)))
    offsets = [piece.offset for piece, _words in own]

    def is_outside_words(place: int) -> bool:
        around = [own[bisect_right(offsets, place) - 1], *(one for one in regions if one[0].covers(place))]
        return all(words.last_before(place)[1] <= place for _piece, words in around)

    return sum(map(is_outside_words, places))


def _in_order(found: list[Reference]) -> tuple[Reference, ...]:
    """Without those that are twice there, as a string may be read for two programs; documents stay in order."""
    unique = {(one.path, one.start_byte): one for one in found}
    order = {path: number for number, path in enumerate(dict.fromkeys(one.path for one in found))}
    return tuple(sorted(unique.values(), key=lambda one: (order[one.path], one.start_byte)))


def _header(path: bytes) -> bytes:
    if _ODD.search(path):
        return b'"' + _ODD.sub(lambda odd: _ESCAPES.get(odd[0]) or b"\\%03o" % odd[0][0], path) + b'"'
    # A tab ends a name with spaces: else a date might begin there.
    return path + b"\t" if b" " in path else path


def _hunks(rows: Iterable[int], count: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows that show the changed ones with what is around them; those that touch are one."""
    first = last = -1
    for row in rows:
        if first >= 0 and row - _CONTEXT > last:
            yield first, last
            first = -1
        first = max(0, row - _CONTEXT) if first < 0 else first
        last = min(count, row + _CONTEXT + 1)
    if first >= 0:
        yield first, last
