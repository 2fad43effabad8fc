"""What is wrong with a source text, as data: parsing never fails."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import msgspec.structs

#: What is told of one text, or of one piece of a large one: a file may be wrong at every byte.
MOST_PROBLEMS = 1000


class Problem(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One lexical or syntactic problem; bytes are offsets into the text, the end exclusive.

    The code is neutral: how grave it is, a dialect says (`Language.is_error`).
    """

    code: str
    message: str
    start_byte: int
    end_byte: int


def told(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The problems of a text, sorted; of more than MOST_PROBLEMS the first, of which the last says how many follow."""
    kept = tuple(sorted(problems, key=_place)[:MOST_PROBLEMS])
    left_out = len(problems) - len(kept)
    if not left_out:
        return kept
    message = f"{kept[-1].message} ({left_out:,} more problems of this part of the file are left out)"
    return (*kept[:-1], msgspec.structs.replace(kept[-1], message=message))


def _place(problem: Problem) -> tuple[int, int, str]:
    return problem.start_byte, problem.end_byte, problem.code
