"""MI402: a `case` whose branches are no list of pairs."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule


def _find(code: Code) -> Iterator[Match]:
    for call in code.calls_of(b"case", b"switch"):
        arguments = call.arguments
        if len(arguments) != 2 or not arguments[1].is_list:
            continue
        for branch in arguments[1].children:
            if not branch.is_variable and (not branch.is_list or len(branch.children) != 2):
                name = call.name.decode()
                yield Match(
                    branch.start, branch.end, f"`{branch.shown}` is no branch: `{name}` takes `(PATTERN RESULT)`"
                )


RULE = Rule(
    "MI402",
    "case-shape",
    "error",
    "A branch of `case` or `switch` is no pair.",
    "Branches are tried one by one as `(PATTERN RESULT)`. With anything else there is an error, or no result at all; "
    "often a parenthesis closes too early or too late.",
    "(= (sign $x) (case (< $x 0) ((True -1) (False 0 1))))\n",
    "(= (sign $x) (case (< $x 0) ((True -1) ($else 1))))\n",
    HYPERON | PETTA,
    find=_find,
)
