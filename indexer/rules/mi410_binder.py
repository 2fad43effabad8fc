"""MI410: something else than a variable where a form binds one."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import is_plain_call, speaks_hyperon
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule

#: By form: how many arguments it has, and which of them are variables.
_BINDERS = {
    b"map-atom": (3, (1,)),
    b"filter-atom": (3, (1,)),
    b"foldl-atom": (5, (2, 3)),
    b"chain": (3, (1,)),
}


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for call in code.calls_of(*_BINDERS):
        arguments = call.arguments
        count, binders = _BINDERS[call.name]
        if len(arguments) != count:
            continue
        for at in binders:
            node = arguments[at]
            if not node.is_variable and speaks_hyperon(code, linked) and is_plain_call(call, linked):
                message = f"`{call.name.decode()}` binds a variable here, and `{node.shown}` is none"
                yield Match(node.start, node.end, message)


RULE = Rule(
    "MI410",
    "binder",
    "error",
    "A form that binds a variable is given something else in its place.",
    "`map-atom`, `filter-atom`, `foldl-atom` and `chain` of Hyperon take one variable there, no pattern: anything else "
    "is `(Error … (BadArgType …))`, which ends the script. PeTTa takes patterns, so nothing is said of files that may "
    "be PeTTa's.",
    "!(assertEqual (map-atom (1 2) ($x) (+ $x 1)) (2 3))\n",
    "!(assertEqual (map-atom (1 2) $x (+ $x 1)) (2 3))\n",
    HYPERON,
    find_linked=_find,
)
