"""MI207: one file that is imported twice into one space."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import ALL, Match, Rule


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    first: dict[tuple[str, str], ImportRecord] = {}
    for record in linked.imports:
        edge = record.edge()
        if edge is None or not edge.space or not edge.target.endswith(".metta"):
            continue
        known = first.setdefault((edge.target, edge.space), record)
        if known is record:
            continue
        before = code.source.related(known.start_byte, known.end_byte, "imported here before")
        message = f"`{edge.target}` is imported a second time"
        yield Match(record.form_start, record.form_end, message, related=(before,))


RULE = Rule(
    "MI207",
    "duplicate-import",
    "warning",
    "A file imports another one twice into the same space.",
    "PeTTa, and Hyperon where the two names differ, add all rules of the module again: every rule gives its result "
    "twice, and calls of calls four times. With the same name, Hyperon loads it once, and the second one is no use.",
    {"main.metta": "!(import! &self lib)\n!(import! &self lib)\n", "lib.metta": "(= (f) 1)\n"},
    {"main.metta": "!(import! &self lib)\n!(import! &other lib)\n", "lib.metta": "(= (f) 1)\n"},
    ALL - {"mettatron"},
    find_linked=_find,
)
