"""MI110: a byte order mark at the start of a file."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import Match, Rule


def _find(code: Code) -> Iterator[Match]:
    for problem in code.problems:
        if problem.code == "byte-order-mark":
            fix = code.fix("delete the byte order mark", code.edit(problem.start_byte, problem.end_byte, ""))
            yield Match(problem.start_byte, problem.end_byte, problem.message, fix)


RULE = Rule(
    "MI110",
    "byte-order-mark",
    "warning",
    "The file starts with a byte order mark.",
    "It is a character of the first word: a file that begins with `!(f)` then begins with another word than `!`, and "
    "`(f)` is added to the space instead of being evaluated, without a word. PeTTa does not read the file at all.",
    "\ufeff!(println! hello)\n",
    "!(println! hello)\n",
    find=_find,
)
