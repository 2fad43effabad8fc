"""MI407: a call with a number of arguments that no rule of an undeclared function has."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import arities, is_plain_call
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule
from metta_index.indexer.text.symbols import Flag, Role, name_text


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for call in code.calls:
        if not call.name[:1].islower() or linked.builtins(call.name) or call.name in linked.known:
            continue
        offers = linked.anywhere(call.name)
        rules = [offer for offer in offers if offer.role == Role.DEFINITION]
        if (
            len(rules) != len(offers)
            or not rules
            or any(one.flags & Flag.CURRIED or one.arity is None for one in rules)
        ):
            continue
        known = arities(rules, Role.DEFINITION)
        count = len(call.arguments)
        if count not in known and is_plain_call(call, linked):
            takes = " or ".join(map(str, sorted(known)))
            message = f"the rules of `{name_text(call.name)}` have {takes} arguments, and it is given {count}"
            yield Match(call.node.start, call.node.end, message)


RULE = Rule(
    "MI407",
    "untyped-arity",
    "off",
    "A call has a number of arguments that no rule of the function has.",
    "No rule applies, so the call stays as it is written, without an error. Off, as what looks like a call is often "
    "data that shares its name with a function.",
    "(= (double $x) (* $x 2))\n(= (quadruple $x) (double $x $x))\n",
    "(= (double $x) (* $x 2))\n(= (quadruple $x) (double (double $x)))\n",
    HYPERON,
    find_linked=_find,
)
