"""MI406: a declared constructor with another number of arguments than its types have."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import declared_arities, is_plain_call
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule
from metta_index.indexer.text.symbols import Role, name_text


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for call in code.calls:
        declared = declared_arities(call.name, linked)
        count = len(call.arguments)
        if declared is None or count in declared.arities or declared.rules or count in declared.facts:
            continue
        if is_plain_call(call, linked):
            takes = " or ".join(map(str, sorted(declared.arities)))
            message = f"`{name_text(call.name)}` is declared with {takes} arguments, and is given {count}"
            said = next(one for one in linked.visible(call.name) if one.role == Role.DECLARATION)
            yield Match(call.node.start, call.node.end, message, None, (linked.place(said, "declared here"),))


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
