"""Text that a Rholang process computes from literals: which expressions it is, and what is known of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.lexical import ESCAPE, escape_value
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.text.regions import Segment, SegmentKind, escape, hole, verbatim

_WRAPPERS = frozenset({Node.block, Node.parenthesized})

#: In the left side of `%%`: what is replaced by a value of the map on the right.
_PLACE = re.compile(rb"\$\{[^{}]*\}")


class Operand(NamedTuple):
    """A part of a text. `is_template`: it stands on the left of `%%`."""

    row: int
    is_template: bool


def unwrapped(nodes: Nodes, row: int) -> int:
    """The row inside braces and parentheses that hold nothing else."""
    while nodes.kinds[row] in _WRAPPERS and len(children := nodes.children(row)) == 1:
        row = children[0]
    return row


def operands(nodes: Nodes, row: int) -> list[Operand]:
    """What an expression joins by `++`, in the order of the text; the expression itself where it joins nothing."""
    found: list[Operand] = []
    todo = [Operand(row, False)]
    while todo:
        outer, is_template = todo.pop()
        inner = unwrapped(nodes, outer)
        children = nodes.children(inner)
        if nodes.kinds[inner] == Node.concat and len(children) == 2:
            todo += (Operand(children[1], is_template), Operand(children[0], is_template))
        elif nodes.kinds[inner] == Node.interpolation and len(children) == 2:
            todo.append(Operand(children[0], True))
        else:
            found.append(Operand(inner, is_template))
    return found


def is_text(nodes: Nodes, row: int) -> bool:
    """Whether an expression is a literal, or joins one to something."""
    kind = nodes.kinds[row]
    if kind == Node.string:
        return True
    return kind in (Node.concat, Node.interpolation) and any(
        nodes.kinds[operand.row] == Node.string for operand in operands(nodes, row)
    )


def texts_within(nodes: Nodes, first: int, last: int) -> Iterator[int]:
    """The rows of the largest texts among rows [first, last), in their order."""
    row = first
    while row < last:
        if is_text(nodes, row):
            yield row
            row = nodes.tails[row]
        else:
            row += 1


def segments(nodes: Nodes, row: int) -> list[Segment]:
    """The text of an expression; what is no literal is a hole."""
    found: list[Segment] = []
    for operand in operands(nodes, row):
        start, end = nodes.starts[operand.row], nodes.ends[operand.row]
        if nodes.kinds[operand.row] != Node.string:
            found.append(hole(start, end))
        elif operand.is_template:
            at = start + 1
            for place in _PLACE.finditer(nodes.source, start + 1, end - 1):
                found += _literal(nodes.source, at, place.start())
                found.append(hole(place.start(), place.end()))
                at = place.end()
            found += _literal(nodes.source, at, end - 1)
        else:
            found += _literal(nodes.source, start + 1, end - 1)
    return found


def _literal(source: bytes, start: int, end: int) -> Iterator[Segment]:
    """What stands inside quotes; an escape that does not exist stands for itself."""
    at = start
    for found in ESCAPE.finditer(source, start, end):
        value = escape_value(found)
        if value != found[0]:
            yield verbatim(source, at, found.start())
            yield escape(value, found.start(), found.end())
            at = found.end()
    yield verbatim(source, at, end)


def known_text(parts: list[Segment]) -> bytes:
    """The literal parts of a text."""
    return b"".join([part.text for part in parts if part.kind != SegmentKind.HOLE])
