"""MI109: what keeps a Rholang program from being read."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.rholang.dialects import is_error
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import Match, Rule

#: Problems after which the rest of a program is not read as it was meant.
_BREAKING = frozenset({"syntax-error", "unclosed-string", "not-utf-8"})


def _find(code: Code) -> Iterator[Match]:
    """The first place where the syntax breaks: all that is found after it, names included, are guesses.

    Nothing where that is a `$`: Rholang has none, so the file is a template, or of another language.
    """
    errors = [problem for problem in code.problems if is_error(code.dialect, problem.code)]
    broken = min((problem.start_byte for problem in errors if problem.code in _BREAKING), default=None)
    if broken is not None and code.source.source[broken : broken + 1] == b"$":
        return
    for problem in errors:
        if broken is None or problem.start_byte == broken:
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
