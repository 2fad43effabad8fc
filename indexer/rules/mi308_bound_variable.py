"""MI308: a variable as the name in a `bind!`."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import HYPERON, Match, Rule


def _find(code: Code) -> Iterator[Match]:
    for call in code.calls_of(b"bind!"):
        arguments = call.arguments
        # In the body of a rule it is a parameter, whose place a word takes when the rule is applied.
        at_top = [node.kind for node in call.node.around()] == [grammar.EVALUATION]
        if at_top and len(arguments) == 2 and arguments[0].is_variable:
            message = f"`bind!` names a word, and `{arguments[0].shown}` is a variable"
            yield Match(arguments[0].start, arguments[0].end, message)


RULE = Rule(
    "MI308",
    "bound-variable",
    "error",
    "A `bind!` is to name a variable.",
    "`bind!` gives a value to a word, and gives an error for a variable, which ends the script. `let` binds variables.",
    "!(bind! $counter (new-state 0))\n",
    "!(bind! counter (new-state 0))\n(= (name-it $word $value) (bind! $word $value))\n",
    HYPERON,
    find=_find,
)
