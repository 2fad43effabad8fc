"""MI306: a rule for a name that the language has a meaning for already."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule
from metta_index.indexer.text.symbols import name_text

#: A file with rules for more of them is an implementation of the language, or a part of one.
_MANY = 3


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    found = list(_rules(code, linked))
    if len(found) <= _MANY:
        yield from found


def _rules(code: Code, linked: Linked) -> Iterator[Match]:
    for place in code.functions:
        rows = [row for row in linked.builtins(place.name) if row.always and row.kind != "constructor"]
        if rows and any(row.accepts(place.definition.arity) for row in rows):
            end = place.name_end
            message = f"`{name_text(place.name)}` is there already ({rows[0].module}); this adds to it, or does nothing"
            yield Match(place.name_start, end, message)


RULE = Rule(
    "MI306",
    "redefined-builtin",
    "info",
    "A file has rules for a function that the language itself has.",
    "Rules do not replace what is there: where the language's own function is written in MeTTa both give results, and "
    "where it is built in, the rule is never used.",
    "(= (if $c $a $b) $a)\n",
    "(= (my-if $c $a $b) $a)\n",
    HYPERON,
    find_linked=_find,
)
