"""MI501: a literal as the argument of a function that is declared to take something else."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.languages.metta.builtins import arrow
from metta_index.indexer.rules.calls import declared_calls, is_plain_call, speaks_petta
from metta_index.indexer.rules.code import Code, Node
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule
from metta_index.indexer.text.symbols import Flag, Role, name_text

#: Types that any literal has, and what JeTTa calls its numbers.
_ANY = frozenset({"%Undefined%", "Atom", "Grounded", "Int"})


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    if speaks_petta(code, linked):
        return
    for call, _declared in declared_calls(code, linked):
        arguments = call.arguments
        literals = [(at, kind) for at, node in enumerate(arguments) if (kind := _type_of(node))]
        if not literals:
            continue
        offers = [one for one in linked.visible(call.name) if one.role == Role.DECLARATION]
        types = [parts for one in offers if (parts := arrow(one.type)) and len(parts) == len(arguments) + 1]
        for at, kind in literals:
            wanted = sorted({parts[at] for parts in types})
            if not wanted or any(one in _ANY or one == kind or one.startswith("$") for one in wanted):
                continue
            if any(offer.flags & Flag.SUBTYPE for offer in linked.anywhere(kind.encode())):
                continue
            if is_plain_call(call, linked):
                node = arguments[at]
                name = name_text(call.name)
                takes = " or ".join(wanted)
                message = f"argument {at + 1} of `{name}` is declared `{takes}`, and `{node.shown}` is a {kind}"
                yield Match(node.start, node.end, message, None, (linked.place(offers[0], "declared here"),))
                break


def _type_of(node: Node) -> str:
    """The type of a literal; "" of anything else."""
    if node.kind == grammar.NUMBER:
        return "Number"
    if node.kind == grammar.STRING:
        return "String"
    return "Bool" if node.kind == grammar.SYMBOL and node.text in (b"True", b"False") else ""


RULE = Rule(
    "MI501",
    "literal-type",
    "error",
    "A literal is the argument of a function that is declared to take something else.",
    "Hyperon checks the types of arguments before it tries rules: the call gives `(Error … (BadArgType …))`, which "
    "ends the script.",
    "(: shout (-> String String))\n(= (shout $x) $x)\n!(shout 5)\n",
    '(: shout (-> String String))\n(= (shout $x) $x)\n!(shout "5")\n(: any (-> $t $t))\n!(any 5)\n',
    HYPERON,
    find_linked=_find,
)
