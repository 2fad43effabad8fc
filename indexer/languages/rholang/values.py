"""What the flow analysis knows of a process: literals, channels and collections, or the name that has the value."""

from __future__ import annotations

from dataclasses import dataclass

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.lexical import decode_string
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.scopes import Binder
from metta_index.indexer.languages.rholang.texts import is_text

#: What is as good as the one process in it.
_TRANSPARENT = frozenset({Node.block, Node.parenthesized, Node.eval, Node.quote, Node.bundle})
_GROUND = frozenset({Node.number, Node.boolean, Node.nil, Node.unit, Node.negative})
COLLECTIONS = frozenset({Node.list, Node.tuple, Node.set, Node.map, Node.path_map})

#: Names that are computed of more than this many nodes are not told apart from others: nobody writes them twice.
_LARGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Text:
    """The text of an expression."""

    row: int


@dataclass(frozen=True, slots=True)
class Channel:
    """A name. `key`: the binder of one that a `new` makes; else what it is made of."""

    key: object


@dataclass(frozen=True, slots=True)
class Items:
    """A collection, or the arguments of a send, without the first `skipped` items."""

    row: int
    skipped: int = 0


Value = Text | Channel | Items

#: Where a value comes from: what it is, or whose it is (a binder, or the row of a process that computes it).
Origin = Value | Binder | int | None


def item_rows(nodes: Nodes, items: Items) -> list[int]:
    """The rows of the items, pairs for a map; without a remainder at the end."""
    rows = nodes.children(items.row)[items.skipped :]
    return rows[:-1] if rows and nodes.kinds[rows[-1]] == Node.remainder else rows


class Origins:
    """Tells where the values of a text's processes come from. `bound`: as of `Scopes`."""

    def __init__(self, nodes: Nodes, bound: dict[int, Binder]) -> None:
        self.nodes = nodes
        self.bound = bound

    def of(self, row: int) -> Origin:
        """The origin of a process, or of a name: `*x`, `x` and `@x` have one."""
        nodes = self.nodes
        is_quoted = False
        while (kind := nodes.kinds[row]) in _TRANSPARENT:
            children = nodes.children(row)
            if len(children) != 1:
                return None
            is_quoted = is_quoted or kind == Node.quote
            row = children[0]
        if kind == Node.variable:
            return self.bound.get(nodes.starts[row])
        if kind in COLLECTIONS:
            return Items(row)
        if kind == Node.method_call:
            return row
        if is_text(nodes, row):
            return Text(row)
        key: object = self.ground(row)
        if key is None and is_quoted:
            key = self._made_of(row)
        return Channel(key) if key is not None else None

    def ground(self, row: int) -> bytes | None:
        """What a literal is, as bytes that another literal has too only if it is the same; None for all else."""
        nodes = self.nodes
        kind = nodes.kinds[row]
        if kind == Node.string:
            return text_key(decode_string(nodes.bytes_of(row)).encode())
        if kind == Node.uri or (
            kind in _GROUND and all(nodes.kinds[part] == Node.number for part in nodes.children(row))
        ):
            return nodes.bytes_of(row)
        return None

    def channel(self, value: Value) -> Channel | None:
        """The name that a value is where one is wanted."""
        if isinstance(value, Channel):
            return value
        key: object = self.ground(value.row)
        if key is None and not (isinstance(value, Items) and value.skipped):
            key = self._made_of(value.row)
        return Channel(key) if key is not None else None

    def _made_of(self, row: int) -> tuple[object, ...] | None:
        """What tells a compound name from others: its nodes, with the binders of its variables."""
        nodes = self.nodes
        if nodes.tails[row] - row > _LARGEST_NAME:
            return None
        parts: list[object] = []
        for inner in range(row, nodes.tails[row]):
            if nodes.kinds[inner] == Node.variable:
                parts.append(self.bound.get(nodes.starts[inner], nodes.bytes_of(inner)))
            elif nodes.kinds[inner] not in (Node.block, Node.parenthesized, Node.line_comment, Node.block_comment):
                parts.append(nodes.kinds[inner])
                parts.append(self.ground(inner))
        return tuple(parts)


def text_key(text: bytes) -> bytes:
    """What `Origins.ground` says of a string literal that has this value."""
    return b'"' + text
