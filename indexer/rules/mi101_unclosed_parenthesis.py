"""MI101: a parenthesis that is never closed."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import Match, Rule
from metta_index.indexer.rules.syntax import READING_STOPS


def _find(code: Code) -> Iterator[Match]:
    for problem in code.problems:
        if problem.code == "unclosed-parenthesis":
            start = problem.start_byte
            end = problem.end_byte
            missing = f"this parenthesis is never closed; the form probably ends in line {_line(code, end)}"
            ends = code.source.related(end - 1, end, "the form probably ends here")
            yield Match(start, start + 1, missing, related=(ends,))


def _line(code: Code, end: int) -> int:
    return code.source.lines.position(end).row + 1


RULE = Rule(
    "MI101",
    "unclosed-parenthesis",
    "error",
    "A parenthesis is never closed.",
    READING_STOPS,
    "(= (double $x)\n   (* $x 2)\n\n(= (half $x)\n   (/ $x 2))\n",
    "(= (double $x)\n   (* $x 2))\n\n(= (half $x)\n   (/ $x 2))\n",
    find=_find,
)
