"""MI106: an integer of more than 64 bits."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import speaks_petta
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule
from metta_index.indexer.rules.syntax import READING_STOPS


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    found = [problem for problem in code.problems if problem.code == "integer-too-large"]
    if found and not speaks_petta(code, linked):  # which has integers of any size
        for problem in found:
            yield Match(problem.start_byte, problem.end_byte, problem.message)


RULE = Rule(
    "MI106",
    "integer-too-large",
    "error",
    "An integer does not fit in 64 bits.",
    READING_STOPS,
    "(id 92233720368547758080)\n",
    '(id 9223372036854775807 "92233720368547758080" 9.2e19)\n',
    HYPERON,
    find_linked=_find,
)
