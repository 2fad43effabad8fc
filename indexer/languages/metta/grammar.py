"""The compiled tree-sitter grammar of MeTTa and the kinds its trees have here."""

from __future__ import annotations

from functools import cache

from tree_sitter import Language, Parser

from metta_index.indexer.languages import kinds
from metta_index.indexer.languages.metta import _binding

#: Kinds of nodes, by the code that a tree's column holds. The order is that of binding.h.
KINDS = (
    "source_file",
    "expression",
    "evaluation",
    "symbol",
    "variable",
    "string",
    "number",
    "comment",
    "ERROR",
    "MISSING",
)
EXPRESSION, EVALUATION, SYMBOL, VARIABLE, STRING, NUMBER, COMMENT, ERROR, MISSING = range(1, 10)

_LEAVES = frozenset({"symbol", "variable", "string", "number", "comment"})


@cache
def parser() -> Parser:
    return Parser(Language(_binding.language()))


@cache
def kind_codes() -> tuple[bytes, bytes]:
    """By tree-sitter's number of a kind: our code (255: not kept), and 1 where it has no children."""
    return kinds.kind_codes(Language(_binding.language()), KINDS, _LEAVES)
