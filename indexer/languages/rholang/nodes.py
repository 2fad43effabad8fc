"""Reading the columns of a Rholang tree: children, texts, and where a row is."""

from __future__ import annotations

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.text.syntax import SyntaxTree, column

_PASSED_OVER = frozenset({Node.line_comment, Node.block_comment, Node.MISSING})
_COMMENTS = frozenset({Node.line_comment, Node.block_comment})


class Nodes:
    """A tree and its text. Rows are rows of the tree."""

    def __init__(self, source: bytes, tree: SyntaxTree) -> None:
        self.source = source
        self.kinds = tree.kinds
        self.starts = column(tree.starts)
        self.ends = column(tree.ends)
        self.tails = column(tree.tails)

    def children(self, row: int) -> list[int]:
        """Rows of the children of a node, without comments and without what is missing."""
        rows = []
        tail = self.tails[row]
        child = row + 1
        while child < tail:
            if self.kinds[child] not in _PASSED_OVER:
                rows.append(child)
            child = self.tails[child]
        return rows

    def bytes_of(self, row: int) -> bytes:
        return self.source[self.starts[row] : self.ends[row]]

    def text(self, first: int, last: int) -> str:
        """What stands from the start of one row to the end of another, on one line and without comments."""
        kept = bytearray()
        at = self.starts[first]
        for inner in range(first + 1, self.tails[last]):
            if self.kinds[inner] in _COMMENTS:
                kept += self.source[at : self.starts[inner]] + b" "
                at = self.ends[inner]
        kept += self.source[at : self.ends[last]]
        return " ".join(kept.decode("utf-8", "backslashreplace").split())

    def comments(self) -> list[int]:
        """The rows of all comments, in the order of the text."""
        return [row for row, kind in enumerate(self.kinds) if kind in _COMMENTS]
