"""MI301: `=` at top level with other than two arguments."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import TopKind


def _find(code: Code) -> Iterator[Match]:
    for top in code.tops:
        if top.kind != TopKind.RULE or not top.node.is_sound:
            continue
        count = len(top.node.children) - 1
        if count != 2:
            what = "nothing that it reduces to" if count < 2 else f"{count} arguments, and takes 2"
            yield Match(top.node.start, top.node.end, f"this rule has {what}; it never applies")


RULE = Rule(
    "MI301",
    "malformed-rule",
    "warning",
    "A rule `(= …)` at top level has other than two arguments.",
    "Only `(= HEAD BODY)` is a rule. Anything else that starts with `=` is a fact that no call ever finds; often a "
    "parenthesis is in the wrong place.",
    "(= (double $x) (* $x 2) extra)\n",
    "(= (double $x) (* $x 2))\n",
    HYPERON | PETTA,
    find=_find,
)
