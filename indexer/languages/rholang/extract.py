"""SyntaxTree to SymbolTable: what a Rholang text defines, binds, uses and says of itself."""

from __future__ import annotations

from array import array

from metta_index.indexer import _columns
from metta_index.indexer.languages.rholang.definitions import Defined, definitions
from metta_index.indexer.languages.rholang.docs import Docs
from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.options import decode_channels
from metta_index.indexer.languages.rholang.regions import regions
from metta_index.indexer.languages.rholang.resolve import Resolver
from metta_index.indexer.text.problems import Problem
from metta_index.indexer.text.symbols import (
    TABLE_SCHEMA,
    Definition,
    Documentation,
    Kind,
    Role,
    SymbolTable,
    TopKind,
    Use,
)
from metta_index.indexer.text.syntax import SyntaxTree, rows_of

_DAMAGE = (Node.ERROR, Node.MISSING)


def extract(source: bytes, tree: SyntaxTree, dialect: str | None = None) -> SymbolTable:
    """The table of one text. There is one dialect: `dialect` says which channels take MeTTa (`options`)."""
    nodes = Nodes(source, tree)
    resolver = Resolver(nodes)
    resolver.run()
    scopes = resolver.scopes
    damaged = [(nodes.starts[row], nodes.ends[row]) for kind in _DAMAGE for row in rows_of(tree.kinds, kind)]
    occurrences = sorted(scopes.occurrences)
    numbers: dict[bytes, int] = {}
    for _start, name, *_rest in occurrences:
        numbers.setdefault(name, len(numbers))
    defined = [one for one in definitions(nodes) if one.name in numbers]
    tops = nodes.children(0)
    heads = {one.row: numbers[one.name] + 1 for one in defined}
    lines, wide = _columns.line_columns(source)
    return SymbolTable(
        schema=TABLE_SCHEMA,
        dialect="rholang",
        size=tree.size,
        atoms=sum(tree.kinds[row] != Node.ERROR for row in tops),
        names=tuple(numbers),
        definitions=tuple(_definition(nodes, one, numbers) for one in defined),
        documentation=_documentation(nodes, defined, numbers),
        imports=(),
        facts=(),
        lambdas=tuple(scopes.lambda_rows(numbers)),
        regions=regions(nodes, scopes, decode_channels(dialect)),
        problems=_sorted([*tree.problems, *scopes.all_problems(damaged)]),
        occurrence_names=_packed([numbers[name] for _, name, *_ in occurrences]),
        occurrence_starts=_packed([start for start, *_ in occurrences]),
        occurrence_roles=bytes(role | use << 4 for _, _, role, use, *_ in occurrences),
        occurrence_arguments=_packed([arguments for *_, arguments, _ in occurrences]),
        top_starts=_packed([nodes.starts[row] for row in tops]),
        top_ends=_packed([nodes.ends[row] for row in tops]),
        top_kinds=bytes(_top_kind(tree.kinds[row]) for row in tops),
        top_names=_packed([heads.get(row, 0) for row in tops]),
        lines=_columns.pack_column(lines),
        wide=_columns.pack_column(wide),
        occurrence_widths=_widths(occurrences),
    )


def _packed(values: list[int]) -> bytes:
    return _columns.pack_column(array("I", values))


def _widths(occurrences: list[tuple[int, bytes, Role, Use, int, int]]) -> bytes:
    """How many bytes each occurrence takes; nothing where that is as many as its name has."""
    widths = [width for *_, width in occurrences]
    return _packed(widths) if any(len(name) != width for _, name, *_, width in occurrences) else b""


def _top_kind(kind: int) -> TopKind:
    """A contract at top level says what happens on demand; every other process just runs."""
    if kind in (Node.contract, Node.agent):
        return TopKind.RULE
    return TopKind.OTHER if kind == Node.ERROR else TopKind.EVALUATION


def _sorted(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.start_byte, problem.end_byte, problem.code)))


def _definition(nodes: Nodes, one: Defined, numbers: dict[bytes, int]) -> Definition:
    return Definition(
        numbers[one.name],
        int(one.role),
        int(one.kind),
        one.arity,
        one.name_start,
        nodes.starts[one.row],
        nodes.ends[one.row],
        0,
        one.signature,
        one.uri,
    )


def _documentation(nodes: Nodes, defined: list[Defined], numbers: dict[bytes, int]) -> tuple[Documentation, ...]:
    """What the comments before contracts, agents and methods say."""
    docs = Docs(nodes)
    if not docs.rows:
        return ()
    found = []
    for one in defined:
        doc = docs.before(nodes.starts[one.row]) if one.kind != Kind.NAME else None
        if doc is not None:
            found.append(
                Documentation(numbers[one.name], doc.start, doc.end, doc.description, doc.parameters, doc.returns)
            )
    return tuple(found)
