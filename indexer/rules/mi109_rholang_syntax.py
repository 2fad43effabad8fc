"""MI109: what keeps a Rholang program from being read."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.rholang.dialects import is_error
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import Match, Rule


def _find(code: Code) -> Iterator[Match]:
    for problem in code.problems:
        if is_error(code.dialect, problem.code):
            yield Match(problem.start_byte, problem.end_byte, problem.message)


RULE = Rule(
    "MI109",
    "rholang-syntax",
    "error",
    "A Rholang program cannot be read.",
    "The whole program is refused: nothing of it runs.",
    {"example.rho": "new x in { x!(1 }\n"},
    {"example.rho": "new x in { x!(1) }\n"},
    frozenset({"rholang"}),
    find=_find,
)
