"""MI403: a form of the language with a number of arguments that it does not take."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import is_plain_call, wrong_number
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule

#: Words that programs hardly use for anything else.
CORE_FORMS = (b"let", b"let*", b"match", b"case", b"unify", b"chain", b"import!", b"bind!", b"superpose", b"collapse")


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for call in code.calls_of(*CORE_FORMS):
        message = wrong_number(call, linked, linked.visible)
        apart = any(one.text == b"&" for one in call.arguments)  # `& self`, as MeTTaTron reads `&self`
        if message and not apart and is_plain_call(call, linked):
            yield Match(call.node.start, call.node.end, message)


RULE = Rule(
    "MI403",
    "core-form-arity",
    "error",
    "A form of the language has more or fewer arguments than it takes.",
    "Hyperon gives `(Error … IncorrectNumberOfArguments)` for it, which ends the script. Often a parenthesis closes "
    "too early or too late.",
    "(= (double $x) (let $y (* $x 2)))\n",
    "(= (double $x) (let $y (* $x 2) $y))\n(syntax (let PATTERN VALUE))\n",
    HYPERON,
    find_linked=_find,
)
