"""Code: what a rule sees of one document: nodes of its tree, the calls in it, what its tables say."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from metta_index.indexer import _columns
from metta_index.indexer.checking.findings import Edit, Fix, SourceText
from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.text.problems import Problem
from metta_index.indexer.text.regions import PositionMap
from metta_index.indexer.text.symbols import (
    Definition,
    Documentation,
    Flag,
    Kind,
    Role,
    SymbolTable,
    TopKind,
    Use,
    name_text,
)
from metta_index.indexer.text.syntax import SyntaxTree

#: Problems after which the rest of an atom is not what it was meant to be.
_BREAKING = frozenset(
    {"unclosed-parenthesis", "stray-parenthesis", "unclosed-string", "nul-byte", "syntax-error", "not-utf-8"}
)

_DYNAMIC = int(Flag.DYNAMIC)
_CALL = Role.REFERENCE | Use.CALL << 4


class Part:
    """One piece of a document: its tree and its table. Rows are those of the tree, bytes those of the piece."""

    def __init__(self, source: bytes, offset: int, tree: SyntaxTree, table: SymbolTable) -> None:
        self.source = source
        self.offset = offset
        self.table = table
        self.kinds = tree.kinds
        self.starts: Sequence[int] = memoryview(tree.starts).cast("I")
        self.ends: Sequence[int] = memoryview(tree.ends).cast("I")
        self.tails = memoryview(tree.tails).cast("I")

    def text(self, row: int) -> bytes:
        """What a node says."""
        return self.source[self.offset + self.starts[row] : self.offset + self.ends[row]]

    def end_of(self, name: bytes, start: int) -> int:
        """Where an occurrence of a name ends; both are bytes of the piece."""
        return (
            self._odd_ends.get((start, name), start + len(name)) if self.table.occurrence_widths else start + len(name)
        )

    @cached_property
    def _odd_ends(self) -> dict[tuple[int, bytes], int]:
        """Where occurrences end that their host spells with another number of bytes than their names have."""
        known, widths = self.table.names, _numbers(self.table.occurrence_widths)
        return {
            (start, known[name]): start + width for name, start, width in zip(*self.occurrences, widths, strict=True)
        }

    @cached_property
    def occurrences(self) -> tuple[memoryview[int], memoryview[int]]:
        """Of each occurrence: the index of its name in the table's names, and its first byte."""
        table = self.table
        return _numbers(table.occurrence_names), _numbers(table.occurrence_starts)

    @cached_property
    def _broken(self) -> list[tuple[int, int]]:
        """The top-level atoms whose parentheses or strings do not close; the end exclusive."""
        where = [problem.start_byte for problem in self.table.problems if problem.code in _BREAKING]
        if not where:
            return []
        starts, ends = _numbers(self.table.top_starts), _numbers(self.table.top_ends)
        found = set()
        for byte in where:
            number = bisect_right(starts, byte) - 1
            if number >= 0:
                found.add((starts[number], max(ends[number], byte + 1)))
        return sorted(found)

    def is_broken(self, byte: int) -> bool:
        """Whether a byte is in a top-level atom that is not read as it was meant."""
        if not self._broken:
            return False
        number = bisect_right(self._broken, byte, key=lambda span: span[0]) - 1
        return number >= 0 and byte < self._broken[number][1]

    def row_at(self, start: int) -> int:
        """The outermost row that starts at a byte."""
        return bisect_left(self.starts, start)

    def children(self, row: int) -> list[int]:
        """Rows of the children of a node, comments left out."""
        kinds, tails = self.kinds, self.tails
        rows = []
        tail = tails[row]
        child = row + 1
        while child < tail:
            if kinds[child] != grammar.COMMENT and kinds[child] != grammar.MISSING:
                rows.append(child)
            child = tails[child]
        return rows


class RegionPart(Part):
    """A region: bytes are those of the document, as its table has them; texts are what the program reads."""

    def __init__(self, text: bytes, positions: PositionMap, tree: SyntaxTree, table: SymbolTable) -> None:
        super().__init__(text, 0, tree, table)
        self._inside = self.starts, self.ends
        spans = [positions.host_range(start, end) for start, end in zip(*self._inside, strict=True)]
        self.starts, self.ends = [start for start, _end in spans], [end for _start, end in spans]

    def text(self, row: int) -> bytes:
        starts, ends = self._inside
        return self.source[starts[row] : ends[row]]


class Node:
    """One node of the tree of a document. `start`, `end`: bytes of the document."""

    __slots__ = ("part", "row")

    def __init__(self, part: Part, row: int) -> None:
        self.part = part
        self.row = row

    @property
    def kind(self) -> int:
        return self.part.kinds[self.row]

    @property
    def start(self) -> int:
        return self.part.offset + self.part.starts[self.row]

    @property
    def end(self) -> int:
        return self.part.offset + self.part.ends[self.row]

    @property
    def text(self) -> bytes:
        return self.part.text(self.row)

    @property
    def shown(self) -> str:
        """The text for a message: one line, not long."""
        text = " ".join(name_text(self.text[:200]).split())
        return text if len(text) <= 40 else text[:39] + "…"

    @property
    def is_list(self) -> bool:
        return self.kind == grammar.EXPRESSION

    @property
    def is_symbol(self) -> bool:
        return self.kind == grammar.SYMBOL

    @property
    def is_variable(self) -> bool:
        return self.kind == grammar.VARIABLE

    @property
    def is_sound(self) -> bool:
        """Whether its top-level atom is read as it was meant: what is said of a broken form is a guess."""
        return not self.part.is_broken(self.part.starts[self.row])

    @property
    def children(self) -> list[Node]:
        """What is in it, comments left out."""
        return [Node(self.part, row) for row in self.part.children(self.row)]

    @property
    def head(self) -> bytes | None:
        """The word that a list starts with; None where it is no list, or starts otherwise."""
        if not self.is_list:
            return None
        for row in self.part.children(self.row)[:1]:
            if self.part.kinds[row] == grammar.SYMBOL:
                return Node(self.part, row).text
        return None

    def inside(self) -> Iterator[Node]:
        """All nodes in it, itself the first, comments left out."""
        for row in range(self.row, self.part.tails[self.row]):
            if self.part.kinds[row] != grammar.COMMENT:
                yield Node(self.part, row)

    def around(self) -> list[Node]:
        """The nodes that it is in, the innermost first, the root left out."""
        tails = self.part.tails
        found = []
        row = 1
        while row < self.row:
            if tails[row] > self.row:
                found.append(Node(self.part, row))
                row += 1
            else:
                row = tails[row]
        found.reverse()
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and other.part is self.part and other.row == self.row

    def __hash__(self) -> int:
        return hash((id(self.part), self.row))


class Call(NamedTuple):
    """A list in evaluated position with a word as its head."""

    name: bytes
    node: Node
    head: Node

    @property
    def arguments(self) -> list[Node]:
        return self.node.children[1:]

    @property
    def given(self) -> int:
        """How many arguments there are."""
        return len(self.node.part.children(self.node.row)) - 1


class Top(NamedTuple):
    """A top-level atom; `name` is what it defines, declares, documents or states a fact of."""

    node: Node
    kind: TopKind
    name: bytes | None


class Place(NamedTuple):
    """A definition or declaration where it stands; bytes of the document."""

    name: bytes
    definition: Definition
    name_start: int
    name_end: int
    start: int
    end: int


class DocPlace(NamedTuple):
    """A `@doc` form where it stands; bytes of the document."""

    name: bytes
    documentation: Documentation
    start: int
    end: int


class Word(NamedTuple):
    """One occurrence of a word or variable; bytes of the document."""

    name: bytes
    start: int
    end: int
    role: int
    use: int


class Code:
    """One document as rules see it. Positions are bytes of the document."""

    def __init__(self, source: SourceText, dialect: str, parts: tuple[Part, ...]) -> None:
        self.source = source
        self.dialect = dialect
        self.parts = parts

    @property
    def path(self) -> str:
        return self.source.path

    @classmethod
    def of(cls, source: SourceText, dialect: str, pieces: Sequence[tuple[SyntaxTree, SymbolTable]]) -> Code:
        """A document of one or more pieces, in order, whose tables are of `dialect`."""
        parts = []
        offset = 0
        for tree, table in pieces:
            parts.append(Part(source.source, offset, tree, table))
            offset += tree.size
        return cls(source, dialect, tuple(parts))

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the text, as parsing found."""
        return tuple(
            problem
            if not part.offset
            else Problem(
                problem.code, problem.message, problem.start_byte + part.offset, problem.end_byte + part.offset
            )
            for part in self.parts
            for problem in part.table.problems
        )

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every call, in the order of the text; those in forms that are broken are left out."""
        return tuple(call for part in self.parts for call in _calls(part))

    @cached_property
    def called(self) -> frozenset[bytes]:
        """The names that are called."""
        return frozenset(self._calls_by_name)

    @cached_property
    def _calls_by_name(self) -> dict[bytes, list[Call]]:
        found: dict[bytes, list[Call]] = {}
        for call in self.calls:
            found.setdefault(call.name, []).append(call)
        return found

    def calls_of(self, *names: bytes) -> list[Call]:
        """The calls of some names, in the order of the text."""
        found = [call for name in names for call in self._calls_by_name.get(name, ())]
        if len(names) > 1:
            found.sort(key=lambda call: call.node.start)
        return found

    @cached_property
    def tops(self) -> tuple[Top, ...]:
        """The top-level atoms that are no facts, in the order of the text."""
        return tuple(top for part in self.parts for top in _tops(part))

    @cached_property
    def definitions(self) -> tuple[Place, ...]:
        """What the document defines and declares, in the order of the text."""
        return tuple(
            Place(
                part.table.names[found.name],
                found,
                part.offset + found.name_start,
                part.offset + part.end_of(part.table.names[found.name], found.name_start),
                part.offset + found.start,
                part.offset + found.end,
            )
            for part in self.parts
            for found in part.table.definitions
        )

    @property
    def functions(self) -> Iterator[Place]:
        """The first rule of each function that the document has rules for; those made while it runs are left out."""
        seen: set[bytes] = set()
        for place in self.definitions:
            one = place.definition
            is_rule = one.role == Role.DEFINITION and one.kind == Kind.FUNCTION and not one.flags & _DYNAMIC
            if is_rule and place.name not in seen:
                seen.add(place.name)
                yield place

    @cached_property
    def documentation(self) -> tuple[DocPlace, ...]:
        return tuple(
            DocPlace(part.table.names[found.name], found, part.offset + found.start, part.offset + found.end)
            for part in self.parts
            for found in part.table.documentation
        )

    def mentions(self, name: bytes) -> int:
        """How often a word or variable stands in the document."""
        return self._counts[name]

    @cached_property
    def _counts(self) -> Counter[bytes]:
        found: Counter[bytes] = Counter()
        for part in self.parts:
            names = part.table.names
            for number, count in Counter(part.occurrences[0]).items():
                found[names[number]] += count
        return found

    def words_in(self, node: Node) -> list[Word]:
        """The words and variables in a node, in the order of the text; values such as `True` are none."""
        part = node.part
        names, starts = part.occurrences
        roles, known, offset = part.table.occurrence_roles, part.table.names, part.offset
        first, last = self.occurrences_in(node)
        found = []
        for at in range(first, last):
            name, start = known[names[at]], starts[at]
            found.append(Word(name, offset + start, offset + part.end_of(name, start), roles[at] & 15, roles[at] >> 4))
        return found

    def occurrences_in(self, node: Node) -> tuple[int, int]:
        """The first occurrence in a node, and the one after the last, by their number in the columns of its piece."""
        starts, offset = node.part.occurrences[1], node.part.offset
        first = bisect_left(starts, node.start - offset)
        return first, bisect_left(starts, node.end - offset, first)

    def node_at(self, start: int) -> Node:
        """The outermost node that starts at a byte where some node does."""
        part = self.parts[bisect_right(self.parts, start, key=lambda part: part.offset) - 1]
        return Node(part, max(part.row_at(start - part.offset), 1))

    def comments(self) -> Iterator[tuple[int, int]]:
        """Where comments stand, in the order of the text."""
        wanted = bytes([grammar.COMMENT])
        for part in self.parts:
            row = part.kinds.find(wanted)
            while row >= 0:
                yield part.offset + part.starts[row], part.offset + part.ends[row]
                row = part.kinds.find(wanted, row + 1)

    def edit(self, start: int, end: int, replacement: str) -> Edit:
        return self.source.edit(start, end, replacement)

    def fix(self, description: str, *edits: Edit) -> Fix:
        return Fix(description, edits)


def _numbers(packed: bytes) -> memoryview[int]:
    return memoryview(_columns.unpack_column(packed)).cast("I")


def _calls(part: Part) -> Iterator[Call]:
    """The calls of a piece. Searching is C's work: most texts are facts, without any."""
    roles = part.table.occurrence_roles
    wanted = bytes([_CALL])
    at = roles.find(wanted)
    if at < 0:
        return
    names, starts = part.occurrences
    kinds = part.kinds
    row = 0
    while at >= 0:
        start = starts[at]
        row = bisect_left(part.starts, start, row)
        head = row
        while kinds[head] != grammar.SYMBOL:
            head += 1
        form = head - 1
        while kinds[form] == grammar.COMMENT:
            form -= 1
        if kinds[form] == grammar.EXPRESSION and not part.is_broken(start):
            yield Call(part.table.names[names[at]], Node(part, form), Node(part, head))
        at = roles.find(wanted, at + 1)


def _tops(part: Part) -> Iterator[Top]:
    kinds = part.table.top_kinds
    if kinds.count(TopKind.FACT) == len(kinds):
        return
    starts, names = _numbers(part.table.top_starts), _numbers(part.table.top_names)
    for number, kind in enumerate(kinds):
        if kind != TopKind.FACT:
            row = max(part.row_at(starts[number]), 1)
            name = part.table.names[names[number] - 1] if names[number] else None
            yield Top(Node(part, row), TopKind(kind), name)
