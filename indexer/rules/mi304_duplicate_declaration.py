"""MI304: the same type of a function declared twice in one file."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code, Place
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Flag, Role


def _find(code: Code) -> Iterator[Match]:
    first: dict[tuple[bytes, str, bool], Place] = {}
    for place in code.definitions:
        one = place.definition
        if one.role != Role.DECLARATION or one.flags & Flag.DYNAMIC or not one.type.startswith("(->"):
            continue
        # Of other types it is data: what is a Tool, or an Output, may be said as often as anyone likes.
        known = first.setdefault((place.name, one.type, bool(one.flags & Flag.SUBTYPE)), place)
        if known is not place and code.node_at(place.start).is_sound:
            before = code.source.related(known.start, known.end, "the same declaration")
            message = f"`{place.name.decode('utf-8', 'backslashreplace')}` is declared so already"
            yield Match(place.start, place.end, message, None, (before,))


RULE = Rule(
    "MI304",
    "duplicate-declaration",
    "info",
    "A file declares the same type of a function twice.",
    "`get-type` gives the type twice; calls are not changed. But when one of the two is edited the other stays, and "
    "the function has both types.",
    "(: double (-> Number Number))\n(= (double $x) (* $x 2))\n(: double (-> Number Number))\n",
    "(: add (-> Number Number Number))\n(: add (-> String String String))\n",
    HYPERON | PETTA,
    find=_find,
)
