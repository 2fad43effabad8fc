"""MI401: a `let*` whose bindings are no list of pairs."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule


def _find(code: Code) -> Iterator[Match]:
    for call in code.calls_of(b"let*"):
        arguments = call.arguments
        if len(arguments) != 2 or not arguments[0].is_list:
            continue
        for binding in arguments[0].children:
            if binding.is_variable and len(arguments[0].children) == 2:
                message = "`let*` takes a list of pairs: write `((PATTERN VALUE))`, with one more pair of parentheses"
                yield Match(arguments[0].start, arguments[0].end, message)
                break
            if not binding.is_variable and (not binding.is_list or len(binding.children) != 2):
                yield Match(binding.start, binding.end, f"`{binding.shown}` is no pair of a pattern and a value")


RULE = Rule(
    "MI401",
    "let-star-shape",
    "error",
    "A binding of `let*` is no pair.",
    "`let*` takes its bindings one by one as `(PATTERN VALUE)`. With anything else it gives an error or no result at "
    "all; often a parenthesis closes too early or too late.",
    "(= (area $a $b) (let* (($x (* $a $b) 2) ($y $x)) $y))\n",
    "(= (area $a $b) (let* (($x (* $a $b)) (($y $z) (pair $x))) $y))\n",
    HYPERON | PETTA,
    find=_find,
)
