"""MI206: files that import each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages import language_of
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import ALL, Match, Rule


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    if linked.is_region or all(found.path != code.path for found in linked.closure):
        return
    for record in linked.imports:
        edge = record.edge()
        if edge is None or edge.target == code.path or linked.is_guess(edge):
            continue
        way = _way_back(linked, edge.target, code.path)
        if way:
            shown = " imports ".join(f"`{path}`" for path in way)
            yield Match(record.start_byte, record.end_byte, f"this imports in a circle: {shown}")


def _way_back(linked: Linked, start: str, goal: str) -> list[str]:
    """A shortest way of imports from one document to another; none where there is no way that is no guess."""
    before = {start: ""}
    waiting = [start]
    for path in waiting:
        if path == goal:
            way = [path]
            while before[way[-1]]:
                way.append(before[way[-1]])
            return way[::-1]
        for edge in linked.graph.edges_from(path):
            is_loading = language_of(path) == "metta"  # a host may import in a function that nobody calls now
            if is_loading and edge.target not in before and not linked.is_guess(edge):
                before[edge.target] = path
                waiting.append(edge.target)
    return []


RULE = Rule(
    "MI206",
    "circular-import",
    "error",
    "Files import each other in a circle.",
    "Hyperon waits for a module that is being loaded already, and hangs. Move what both need into a third module.",
    {"a.metta": "!(import! &self b)\n", "b.metta": "!(import! &self a)\n"},
    {"a.metta": "!(import! &self b)\n", "b.metta": "!(import! &self c)\n", "c.metta": "(c)\n"},
    ALL - {"mettatron"},
    find_linked=_find,
)
