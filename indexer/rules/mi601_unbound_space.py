"""MI601: a space that nothing binds."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import is_plain_call, speaks_hyperon
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule

_TAKING_SPACES = (b"match", b"add-atom", b"remove-atom", b"get-atoms", b"add-reduct", b"add-reducts", b"add-atoms")


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    seen: set[bytes] = set()
    for call in code.calls_of(*_TAKING_SPACES):
        arguments = call.arguments
        if not arguments or not arguments[0].is_symbol:
            continue
        node = arguments[0]
        name = node.text
        if not name.startswith(b"&") or name in seen or name in linked.known or linked.builtins(name):
            continue
        seen.add(name)
        if linked.anywhere(name) or not linked.is_closed or not speaks_hyperon(code, linked):
            continue
        if is_plain_call(call, linked):
            message = f"nothing binds `{node.shown}`; `!(bind! {node.shown} (new-space))` would, before it is used"
            yield Match(node.start, node.end, message)


RULE = Rule(
    "MI601",
    "unbound-space",
    "info",
    "A space is used that nothing in the workspace binds.",
    "Without a `bind!`, or an `import!` into it, the name of a space is a word like any other, and `match` or "
    "`add-atom` of Hyperon gives an error for it. PeTTa makes a space when it is used first, so nothing is said there. "
    "Names that a host program binds go into `known-names` in the configuration.",
    "!(add-atom &kb (fact 1))\n!(pragma! interpreter bare-minimal)\n!(assertEqual 1 1)\n",
    "!(bind! &kb (new-space))\n!(add-atom &kb (fact 1))\n!(add-atom &self (fact 1))\n!(assertEqual 1 1)\n",
    HYPERON,
    find_linked=_find,
)
