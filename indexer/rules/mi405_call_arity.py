"""MI405: a call of a declared function with a number of arguments that neither its types nor its rules have."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import declared_arities, is_plain_call
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Role, name_text


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for call in code.calls:
        declared = declared_arities(call.name, linked)
        count = len(call.arguments)
        if declared is None or count in declared.arities or not declared.rules or count in declared.rules:
            continue
        if linked.dialect == "petta" and count < max(declared.arities | declared.rules):
            continue  # a partial application
        if is_plain_call(call, linked):
            takes = " or ".join(map(str, sorted(declared.arities)))
            message = f"`{name_text(call.name)}` is declared with {takes} arguments, and is given {count}"
            said = next(one for one in linked.visible(call.name) if one.role == Role.DECLARATION)
            yield Match(call.node.start, call.node.end, message, None, (linked.place(said, "declared here"),))


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
