"""Names that mean the same everywhere: quoted values such as `@"registry"`, and URIs."""

from __future__ import annotations

from typing import NamedTuple

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.nodes import Nodes

#: Names longer than this are values that are sent about, and nobody would look for them.
_LONGEST = 200

_GROUND = frozenset({Node.string, Node.number, Node.boolean, Node.nil})
_WRAPPERS = frozenset({Node.block, Node.parenthesized})


class Named(NamedTuple):
    """A name, the byte where it starts in the text, and how many bytes it takes there."""

    name: bytes
    start: int
    width: int
    inner: int | None  # the row inside that has uses of its own, if any


def quoted_name(nodes: Nodes, quote: int) -> Named | None:
    """The name that a quote stands for by itself; None where that is a variable or any other process.

    `@"a"`, `@{"a"}` and `@ "a"` are one name, `@"a"`. A quoted collection is called as
    it is written.
    """
    children = nodes.children(quote)
    while len(children) == 1 and nodes.kinds[children[0]] in _WRAPPERS:
        children = nodes.children(children[0])
    if len(children) != 1:
        return None
    (value,) = children
    kind = nodes.kinds[value]
    text = nodes.bytes_of(value)
    if len(text) > _LONGEST:
        return None
    if kind == Node.uri:
        return Named(text[1:-1], nodes.starts[value] + 1, len(text) - 2, None) if len(text) > 2 else None
    if kind in _GROUND or (kind == Node.negative and text[1:].isdigit()):
        return Named(b"@" + text, nodes.starts[quote], nodes.ends[quote] - nodes.starts[quote], None)
    if kind in (Node.tuple, Node.list, Node.set, Node.map, Node.par):
        written = nodes.bytes_of(quote)
        if b"\n" not in written and len(written) <= _LONGEST:
            return Named(written, nodes.starts[quote], len(written), value)
    return None
