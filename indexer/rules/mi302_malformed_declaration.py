"""MI302: `:` at top level with other than two arguments."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import TopKind


def _find(code: Code) -> Iterator[Match]:
    for top in code.tops:
        if top.kind != TopKind.DECLARATION or not top.node.is_sound:
            continue
        head, *arguments = top.node.children
        if head.text == b":" and len(arguments) != 2:
            message = (
                f"a declaration takes a name and a type; this one has {len(arguments)} arguments, and says nothing"
            )
            yield Match(top.node.start, top.node.end, message)


RULE = Rule(
    "MI302",
    "malformed-declaration",
    "warning",
    "A declaration `(: …)` at top level has other than two arguments.",
    "Only `(: NAME TYPE)` declares a type. The type of a function is one expression: `(: f (-> Number Number))`, not "
    "`(: f -> Number Number)`.",
    "(: double -> Number Number)\n",
    "(: double (-> Number Number))\n",
    HYPERON | PETTA,
    find=_find,
)
