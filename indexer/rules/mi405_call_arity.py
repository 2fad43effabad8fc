"""MI405: a call of a declared function with a number of arguments that neither its types nor its rules have."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import Declared, miscounted
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    def is_wrong(declared: Declared, count: int) -> bool:
        if not declared.rules or count in declared.rules:
            return False
        is_partial = linked.dialect == "petta" and count < max(declared.arities | declared.rules)
        return not is_partial

    return miscounted(code, linked, is_wrong)


RULE = Rule(
    "MI405",
    "call-arity",
    "error",
    "A call has more or fewer arguments than the declared type of the function.",
    "Hyperon gives `(Error … IncorrectNumberOfArguments)` for it, which ends the script. In PeTTa a call with fewer "
    "arguments is a partial application, and one with more is an error.",
    {
        "main.metta": "!(import! &self lib)\n!(add 1)\n",
        "lib.metta": "(: add (-> Number Number Number))\n(= (add $x $y) (+ $x $y))\n",
    },
    {
        "main.metta": "!(import! &self lib)\n!(add 1 2)\n!(other 1)\n",
        "lib.metta": "(: add (-> Number Number Number))\n(= (add $x $y) (+ $x $y))\n",
    },
    HYPERON | PETTA,
    find_linked=_find,
)
