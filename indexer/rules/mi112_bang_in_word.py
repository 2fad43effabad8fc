"""MI112: a `!` at top level that evaluates nothing, being a part of a word."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import HYPERON, Match, Rule
from metta_index.indexer.text.symbols import TopKind


def _find(code: Code) -> Iterator[Match]:
    for top in code.tops:
        node = top.node
        if top.kind != TopKind.OTHER or not node.is_symbol or not node.is_sound:
            continue
        text = node.text
        if text.startswith(b"!") and len(text) > 1:
            message = f"`{node.shown}` is a word: nothing is evaluated here; write `!` alone, before what it is for"
            yield Match(node.start, node.end, message)


RULE = Rule(
    "MI112",
    "bang-in-word",
    "warning",
    "A `!` at top level is a part of a word, and evaluates nothing.",
    "`!` evaluates the next atom only where it is a word of its own. `!name` and `!!` are other words, which are added "
    "to the space; in `!!(f)`, `(f)` is then added, too, and never evaluated.",
    "(= (f) 1)\n!!(f)\n",
    "(= (f) 1)\n! (f)\n!(f)\n",
    HYPERON,
    find=_find,
)
