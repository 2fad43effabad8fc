"""Which contracts a send can reach: all of its name whose patterns the message may match, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from metta_index.indexer.languages.rholang.globals import is_private
from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.lexical import decode_string
from metta_index.indexer.languages.rholang.names import quoted_name
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.parse import parse
from metta_index.indexer.languages.rholang.patterns import SENDS
from metta_index.indexer.languages.rholang.shapes import (
    Anything,
    Both,
    Either,
    Everything,
    Gathered,
    Ground,
    Not,
    OfType,
    Sequenced,
    Shape,
    can_match,
)
from metta_index.indexer.text.occurrences import occurrences, pieces, scope_of
from metta_index.indexer.text.symbols import Kind, SymbolTable, Use
from metta_index.indexer.text.syntax import rows_of

#: What is nested deeper is taken for anything.
_DEPTH = 24

_WHOLE_NUMBER = re.compile(r"(?:BigInt\()?([0-9]+)(?:([iu][0-9]+|n)|\))?")
_GATHERED = {Node.set: "set", Node.path_map: "path map"}
#: Sends that a `for` receives the answers of: no processes by themselves.
_RECEIVED = frozenset({Node.send_receive, Node.method_receive})

_ANYTHING = Anything()
_EVERYTHING = Everything()


class Formals(NamedTuple):
    """What a contract takes. `is_open`: it ends with a remainder, so that more parts may come."""

    patterns: tuple[Shape, ...]
    is_open: bool


class Call(NamedTuple):
    """A send: where the name stands that it is sent to, and the parts of the message, hidden ones too."""

    name_start: int
    arguments: tuple[Shape, ...]


def candidates(arguments: Sequence[Shape], definitions: Sequence[Formals]) -> list[int]:
    """The numbers of the definitions that a message of these parts can reach."""
    return [
        number
        for number, formals in enumerate(definitions)
        if (len(formals.patterns) <= len(arguments) if formals.is_open else len(formals.patterns) == len(arguments))
        and all(map(can_match, formals.patterns, arguments))
    ]


@lru_cache(maxsize=4096)
def read_formals(signature: str) -> Formals | None:
    """The patterns of a contract's head as `Definition.signature` has it; None for text that is none."""
    source = f"contract {signature} = {{}}".encode()
    nodes = Nodes(source, parse(source))
    for row in rows_of(nodes.kinds, Node.parameters):
        parts = nodes.children(row)
        is_open = bool(parts) and nodes.kinds[parts[-1]] == Node.name_remainder
        patterns = parts[:-1] if is_open else parts
        return Formals(tuple(_name_pattern(nodes, part) for part in patterns), is_open)
    return None


def accepts(signature: str, parts: int) -> bool:
    """Whether a contract of this head can take some message of so many parts, hidden ones too."""
    formals = read_formals(signature)
    return formals is not None and bool(candidates([_ANYTHING] * parts, [formals]))


def calls(nodes: Nodes) -> Iterator[Call]:
    """Every send of a text."""
    for row, kind in enumerate(nodes.kinds):
        if kind in SENDS or kind in _RECEIVED:
            call = _call(nodes, row)
            if call is not None:
                yield call


def call_at(nodes: Nodes, name_start: int) -> Call | None:
    """The send to the name at a byte: what a CALL occurrence there is about."""
    return next((call for call in calls(nodes) if call.name_start == name_start), None)


def send_at(source: bytes, name_start: int) -> bytes | None:
    """The text of the send to the name at a byte, as a process: what `read_call` reads."""
    nodes = Nodes(source, parse(source))
    for row, kind in enumerate(nodes.kinds):
        if (kind in SENDS or kind in _RECEIVED) and (call := _call(nodes, row)) and call.name_start == name_start:
            return nodes.bytes_of(row) + (b"." if kind in _RECEIVED else b"")
    return None


def read_call(text: bytes) -> Call | None:
    """The send that a text starts with."""
    return next(calls(Nodes(text, parse(text))), None)


def reached(nodes: Nodes, table: SymbolTable) -> dict[int, tuple[int, ...]]:
    """For each send of a text, by the byte of its name: the numbers of the text's contracts that it can reach.

    A name is the same name where its scope is the same, or where it is global. A send
    to a name that no contract of the text listens to is not in the result.
    """
    (piece,) = pieces([table])

    def identity(name: bytes, start: int) -> tuple[bytes, tuple[int, int]]:
        return name, scope_of(piece, name, start) if is_private(name) else (0, 0)

    contracts: dict[tuple[bytes, tuple[int, int]], list[int]] = {}
    for number, definition in enumerate(table.definitions):
        if definition.kind == Kind.CONTRACT:
            key = identity(table.names[definition.name], definition.name_start)
            contracts.setdefault(key, []).append(number)
    sends = {call.name_start: call.arguments for call in calls(nodes)}
    names = {name for name, _scope in contracts}
    found = {}
    for one in occurrences(piece):
        if one.use != Use.CALL or one.name not in names or one.start_byte not in sends:
            continue
        numbers = contracts.get(identity(one.name, one.start_byte), [])
        heads = [(number, read_formals(table.definitions[number].signature)) for number in numbers]
        read = [(number, formals) for number, formals in heads if formals is not None]
        which = candidates(sends[one.start_byte], [formals for _, formals in read])
        if numbers:
            found[one.start_byte] = tuple(read[index][0] for index in which)
    return found


def _call(nodes: Nodes, row: int) -> Call | None:
    name, *rest = nodes.children(row) or [row]
    start = nodes.starts[name]
    if nodes.kinds[name] == Node.quote and (named := quoted_name(nodes, name)) is not None:
        start = named.start
    sent: list[Shape] = []
    if nodes.kinds[row] in (Node.sync_send, Node.send_receive, Node.method_send, Node.method_receive):
        sent.append(_ANYTHING)  # the name to answer to, which nobody writes
    for part in rest:
        if nodes.kinds[part] == Node.method_name:
            sent.append(Ground("string", nodes.bytes_of(part).decode()))
        elif nodes.kinds[part] == Node.arguments:
            sent += [_shape(nodes, argument, False, 0) for argument in nodes.children(part)]
            return Call(start, tuple(sent))
    return None


def _name_pattern(nodes: Nodes, row: int) -> Shape:
    if nodes.kinds[row] == Node.quote:
        children = nodes.children(row)
        return _shape(nodes, children[0], True, 0) if len(children) == 1 else _ANYTHING
    return _EVERYTHING


def _shape(nodes: Nodes, row: int, is_pattern: bool, depth: int) -> Shape:
    """What a process that is sent, or a pattern, looks like from outside."""
    kind = nodes.kinds[row]
    children = nodes.children(row)
    if depth > _DEPTH or Node.ERROR in nodes.kinds[row : nodes.tails[row]]:
        return _ANYTHING
    if kind in (Node.block, Node.parenthesized) and len(children) == 1:
        return _shape(nodes, children[0], is_pattern, depth + 1)
    if kind == Node.negative and len(children) == 1:
        match _shape(nodes, children[0], is_pattern, depth + 1):
            case Ground(sort, int(number)):
                return Ground(sort, -number)
        return _ANYTHING
    if not children or kind in (Node.string, Node.number, Node.uri):
        return _leaf(nodes, row, is_pattern)
    if kind in (Node.list, Node.tuple, Node.set, Node.path_map, Node.map):
        return _collection(nodes, row, children, is_pattern, depth)
    if is_pattern and kind in (Node.conjunction, Node.disjunction):
        sides = tuple(_shape(nodes, child, True, depth + 1) for child in children)
        return Both(sides) if kind == Node.conjunction else Either(sides)
    if is_pattern and kind == Node.negation:
        return Not(_shape(nodes, children[0], True, depth + 1))
    return _ANYTHING


def _leaf(nodes: Nodes, row: int, is_pattern: bool) -> Shape:
    kind, text = nodes.kinds[row], nodes.bytes_of(row)
    match kind:
        case Node.string:
            return Ground("string", decode_string(text))
        case Node.uri:
            return Ground("uri", text[1:-1].decode("utf-8", "backslashreplace"))
        case Node.boolean:
            return Ground("boolean", text.decode())
        case Node.nil:
            return Ground("nil", "")
        case Node.unit:
            return Ground("unit", "")
        case Node.number:
            whole = _WHOLE_NUMBER.fullmatch(text.decode())
            # One fraction can be written in many ways.
            if whole is None or len(whole[1]) > 4000:
                return _ANYTHING
            sort = "n" if text.startswith(b"BigInt") else whole[2] or "i64"
            return Ground(sort, int(whole[1]))
        case Node.simple_type if is_pattern:
            return OfType(text.decode())
        case Node.wildcard | Node.variable if is_pattern:
            # A variable that stands twice has to match one value; that is not looked into.
            return _EVERYTHING if kind == Node.wildcard else _ANYTHING
        case Node.list | Node.map | Node.set | Node.path_map:
            return _collection(nodes, row, [], is_pattern, 0)
    return _ANYTHING


def _collection(nodes: Nodes, row: int, children: list[int], is_pattern: bool, depth: int) -> Shape:
    kind = nodes.kinds[row]
    is_open = bool(children) and nodes.kinds[children[-1]] == Node.remainder
    if is_open and not is_pattern:
        return _ANYTHING
    items = tuple(
        _pair(nodes, child, is_pattern, depth) if kind == Node.map else _shape(nodes, child, is_pattern, depth + 1)
        for child in (children[:-1] if is_open else children)
    )
    if kind in (Node.list, Node.tuple):
        return Sequenced("list" if kind == Node.list else "tuple", items, is_open)
    return Gathered(_GATHERED.get(Node(kind), "map"), items, is_open)


def _pair(nodes: Nodes, row: int, is_pattern: bool, depth: int) -> Shape:
    return Sequenced("pair", tuple(_shape(nodes, child, is_pattern, depth + 1) for child in nodes.children(row)))
