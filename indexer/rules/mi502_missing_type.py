"""MI502: a function without a declared type."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Role, name_text


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for place in code.functions:
        offers = linked.visible(place.name)
        if all(offer.role != Role.DECLARATION for offer in offers) and not linked.builtins(place.name):
            end = place.name_end
            yield Match(place.name_start, end, f"no type is declared for `{name_text(place.name)}`")


RULE = Rule(
    "MI502",
    "missing-type",
    "off",
    "A function has no declared type.",
    "Calls of it are not checked, here or when they run. Off: types are optional in MeTTa.",
    "(= (double $x) (* $x 2))\n",
    "(: double (-> Number Number))\n(= (double $x) (* $x 2))\n",
    HYPERON | PETTA,
    find_linked=_find,
)
