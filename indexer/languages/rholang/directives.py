"""Comments that say which language the text after them is in: `// @metta`, `/* @language: metta */`.

The comment holds nothing else, so that a documentation tag or a `@todo` is no
directive. It speaks of the first text of what follows: one on the line where
that begins, or one that is sent, bound or passed there. Names and patterns are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.patterns import SENDS, SOURCES
from metta_index.indexer.languages.rholang.texts import is_text

#: What a directive may name, in any spelling of small and large letters, and the language that is.
LANGUAGES = {b"metta": "metta"}

_DIRECTIVE = re.compile(rb"\s*@(?:lang(?:uage)?\s*:\s*)?([A-Za-z]+)\s*")
_PASSED_OVER = frozenset({Node.line_comment, Node.block_comment, Node.par})
_GIVES = SENDS | SOURCES | {Node.let, Node.concurrent_let, Node.let_binding, Node.let_value, Node.string, Node.concat}
_GIVES |= {Node.interpolation, Node.values, Node.arguments}
_NO_TEXT = frozenset({Node.quote, Node.patterns, Node.parameters})


def directive_texts(nodes: Nodes) -> Iterator[tuple[int, str]]:
    """The row of each text that a directive speaks of, and the language."""
    for row in nodes.comments():
        language = directive(nodes.bytes_of(row))
        text = _text_after(nodes, row) if language is not None else None
        if language is not None and text is not None:
            yield text, language


def directive(comment: bytes) -> str | None:
    """The language that a comment names, marks and all; None where it is no directive."""
    inner = comment[2:-2].strip(b"*") if comment.startswith(b"/*") else comment.lstrip(b"/")
    found = _DIRECTIVE.fullmatch(inner)
    return LANGUAGES.get(found[1].lower()) if found is not None else None


def _text_after(nodes: Nodes, comment: int) -> int | None:
    """The row of the text that a directive speaks of."""
    first = comment + 1
    while first < len(nodes.kinds) and nodes.kinds[first] in _PASSED_OVER:
        first += 1
    if first == len(nodes.kinds):
        return None
    line_end = nodes.source.find(b"\n", nodes.starts[first])
    row = first
    while row < nodes.tails[first]:
        if nodes.kinds[row] in _NO_TEXT:
            row = nodes.tails[row]
        elif is_text(nodes, row):
            is_near = line_end < 0 or nodes.starts[row] < line_end
            return row if is_near or nodes.kinds[first] in _GIVES else None
        else:
            row += 1
    return None
