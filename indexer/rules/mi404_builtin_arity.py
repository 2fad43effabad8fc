"""MI404: a function of the language with a number of arguments that it does not take."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import in_petta, is_plain_call, speaks_hyperon, wrong_number
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.mi403_core_form_arity import CORE_FORMS
from metta_index.indexer.rules.rule import HYPERON, Match, Rule

#: What programs also write as data with other numbers of arguments.
_ALSO_DATA = frozenset({b"Error", b"=", b":", b"->", b"@doc", b"quote", b"!", b",", b":<"})

_OTHERS = _ALSO_DATA | set(CORE_FORMS)


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    names = [name for name in code.called - _OTHERS if linked.builtins(name)]
    for call in code.calls_of(*names):
        message = wrong_number(call, linked, linked.anywhere)
        if message and in_petta(call) and not speaks_hyperon(code, linked):
            continue
        if message and is_plain_call(call, linked):
            yield Match(call.node.start, call.node.end, message)


RULE = Rule(
    "MI404",
    "builtin-arity",
    "warning",
    "A function of the language is called with more or fewer arguments than it takes.",
    "Functions of the language have types: Hyperon gives `(Error … IncorrectNumberOfArguments)` for such a call, which "
    "ends the script. There is no partial application, and `if` always has an `else`.",
    "!(assertEqual (sign 1) 1)\n(= (sign $x) (if (< $x 0) -1))\n",
    "(= (sign $x) (if (< $x 0) -1 1))\n",
    HYPERON,
    find_linked=_find,
)
