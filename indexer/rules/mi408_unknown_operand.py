"""MI408: an operand of arithmetic or logic that calls what nothing defines."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import is_plain_call
from metta_index.indexer.rules.code import Call, Code
from metta_index.indexer.rules.linked import Linked, builtins_of
from metta_index.indexer.rules.rule import HYPERON, Match, Rule
from metta_index.indexer.text.symbols import name_text

#: Functions that make something only of numbers, or of truth values.
_OPERATORS = (b"+", b"-", b"*", b"/", b"%", b"<", b">", b"<=", b">=", b"and", b"or", b"not", b"xor")


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    heads = {call.node: call for call in code.calls} if any(code.calls_of(*_OPERATORS)) else {}
    for call in code.calls_of(*_OPERATORS):
        if not linked.builtins(call.name) or len(call.arguments) != 2 - (call.name == b"not"):
            continue
        for operand in call.arguments:
            inner = heads.get(operand)
            if inner is not None and _is_unknown(inner, linked) and is_plain_call(inner, linked):
                message = f"nothing defines `{name_text(inner.name)}`: `{call.name.decode()}` gets it as it is written"
                yield Match(inner.head.start, inner.head.end, message)


def _is_unknown(call: Call, linked: Linked) -> bool:
    return (
        call.name not in linked.known
        and not builtins_of("hyperon", call.name)
        and (linked.is_dialect_set or not builtins_of("petta", call.name))
        and not linked.anywhere(call.name)
        and linked.is_closed
    )


RULE = Rule(
    "MI408",
    "unknown-operand",
    "warning",
    "An operand of arithmetic or logic calls something that nothing defines.",
    "What nothing defines stays as it is written, which is data like any other; but `+` or `and` can make nothing of "
    "it: the whole expression stays unreduced, or is an error of types. Names that a program in another language "
    "registers go into `known-names` in the configuration.",
    "(= (area $r) (* 3.14 (sqare $r)))\n",
    "(= (area $r) (* 3.14 (square $r)))\n(= (square $x) (* $x $x))\n(pair (sqare $r))\n",
    HYPERON,
    find_linked=_find,
)
