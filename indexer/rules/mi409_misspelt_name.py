"""MI409: a call of what nothing defines, and of what is nearly the name of something defined."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.calls import is_plain_call
from metta_index.indexer.rules.code import Call, Code
from metta_index.indexer.rules.linked import Linked, builtins_of
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Role, name_text


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for call in code.calls_of(*(name for name in code.called if _is_unknown(name, code, linked))):
        name = call.name
        near = [other for other in linked.near(name) if _is_meant(other, call, linked)]
        if near and is_plain_call(call, linked):
            start, end = call.head.start, call.head.end
            message = f"nothing defines `{name_text(name)}`; did you mean `{name_text(near[0])}`?"
            fix = None
            if len(near) == 1:
                fix = code.fix(f"write `{name_text(near[0])}`", code.edit(start, end, name_text(near[0])))
            yield Match(start, end, message, fix)


def _is_unknown(name: bytes, code: Code, linked: Linked) -> bool:
    if len(name) < 4 or not name[:1].islower() or name in linked.known or linked.anywhere(name):
        return False
    if any(builtins_of(dialect, name) for dialect in ("hyperon", "petta", "mettatron")):
        return False
    # What is written as data, too, is a constructor, whatever it is like.
    return code.mentions(name) <= len(code.calls_of(name))


def _is_meant(name: bytes, call: Call, linked: Linked) -> bool:
    """Whether a name has rules for a call. A type `Evidence` and a function `evidence` are two things."""
    count = call.given
    return name[:1] == call.name[:1] and any(
        offer.role == Role.DEFINITION and offer.arity == count for offer in linked.anywhere(name)
    )


RULE = Rule(
    "MI409",
    "misspelt-name",
    "info",
    "A call of what nothing defines is nearly one of a function.",
    "What nothing defines stays as it is written, without an error. Information only: in MeTTa a name need not be "
    "defined, and what is like a function may be data.",
    "(= (distance $x $y) (- $x $y))\n!(distnace 1 2)\n",
    "(= (distance $x $y) (- $x $y))\n!(distance 1 2)\n(= (f) (pair (distances 1 2) (instance 1 2)))\n(distances 0)\n",
    HYPERON | PETTA,
    find_linked=_find,
)
