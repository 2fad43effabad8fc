"""Diamonds of imports: what gets into one space by several ways."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import NamedTuple

from metta_index.indexer.linking.import_graph import SELF, Edge, ImportGraph


class Diamond(NamedTuple):
    """A document that gets into a space of `top` several times, with no document between that all ways pass.

    `imports`: the edges that end these ways, one for each document that imports it.
    """

    top: str
    target: str
    space: str
    imports: tuple[Edge, ...]


def diamonds(graph: ImportGraph, path: str, most: int | None = None) -> tuple[Diamond, ...]:
    """What gets into a document's spaces by several ways that part in this document; costs what it reaches.

    `most`: looks only at so many documents, the nearest. What is found is a diamond
    all the same, but of what lies farther some may be missing.
    """
    spaces = Counter(edge.space for edge in graph.edges_from(path) if edge.space)
    return tuple(
        diamond for space, ways in spaces.items() if ways > 1 for diamond in _diamonds_into(graph, path, space, most)
    )


def ways_of(graph: ImportGraph, diamond: Diamond) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
    """Two ways from the top of a diamond to its target, the shortest first.

    They end in imports of different documents, and begin differently if there is such a way among shortest ones.
    """
    top, target = diamond.top, diamond.target
    reached = _reach(graph, top, diamond.space, target)
    ways = []
    for last in diamond.imports:
        way = [last]
        while way[-1].source != top:
            way.append(reached[way[-1].source][0])
        ways.append(tuple(reversed(way)))
    first = min(ways, key=len)
    others = [way for way in ways if way is not first]
    return first, min(others, key=lambda way: (way[0] == first[0], len(way)))


def _reach(
    graph: ImportGraph, top: str, space: str, without: str = "", most: int | None = None
) -> dict[str, list[Edge]]:
    """The edges by which each document gets into a space of `top`, one for each source; a shortest way first."""
    reached: dict[str, list[Edge]] = {}
    queue = deque([top])
    while queue:
        path = queue.popleft()
        wanted = space if path == top else SELF
        seen = {top, path, without}
        for edge in graph.edges_from(path):
            target = edge.target
            if edge.space != wanted or target in seen:
                continue
            seen.add(target)
            if target in reached:
                reached[target].append(edge)
            elif len(reached) != most:
                reached[target] = [edge]
                queue.append(target)
    return reached


def _diamonds_into(graph: ImportGraph, top: str, space: str, most: int | None) -> Iterator[Diamond]:
    reached = _reach(graph, top, space, most=most)
    if all(len(edges) == 1 for edges in reached.values()):
        return
    gates, finished = _gates(top, reached)
    for target, edges in reached.items():
        if len(edges) > 1 and gates[target] == top:
            # What is loaded only by way of the target is no other way to it: that is a circle.
            imports = tuple(edge for edge in edges if not _passes(edge.source, target, gates, finished))
            if len(imports) > 1:
                yield Diamond(top, target, space, imports)


def _passes(path: str, gate: str, gates: dict[str, str], finished: dict[str, int]) -> bool:
    """Whether all ways to a document pass another one."""
    while finished[path] < finished[gate]:
        path = gates[path]
    return path == gate


def _gates(top: str, reached: dict[str, list[Edge]]) -> tuple[dict[str, str], dict[str, int]]:
    """The last document that all ways from `top` to each other one pass, its immediate dominator, and a post-order.

    Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", 2001.
    """
    targets: dict[str, list[str]] = {}
    for target, edges in reached.items():
        for edge in edges:
            targets.setdefault(edge.source, []).append(target)
    finished: dict[str, int] = {}
    seen = {top}
    walk = [(top, iter(targets.get(top, ())))]
    while walk:
        path, rest = walk[-1]
        for target in rest:
            if target not in seen:
                seen.add(target)
                walk.append((target, iter(targets.get(target, ()))))
                break
        else:
            walk.pop()
            finished[path] = len(finished)
    order = [path for path in reversed(finished) if path != top]
    gates = {top: top}
    has_changed = True
    while has_changed:
        has_changed = False
        for path in order:
            gate = ""
            for edge in reached[path]:
                if edge.source in gates:
                    gate = _meeting(gate, edge.source, gates, finished) if gate else edge.source
            if gates.get(path) != gate:
                gates[path] = gate
                has_changed = True
    return gates, finished


def _meeting(one: str, other: str, gates: dict[str, str], finished: dict[str, int]) -> str:
    while one != other:
        if finished[one] < finished[other]:
            one = gates[one]
        else:
            other = gates[other]
    return one
