"""MI406: a declared constructor with another number of arguments than its types have."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import miscounted
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    return miscounted(code, linked, lambda declared, count: not declared.rules and count not in declared.facts)


RULE = Rule(
    "MI406",
    "constructor-arity",
    "warning",
    "A declared constructor has more or fewer arguments than its type.",
    "Where it is evaluated, Hyperon gives `(Error … IncorrectNumberOfArguments)`, which ends the script.",
    "(: MkPair (-> Number Number Pair))\n(= (twice $x) (MkPair $x))\n",
    "(: MkPair (-> Number Number Pair))\n(= (twice $x) (MkPair $x $x))\n",
    HYPERON,
    find_linked=_find,
)
