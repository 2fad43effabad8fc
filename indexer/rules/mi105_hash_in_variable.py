"""MI105: a `#` in the name of a variable."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import ALL, PETTA, Match, Rule
from metta_index.indexer.rules.syntax import READING_STOPS


def _find(code: Code) -> Iterator[Match]:
    """The first of them: output that was pasted back has hundreds, and the first one ends the reading."""
    found = [problem for problem in code.problems if problem.code == "hash-in-variable"]
    for problem in found[:1]:
        more = f" (and {len(found) - 1:,} more in this file)" if found[1:] else ""
        yield Match(problem.start_byte, problem.end_byte, problem.message + more)


RULE = Rule(
    "MI105",
    "hash-in-variable",
    "error",
    "The name of a variable has a `#` in it.",
    "The reference names the variables that it makes itself so, as in `$x#12`, and refuses to read them; output that "
    "was pasted back often has them. " + READING_STOPS,
    "(= (same $x#1) $x#1)\n",
    "(= (same $x1) $x1)\n",
    ALL - PETTA,
    find=_find,
)
