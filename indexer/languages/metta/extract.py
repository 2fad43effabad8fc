"""SyntaxTree to SymbolTable: what the forms of a MeTTa text define, declare, document and import."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence

from metta_index.indexer import _columns
from metta_index.indexer.languages.metta import _binding, dialects, grammar
from metta_index.indexer.languages.metta.forms import LITERALS, TABLES, Event
from metta_index.indexer.languages.metta.lexical import decode_string
from metta_index.indexer.symbols import (
    TABLE_SCHEMA,
    Definition,
    Documentation,
    FactHead,
    Flag,
    Import,
    Kind,
    Lambda,
    Role,
    SymbolTable,
    TopKind,
)
from metta_index.indexer.syntax import SyntaxTree, column, rows_of

# Events of top-level atoms that are no form of the table; see walk.c.
_FACT, _EVALUATION, _OTHER = 255, 254, 253

_TOP_KINDS = {
    Event.RULE: TopKind.RULE,
    Event.DECLARATION: TopKind.DECLARATION,
    Event.SUBTYPE: TopKind.DECLARATION,
    Event.DOCUMENTATION: TopKind.DOCUMENTATION,
    _FACT: TopKind.FACT,
    _EVALUATION: TopKind.EVALUATION,
}


def extract(source: bytes, tree: SyntaxTree, dialect: str | None = None) -> SymbolTable:
    """The table of one text or piece. `dialect`: as configured; None decides from the text."""
    names, numbers = _binding.intern(source, tree.kinds, tree.starts, tree.ends)
    if dialect is None:
        dialect = dialects.detect(source, tree, names, numbers)
    forms = TABLES[dialect]
    form_of_name = array("H", [forms.offsets.get(name, 0) for name in names])
    silent = bytes(name in LITERALS for name in names)
    self_number = names.index(b"&self") + 1 if b"&self" in names else 0
    rows, roles, arguments, events, tops = _binding.classify(
        tree.kinds, tree.tails, numbers, form_of_name.tobytes(), forms.data, self_number, silent
    )
    reader = _Reader(source, tree, names, column(numbers))
    reader.read_events(column(events))
    top_rows, top_kinds, top_names, facts = reader.read_tops(column(tops))
    lines, wide = _columns.line_columns(source)
    evaluations = tree.kinds.count(grammar.EVALUATION)
    return SymbolTable(
        schema=TABLE_SCHEMA,
        dialect=dialect,
        size=tree.size,
        atoms=len(top_rows) + evaluations - reader.idle_evaluations(),
        names=tuple(names),
        definitions=tuple(reader.definitions),
        documentation=tuple(reader.documentation),
        imports=tuple(reader.imports),
        facts=facts,
        lambdas=tuple(reader.lambdas),
        regions=(),
        problems=tree.problems,
        occurrence_names=_columns.pack_column(_columns.gather(numbers, rows, 1)),
        occurrence_starts=_columns.pack_column(_columns.gather(tree.starts, rows, 0)),
        occurrence_roles=roles,
        occurrence_arguments=_columns.pack_column(arguments),
        top_starts=_columns.pack_column(_columns.gather(tree.starts, top_rows, 0)),
        top_ends=_columns.pack_column(_columns.gather(tree.ends, top_rows, 0)),
        top_kinds=bytes(top_kinds),
        top_names=_columns.pack_column(array("I", top_names)),
        lines=_columns.pack_column(lines),
        wide=_columns.pack_column(wide),
    )


class _Reader:
    """Reads whole forms out of a tree's columns. Rows are rows of the tree."""

    def __init__(self, source: bytes, tree: SyntaxTree, names: list[bytes], numbers: array[int]) -> None:
        self.source = source
        self.kinds = tree.kinds
        self.starts = column(tree.starts)
        self.ends = column(tree.ends)
        self.tails = column(tree.tails)
        self.names = names
        self.numbers = numbers
        self.definitions: list[Definition] = []
        self.documentation: list[Documentation] = []
        self.imports: list[Import] = []
        self.lambdas: list[Lambda] = []

    def children(self, row: int) -> list[int]:
        """Rows of the children of a list, comments left out."""
        rows = []
        tail = self.tails[row]
        child = row + 1
        while child < tail:
            if self.kinds[child] != grammar.COMMENT and self.kinds[child] != grammar.MISSING:
                rows.append(child)
            child = self.tails[child]
        return rows

    def text(self, row: int) -> str:
        """A node as written, white space folded and comments left out."""
        raw = self.source[self.starts[row] : self.ends[row]]
        if b";" in raw and self.kinds.find(bytes([grammar.COMMENT]), row, self.tails[row]) >= 0:
            raw = self._without_comments(row)
        return " ".join(raw.decode("utf-8", "backslashreplace").split())

    def _without_comments(self, row: int) -> bytes:
        kept = bytearray()
        at = self.starts[row]
        for inner in range(row + 1, self.tails[row]):
            if self.kinds[inner] == grammar.COMMENT:
                kept += self.source[at : self.starts[inner]]
                at = self.ends[inner]
        return bytes(kept) + self.source[at : self.ends[row]]

    def string_value(self, row: int) -> str:
        return decode_string(self.source[self.starts[row] : self.ends[row]])

    def read_events(self, events: Sequence[int]) -> None:
        for row, event, later in zip(events[::3], events[1::3], events[2::3], strict=True):
            flags = Flag.DYNAMIC if later else Flag(0)
            children = self.children(row)
            match event:
                case Event.RULE:
                    self._read_rule(row, children, flags)
                case Event.DECLARATION | Event.SUBTYPE:
                    if event == Event.SUBTYPE:
                        flags |= Flag.SUBTYPE
                    self._read_declaration(row, children, flags)
                case Event.DOCUMENTATION:
                    self._read_documentation(row, children)
                case Event.BIND:
                    self._read_bind(row, children, flags)
                case Event.IMPORT:
                    self._read_import(row, children, 2, flags)
                case Event.INCLUDE | Event.REGISTER:
                    self._read_import(row, children, 1, flags)
                case Event.INERT_IMPORT:
                    at = 2 if self.text(children[0]) == "import!" else 1
                    self._read_import(row, children, at, Flag.INERT)
                case Event.LAMBDA:
                    self._read_lambda(row, children)

    def _define(
        self,
        row: int,
        name_row: int,
        role: Role,
        kind: Kind,
        arity: int,
        flags: Flag,
        signature: str,
        type_: str = "",
    ) -> None:
        self.definitions.append(
            Definition(
                self.numbers[name_row] - 1,
                int(role),
                int(kind),
                arity,
                self.starts[name_row],
                self.starts[row],
                self.ends[row],
                int(flags),
                signature,
                type_,
            )
        )

    def _read_rule(self, row: int, children: list[int], flags: Flag) -> None:
        """`(= (f a b) body)`, `(= ((f a) b) body)`, `(= f body)`; `(= $x …)` names nothing."""
        if len(children) < 2:
            return
        head = children[1]
        name, arity = head, -1
        while self.kinds[name] == grammar.EXPRESSION:
            parts = self.children(name)
            if not parts:
                return
            if arity >= 0:
                flags |= Flag.CURRIED
            arity = max(arity, 0) + len(parts) - 1
            name = parts[0]
        if self.kinds[name] == grammar.SYMBOL:
            kind = Kind.CONSTANT if arity < 0 else Kind.FUNCTION
            self._define(row, name, Role.DEFINITION, kind, arity, flags, self.text(head))

    def _read_declaration(self, row: int, children: list[int], flags: Flag) -> None:
        """`(: f (-> A B))`, `(: T Type)`, `(: c T)`, `(:< A B)`."""
        if len(children) < 2 or self.kinds[children[1]] != grammar.SYMBOL:
            return
        kind, arity, type_ = Kind.SYMBOL, -1, ""
        if len(children) > 2:
            type_ = self.text(children[2])
            if flags & Flag.SUBTYPE or type_ == "Type":
                kind = Kind.TYPE
            elif self.kinds[children[2]] == grammar.EXPRESSION:
                parts = self.children(children[2])
                if parts and self._is_word(parts[0], b"->"):
                    arity = max(len(parts) - 2, 0)
                    returns_type = len(parts) > 1 and self._is_word(parts[-1], b"Type")
                    kind = Kind.TYPE if returns_type else Kind.FUNCTION
        self._define(row, children[1], Role.DECLARATION, kind, arity, flags, self.text(children[1]), type_)

    def _is_word(self, row: int, word: bytes) -> bool:
        return self.source[self.starts[row] : self.ends[row]] == word

    def _read_documentation(self, row: int, children: list[int]) -> None:
        """`(@doc f (@desc "…") (@params ((@param "…") …)) (@return "…"))`, in any order."""
        if len(children) < 2 or self.kinds[children[1]] != grammar.SYMBOL:
            return
        description, returns = "", ""
        parameters: list[str] = []
        for part in children[2:]:
            items = self.children(part) if self.kinds[part] == grammar.EXPRESSION else []
            if len(items) < 2:
                continue
            match self.text(items[0]):
                case "@desc":
                    description = self._strings(items[1])
                case "@return":
                    returns = self._strings(items[1])
                case "@params" if self.kinds[items[1]] == grammar.EXPRESSION:
                    parameters = [self._strings(parameter) for parameter in self.children(items[1])]
        self.documentation.append(
            Documentation(
                self.numbers[children[1]] - 1,
                self.starts[row],
                self.ends[row],
                description,
                tuple(parameters),
                returns,
            )
        )

    def _strings(self, row: int) -> str:
        """The strings in a node, one after the other; the text itself where there is none."""
        strings = [
            self.string_value(inner) for inner in range(row, self.tails[row]) if self.kinds[inner] == grammar.STRING
        ]
        return " ".join(strings) if strings else self.text(row)

    def _read_bind(self, row: int, children: list[int], flags: Flag) -> None:
        """`(bind! name value)`; a name that starts with & or is a new space is a space."""
        if self.kinds[children[1]] != grammar.SYMBOL:
            return
        value = self.text(children[2])
        named_space = self.source[self.starts[children[1]]] == ord("&")
        kind = Kind.SPACE if named_space or value.startswith("(new-space") else Kind.TOKEN
        self._define(row, children[1], Role.DEFINITION, kind, -1, flags, self.text(children[1]))

    def _read_import(self, row: int, children: list[int], at: int, flags: Flag) -> None:
        if len(children) <= at:
            return
        target = children[at]
        module = self.string_value(target) if self.kinds[target] == grammar.STRING else self.text(target)
        into = self.text(children[1]) if at == 2 else ""
        self.imports.append(
            Import(
                self.text(children[0]),
                module,
                self.starts[target],
                self.ends[target],
                into,
                self.starts[row],
                self.ends[row],
                int(flags),
            )
        )
        destination = children[1]
        if at == 2 and not flags & Flag.INERT and self.kinds[destination] == grammar.SYMBOL and into != "&self":
            self._define(row, destination, Role.DEFINITION, Kind.SPACE, -1, flags, into)

    def _read_lambda(self, row: int, children: list[int]) -> None:
        parameters = {
            self.numbers[inner] - 1
            for inner in range(children[1], self.tails[children[1]])
            if self.kinds[inner] == grammar.VARIABLE
        }
        self.lambdas.append(Lambda(self.starts[row], self.ends[row], tuple(sorted(parameters))))

    def read_tops(self, tops: array[int]) -> tuple[array[int], list[int], list[int], tuple[FactHead, ...]]:
        """Rows, kinds and names (index + 1, or 0) of the top-level atoms, and the facts among them."""
        rows = tops[::3]
        kinds: list[int] = [_TOP_KINDS.get(event, TopKind.OTHER) for event in tops[1::3]]
        names = [0] * len(rows)
        counts: Counter[tuple[int, int]] = Counter()
        first: dict[tuple[int, int], int] = {}
        named = {(definition.start, definition.end): definition.name + 1 for definition in self.definitions}
        named |= {(doc.start, doc.end): doc.name + 1 for doc in self.documentation}
        for index, (row, event, arity) in enumerate(zip(rows, tops[1::3], tops[2::3], strict=True)):
            if event == _FACT:
                # the head is the first child that is no comment
                head = row + 1
                while self.kinds[head] == grammar.COMMENT:
                    head += 1
                names[index] = self.numbers[head]
                key = self.numbers[head] - 1, arity
                counts[key] += 1
                first.setdefault(key, self.starts[row])
            elif event < _OTHER:
                names[index] = named.get((self.starts[row], self.ends[row]), 0)
        facts = tuple(FactHead(name, arity, counts[name, arity], start) for (name, arity), start in first.items())
        return rows, kinds, names, facts

    def idle_evaluations(self) -> int:
        """How many `!` have no atom to evaluate: one at the end of the text, or before what is broken."""
        return sum(not self.children(row) for row in rows_of(self.kinds, grammar.EVALUATION))
