"""MI703: a function without documentation."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Role, name_text


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for place in code.functions:
        if all(offer.role != Role.DOCUMENTATION for offer in linked.visible(place.name)):
            end = place.name_end
            yield Match(place.name_start, end, f"`{name_text(place.name)}` is not documented")


RULE = Rule(
    "MI703",
    "missing-doc",
    "off",
    "A function has no `@doc`.",
    "`help!` and `get-doc` have nothing to say of it. Off: most programs have no such documentation.",
    "(= (double $x) (* $x 2))\n",
    '(@doc double (@desc "Doubles a number.") (@params ((@param "Number"))) (@return "Double"))\n'
    "(= (double $x) (* $x 2))\n",
    HYPERON | PETTA,
    find_linked=_find,
)
