"""A host as the indexer sees it (`languages.Language`): what its `find` gives, as a symbol table."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module

from metta_index.indexer import _columns
from metta_index.indexer.languages.hosts.findings import HostFindings
from metta_index.indexer.languages.hosts.providers import MissingGrammarError
from metta_index.indexer.text.problems import Problem
from metta_index.indexer.text.symbols import TABLE_SCHEMA, Definition, Documentation, Role, SymbolTable, Use
from metta_index.indexer.text.syntax import SyntaxTree

#: A file that is not of its host's format: what it says is not known.
NOT_A_NOTEBOOK = "not-a-notebook"
#: Nothing is known of the file, and nothing is wrong with it.
MISSING_GRAMMAR = "missing-grammar"
TOO_DEEP = "nested-too-deeply"


class HostLanguage:
    """One host. Its trees are only a root: what is kept of a host are its regions and names."""

    KINDS: Sequence[str] = ("source_file",)

    def __init__(self, name: str) -> None:
        self.name = name
        self.DIALECTS: Sequence[str] = (name,)

    def pieces(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        yield b"".join(parts)

    def parse(self, source: bytes) -> SyntaxTree:
        size = len(source)
        start, end, tail = (array("I", [number]).tobytes() for number in (0, size, 1))
        return SyntaxTree(size, b"\0", start, end, tail, ())

    def extract(self, source: bytes, tree: SyntaxTree, dialect: str | None) -> SymbolTable:
        return table_of(self.name, source, self._find(source))

    def is_error(self, dialect: str, code: str) -> bool:
        return code == NOT_A_NOTEBOOK

    def _find(self, source: bytes) -> HostFindings:
        try:
            found: HostFindings = import_module(f"metta_index.indexer.languages.hosts.{self.name}").find(source)
        except MissingGrammarError as error:
            return HostFindings(problems=(Problem(MISSING_GRAMMAR, str(error), 0, 0),))
        except RecursionError:
            message = "expressions nested too deeply to look for MeTTa in them; take them apart"
            return HostFindings(problems=(Problem(TOO_DEEP, message, 0, 0),))
        return found


@cache
def host_language(name: str) -> HostLanguage:
    """The host of a name in `HOSTS`."""
    return HostLanguage(name)


def table_of(host: str, source: bytes, found: HostFindings) -> SymbolTable:
    """The symbol table of a host file: definitions and occurrences of registered names, imports, regions."""
    names: dict[bytes, int] = {}
    definitions, documentation, rows, starts, widths = [], [], array("I"), array("I"), array("I")
    for each in found.registrations:
        row = names.setdefault(each.name, len(names))
        definitions.append(
            Definition(
                row,
                Role.DEFINITION,
                each.kind,
                each.arity,
                each.name_start,
                each.start,
                each.end,
                each.flags,
                each.signature,
                each.type,
            )
        )
        if each.description:
            documentation.append(Documentation(row, each.doc_start, each.doc_end, each.description, (), ""))
        rows.append(row)
        starts.append(each.name_start)
        widths.append(each.name_end - each.name_start)
    lines, wide = _columns.line_columns(source)
    packed = _columns.pack_column
    is_plain = all(width == len(each.name) for width, each in zip(widths, found.registrations, strict=True))
    return SymbolTable(
        schema=TABLE_SCHEMA,
        dialect=host,
        size=len(source),
        atoms=0,
        names=tuple(names),
        definitions=tuple(definitions),
        documentation=tuple(documentation),
        imports=found.imports,
        facts=(),
        lambdas=(),
        regions=found.regions,
        problems=found.problems,
        occurrence_names=packed(rows),
        occurrence_starts=packed(starts),
        occurrence_roles=bytes([Role.DEFINITION | Use.DATA << 4]) * len(rows),
        occurrence_arguments=packed(array("I", bytes(4 * len(rows)))),
        top_starts=b"",
        top_ends=b"",
        top_kinds=b"",
        top_names=b"",
        lines=packed(lines),
        wide=packed(wide),
        occurrence_widths=b"" if is_plain else packed(widths),
    )
