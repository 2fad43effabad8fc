"""SyntaxTree to SymbolTable: what the forms of a MeTTa text define, declare, document and import."""

from __future__ import annotations

from metta_index.indexer import _columns
from metta_index.indexer.languages.metta import _binding, dialects, grammar
from metta_index.indexer.languages.metta.forms import TABLES, WORDS, Event
from metta_index.indexer.languages.metta.lexical import decode_string
from metta_index.indexer.text.symbols import (
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
)
from metta_index.indexer.text.syntax import SyntaxTree

_PACKED = _columns.pack_column
_INERT = int(Flag.INERT)


def extract(source: bytes, tree: SyntaxTree, dialect: str | None = None) -> SymbolTable:
    """The table of one text or piece. `dialect`: as configured; None decides from the text."""
    kinds, starts, ends, tails = tree.kinds, tree.starts, tree.ends, tree.tails
    names, numbers, meanings, tells = _binding.intern(source, kinds, starts, ends, WORDS, len(dialects.TELLING))
    if dialect is None:
        dialect = dialects.detect(source, tree, names, numbers) if tells else dialects.DEFAULT
    forms = TABLES[dialect]
    (
        occurrence_names,
        occurrence_starts,
        roles,
        arguments,
        found,
        top_starts,
        top_ends,
        top_kinds,
        top_names,
        facts,
        atoms,
    ) = _binding.classify(
        source,
        kinds,
        starts,
        ends,
        tails,
        numbers,
        meanings,
        forms.offsets,
        forms.data,
        Definition,
        Documentation,
        decode_string,
    )
    reader = _Reader(source, tree, numbers)
    for form in found:
        if isinstance(form, Definition):
            reader.definitions.append(form)
        elif isinstance(form, Documentation):
            reader.documentation.append(form)
        else:
            reader.read(*form)
    lines, wide = _columns.line_columns(source)
    return SymbolTable(
        schema=TABLE_SCHEMA,
        dialect=dialect,
        size=tree.size,
        atoms=atoms,
        names=names,
        definitions=tuple(reader.definitions),
        documentation=tuple(reader.documentation),
        imports=tuple(reader.imports),
        facts=tuple([FactHead(*fact) for fact in facts]),
        lambdas=tuple(reader.lambdas),
        regions=(),
        problems=tree.problems,
        occurrence_names=_PACKED(occurrence_names),
        occurrence_starts=_PACKED(occurrence_starts),
        occurrence_roles=roles,
        occurrence_arguments=_PACKED(arguments),
        top_starts=_PACKED(top_starts),
        top_ends=_PACKED(top_ends),
        top_kinds=top_kinds,
        top_names=_PACKED(top_names),
        lines=_PACKED(lines),
        wide=_PACKED(wide),
    )


class _Reader:
    """Reads whole forms out of a tree's columns. Rows are rows of the tree."""

    def __init__(self, source: bytes, tree: SyntaxTree, numbers: bytes) -> None:
        self.source = source
        self.tree = tree
        self.kinds = tree.kinds
        self.starts = memoryview(tree.starts).cast("I")
        self.ends = memoryview(tree.ends).cast("I")
        self.tails = memoryview(tree.tails).cast("I")
        self.numbers = memoryview(numbers).cast("I")
        self.definitions: list[Definition] = []
        self.documentation: list[Documentation] = []
        self.imports: list[Import] = []
        self.lambdas: list[Lambda] = []

    def text(self, row: int) -> str:
        """A node as written, white space folded and comments left out."""
        tree = self.tree
        return _binding.text(self.source, tree.kinds, tree.starts, tree.ends, tree.tails, row)

    def string_value(self, row: int) -> str:
        return decode_string(self.source[self.starts[row] : self.ends[row]])

    def read(self, row: int, event: int, flags: int, children: list[int]) -> None:
        """Reads a form that definitions.c leaves to be read; `children`: their rows, comments left out."""
        match event:
            case Event.BIND:
                self._read_bind(row, children, flags)
            case Event.IMPORT:
                self._read_import(row, children, 2, flags)
            case Event.INCLUDE | Event.REGISTER:
                self._read_import(row, children, 1, flags)
            case Event.INERT_IMPORT:
                at = 2 if self.text(children[0]) == "import!" else 1
                self._read_import(row, children, at, _INERT)
            case Event.LAMBDA:
                self._read_lambda(row, children)

    def _define(self, row: int, name_row: int, kind: Kind, flags: int, signature: str) -> None:
        self.definitions.append(
            Definition(
                self.numbers[name_row] - 1,
                int(Role.DEFINITION),
                int(kind),
                -1,
                self.starts[name_row],
                self.starts[row],
                self.ends[row],
                flags,
                signature,
                "",
            )
        )

    def _read_bind(self, row: int, children: list[int], flags: int) -> None:
        """`(bind! name value)`; a name that starts with & or is a new space is a space."""
        if self.kinds[children[1]] != grammar.SYMBOL:
            return
        value = self.text(children[2])
        named_space = self.source[self.starts[children[1]]] == ord("&")
        kind = Kind.SPACE if named_space or value.startswith("(new-space") else Kind.TOKEN
        self._define(row, children[1], kind, flags, self.text(children[1]))

    def _read_import(self, row: int, children: list[int], at: int, flags: int) -> None:
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
                flags,
            )
        )
        destination = children[1]
        makes_space = at == 2 and not flags & _INERT and self.text(children[0]) != "include" and into != "&self"
        if makes_space and self.kinds[destination] == grammar.SYMBOL:
            self._define(row, destination, Kind.SPACE, flags, into)

    def _read_lambda(self, row: int, children: list[int]) -> None:
        parameters = {
            self.numbers[inner] - 1
            for inner in range(children[1], self.tails[children[1]])
            if self.kinds[inner] == grammar.VARIABLE
        }
        self.lambdas.append(Lambda(self.starts[row], self.ends[row], tuple(sorted(parameters))))
