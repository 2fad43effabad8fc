"""MI113: a `!` with nothing after it."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import HYPERON, Match, Rule
from metta_index.indexer.text.symbols import TopKind


def _find(code: Code) -> Iterator[Match]:
    for top in code.tops:
        if top.kind == TopKind.EVALUATION and not top.node.children:
            yield Match(top.node.start, top.node.start + 1, "there is nothing after this `!` to evaluate")


RULE = Rule(
    "MI113",
    "dangling-bang",
    "warning",
    "A `!` stands at the end of the file.",
    "It evaluates the next atom, and there is none: nothing happens. What it was for was probably deleted, or stands "
    "inside the parentheses.",
    "(= (f) 1)\n!\n",
    "(= (f) 1)\n!(f)\n",
    HYPERON,
    find=_find,
)
