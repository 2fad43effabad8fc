"""MI205: a file that imports itself."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import ALL, Match, Rule


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for record in linked.imports:
        edge = record.edge()
        if edge is None or edge.target != code.path:
            continue
        if not linked.may_be_python(record) and not linked.is_guess(edge):
            yield Match(record.start_byte, record.end_byte, f"`{record.module}` is this file itself")


RULE = Rule(
    "MI205",
    "self-import",
    "error",
    "A file imports itself.",
    "Hyperon waits for the module that it is loading, and hangs.",
    {"lib.metta": "!(import! &self lib.metta)\n"},
    {"lib.metta": "!(import! &self other)\n", "other.metta": "(a)\n"},
    ALL - {"mettatron"},
    find_linked=_find,
)
