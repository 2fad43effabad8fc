"""MI801: a `!` with space between it and the list that it evaluates."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import TopKind


def _find(code: Code) -> Iterator[Match]:
    text = code.source.source
    for top in code.tops:
        # Joined to a word, a `!` would be a part of that.
        if top.kind != TopKind.EVALUATION or not (inside := top.node.children) or not inside[0].is_list:
            continue
        bang, start = top.node.start, inside[0].start
        # A comment between them says something, and stays.
        if text[bang + 1 : start].isspace():
            fix = code.fix("put the `!` where what it evaluates begins", code.edit(bang + 1, start, ""))
            yield Match(bang, start, "this `!` is apart from what it evaluates, which PeTTa does not read", fix)


RULE = Rule(
    "MI801",
    "spaced-bang",
    "off",
    "A `!` stands apart from the list that it evaluates.",
    "Hyperon evaluates the next atom, wherever that is. PeTTa reads no program in which anything but `(` follows a "
    "`!`: it stops with a syntax error before it runs a line. Written together, both read it.",
    "(= (f) 1)\n! (f)\n!\n(f)\n",
    "(= (f) 1)\n!(f)\n! ; why\n(f)\n! f\n",
    HYPERON | PETTA,
    find=_find,
)
