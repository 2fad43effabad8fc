"""What a Rholang text defines: contracts, agents and their methods, and the names that `new` makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.names import quoted_name
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.text.symbols import Kind, Role
from metta_index.indexer.text.syntax import rows_of

#: What takes one part of a message, in a list of parameters.
PARTS = frozenset({Node.variable, Node.quote, Node.wildcard})


class Defined(NamedTuple):
    """One definition, before its name has a number. `signature`: the head as written, patterns and all."""

    name: bytes
    name_start: int
    role: Role
    kind: Kind
    arity: int
    row: int
    signature: str
    uri: str


def definitions(nodes: Nodes) -> list[Defined]:
    """Everything the text defines, in its order."""
    found = [*_contracts(nodes), *_agents(nodes), *_names(nodes)]
    return sorted(found, key=lambda one: (one.name_start, one.row))


def _contracts(nodes: Nodes) -> Iterator[Defined]:
    for row in rows_of(nodes.kinds, Node.contract):
        children = nodes.children(row)
        if len(children) > 1 and nodes.kinds[children[1]] == Node.parameters:
            named = _name_of(nodes, children[0])
            if named is not None:
                signature = nodes.text(children[0], children[1])
                arity = arity_of(nodes, children[1])
                yield Defined(*named, Role.DEFINITION, Kind.CONTRACT, arity, row, signature, "")


def _agents(nodes: Nodes) -> Iterator[Defined]:
    for row in rows_of(nodes.kinds, Node.agent):
        children = nodes.children(row)
        named = _name_of(nodes, children[0]) if children else None
        if named is None:
            continue
        head, arity = named[0].decode("utf-8", "backslashreplace"), -1
        for member in children[1:]:
            kind = nodes.kinds[member]
            parts = nodes.children(member)
            if kind == Node.constructor and parts and nodes.kinds[parts[0]] == Node.parameters:
                arity = arity_of(nodes, parts[0])
                head += nodes.text(parts[0], parts[0])
            elif kind in (Node.method, Node.private_method) and len(parts) > 1:
                yield Defined(
                    nodes.bytes_of(parts[0]),
                    nodes.starts[parts[0]],
                    Role.DEFINITION,
                    Kind.METHOD,
                    arity_of(nodes, parts[1]),
                    member,
                    nodes.text(parts[0], parts[1]),
                    "",
                )
        yield Defined(*named, Role.DEFINITION, Kind.AGENT, arity, row, head, "")


def _names(nodes: Nodes) -> Iterator[Defined]:
    """A name that `new` makes is declared; what listens to it defines it."""
    for row in rows_of(nodes.kinds, Node.declaration):
        children = nodes.children(row)
        if children and nodes.kinds[children[0]] == Node.variable:
            uris = [nodes.bytes_of(part)[1:-1].decode("utf-8", "backslashreplace") for part in children[1:2]]
            yield Defined(
                nodes.bytes_of(children[0]),
                nodes.starts[children[0]],
                Role.DECLARATION,
                Kind.NAME,
                -1,
                row,
                nodes.text(row, row),
                "".join(uris),
            )


def _name_of(nodes: Nodes, row: int) -> tuple[bytes, int] | None:
    if nodes.kinds[row] == Node.variable:
        return nodes.bytes_of(row), nodes.starts[row]
    named = quoted_name(nodes, row) if nodes.kinds[row] == Node.quote else None
    return (named.name, named.start) if named is not None else None


def arity_of(nodes: Nodes, parameters: int) -> int:
    """How many parts a message has at least: a remainder counts for none."""
    return sum(nodes.kinds[child] in PARTS for child in nodes.children(parameters))
