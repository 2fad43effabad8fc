"""What the rules of syntax share: they report the problems that parsing found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import Match

#: What happens when the reference reads a file that is not well-formed.
READING_STOPS = (
    "The reference runs the atoms before this place, then stops with an error; nothing after it is loaded. "
    "A module that imports the file gets the error instead of the module, and ends, too."
)


def problems(*codes: str) -> Callable[[Code], Iterator[Match]]:
    """What a rule finds that reports the problems of some kinds, each where it is."""

    def find(code: Code) -> Iterator[Match]:
        for problem in code.problems:
            if problem.code in codes:
                yield Match(problem.start_byte, problem.end_byte, problem.message)

    return find
