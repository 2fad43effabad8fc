"""MI309: a function with rules in several files."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Kind, Role, name_text


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for place in code.functions:
        others = [
            offer
            for offer in linked.anywhere(place.name)
            if offer.role == Role.DEFINITION and offer.kind == Kind.FUNCTION and offer.path != code.path
        ]
        if others:
            end = place.name_end
            files = len({offer.path for offer in others})
            message = f"`{name_text(place.name)}` has rules in {files} other file{'' if files == 1 else 's'}, too"
            yield Match(place.name_start, end, message, None, (linked.place(others[0], "here, for one"),))


RULE = Rule(
    "MI309",
    "defined-in-several-files",
    "off",
    "A function has rules in several files of the workspace.",
    "Where several of them are loaded, all their rules apply. Off, as workspaces have copies and tests that are never "
    "loaded together.",
    {"a.metta": "(= (f) 1)\n", "b.metta": "(= (f) 2)\n"},
    {"a.metta": "(= (f) 1)\n(= (f) 2)\n", "b.metta": "(= (g) 2)\n"},
    HYPERON | PETTA,
    find_linked=_find,
)
